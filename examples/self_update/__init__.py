"""A package that carries Pitstop itself: its update first replaces the service, then goes over the nodes.

:mod:`self_update.wheels` makes wheels out of this tree and out of what is installed beside it, without a
network; :mod:`self_update.package` lays a package's source around them, for the publisher of the demo.
"""
