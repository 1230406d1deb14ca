"""Machines as a test of a node finds them, without machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pitstop.model.errors import Unreachable
from pitstop.model.system import Node
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.node_tests import NodeCheck, NodeExamined, ShownKey


@dataclass
class SimulatedExaminer:
    """Implements :class:`pitstop.ports.node_tests.NodeExaminer`.

    Attributes:
        machines: the host key that answers at an address; where there is none, nobody does.
        versions: what the machine at an address runs.
        broken: addresses of machines that lack a program.
        meanwhile: called while a machine is looked at.
    """

    host_keys: HostKeys
    machines: dict[str, str] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    meanwhile: Callable[[], None] = lambda: None

    def examine(
        self, node: Node, probes: Mapping[str, tuple[str, ...]], *, fresh: bool = False
    ) -> NodeExamined:
        self.meanwhile()
        key = self.machines.get(node.address)
        if key is None:
            return _failed("connects", f"node {node.name} at {node.address} cannot be reached")
        known = node.host_key or (None if fresh else self.host_keys.pinned(node.name))
        if known is not None and known != key:
            return _failed("connects", f"node {node.name} shows another host key than the pinned one")
        if not fresh:
            self.host_keys.pin(node.name, key)
        checks = (
            NodeCheck("connects", True, f"signed in as {node.user}"),
            NodeCheck("programs", node.address not in self.broken, "flock", "Install it: util-linux."),
            NodeCheck("locale", None, "the node has no program `locale` that would say it"),
        )
        return NodeExamined(checks, key, self.versions.get(node.address, {}))

    def other_key(self, node: Node) -> ShownKey | None:
        key = self.machines.get(node.address)
        if key is None:
            raise Unreachable(f"node {node.name} at {node.address} cannot be reached")
        known = node.host_key or self.host_keys.pinned(node.name)
        return ShownKey(node.name, key) if known not in (None, key) else None


def _failed(name: str, what: str) -> NodeExamined:
    return NodeExamined((NodeCheck(name, False, what, "Look at the machine, then try again."),))
