"""The four nodes of the canned system (n1 to n3 of the nodes file, n4 added since), and machines to come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pitstop.model.system import DeclaredIn, DeclaredNode, JumpHost, Node, SshDefaults, SystemDescription
from pitstop.ports.records import Alerts
from pitstop.service.audited import Audited
from pitstop.service.nodes import NodesService
from simulators.declared_nodes import MemoryHostKeys, MemoryNodes
from simulators.node_tests import SimulatedExaminer

MADE = datetime(2024, 2, 1, 8, 0, tzinfo=UTC)
SPARE = "10.0.0.15"
"""Where a machine stands that is nobody's node yet."""

BROKEN = "10.0.0.16"
"""Where one stands that lacks a program."""

_KEYS = {
    f"10.0.0.{10 + number}": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{chr(64 + number) * 43}"
    for number in range(1, 8)
}
SSH = SshDefaults(user="ops", key="/etc/pitstop/keys/operator")


def key_of(address: str) -> str:
    """The host key of the machine there."""
    return _KEYS[address]


def _node(number: int, **more: object) -> Node:
    return Node(
        f"n{number}",
        f"10.0.0.{10 + number}",
        user="ops",
        key="/etc/pitstop/keys/operator",
        roles=("web", "storage") if number < 3 else ("web",),
        fault_domain="A" if number % 2 else "B",
        **more,  # type: ignore[arg-type]
    )


FILE = (_node(1), _node(2), _node(3))
ADDED = _node(4, jump=(JumpHost("10.0.1.1", user="gate"),), since=MADE + timedelta(days=30))
HEADER = SystemDescription("Aurora", "north", "Lumen", "R4", FILE, {"Lantern": ("lantern-version",)}, ssh=SSH)


def _declared() -> MemoryNodes:
    keys = MemoryHostKeys()
    nodes = MemoryNodes(keys)
    nodes.take_file(FILE, MADE)
    added = DeclaredNode(ADDED, DeclaredIn.SERVICE, "admin", MADE + timedelta(days=30))
    nodes.declared["n4"] = added
    for node in (*FILE, ADDED):
        keys.pin(node.name, _KEYS[node.address])
        nodes.saw(node.name, {"Lantern": "1.2305.0.10"}, MADE + timedelta(days=31))
    return nodes


@dataclass
class SimulatedRack:
    """What the service knows of the nodes, and the machines that there are."""

    declared: MemoryNodes = field(default_factory=_declared)
    machines: dict[str, str] = field(default_factory=lambda: dict(_KEYS))
    broken: set[str] = field(default_factory=lambda: {BROKEN})

    @property
    def examiner(self) -> SimulatedExaminer:
        versions = {address: {"Lantern": "1.2305.0.10"} for address in self.machines}
        return SimulatedExaminer(self.declared.host_keys, self.machines, versions, self.broken)

    def service(self, audited: Audited, alerts: Alerts) -> NodesService:
        """The real one over these."""
        return NodesService(self.declared, self.declared.host_keys, self.examiner, HEADER, alerts, audited)
