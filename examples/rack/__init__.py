"""A rack of nodes on the loopback, without root: the integrated system that the demo updates.

Each node is a process with an SSH server and a folder for its file system, and runs Lantern. A rack lives in
a folder of its own, which holds everything: ``system.toml`` (the nodes file), ``keys/operator``,
``nodes/<name>``.

    rack.make(folder)
    with rack.running(folder) as made:
        ...
"""

from rack.layout import PRODUCT, lay_lantern, lay_oem
from rack.nodes_file import Node, NodeSpec, Rack, RackError, default_nodes, read
from rack.rack import break_node, make, mend_node, plug, remove, running, start, stop, unplug

__all__ = [
    "PRODUCT",
    "Node",
    "NodeSpec",
    "Rack",
    "RackError",
    "break_node",
    "default_nodes",
    "lay_lantern",
    "lay_oem",
    "make",
    "mend_node",
    "plug",
    "read",
    "remove",
    "running",
    "start",
    "stop",
    "unplug",
]
