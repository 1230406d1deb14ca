"""The portal: pages for an operator, rendered on the server, usable by keyboard and screen reader.

A page is a function in :mod:`pitstop.portal.pages` and a template of like name; what it shows are the read
models of :mod:`pitstop.wire.views`, what it does it asks of the desk. Nothing is loaded from another host,
and everything works without JavaScript; with it, the page of a run fills by itself.
"""
