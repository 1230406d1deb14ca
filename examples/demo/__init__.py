"""The whole of Pitstop on one machine: two publishers' sites, a rack of four nodes, and the update service.

Everything is the real thing, started as separate processes on loopback ports: the sites by ``pitstop publish
serve``, the nodes by :mod:`rack`, the service by ``pitstop service start``. ``make demo`` runs it.
"""
