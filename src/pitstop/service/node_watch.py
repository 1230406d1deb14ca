"""Asking the nodes now and then what they run: what is installed is read from them, not remembered."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.policy.alert_kinds import NODES
from pitstop.policy.applicability import situation_of
from pitstop.policy.rules.nodes_agree import differing_nodes
from pitstop.ports.declared_nodes import DeclaredNodes
from pitstop.ports.installed import InstalledVersions
from pitstop.ports.records import Alerts
from pitstop.service.facts import Knowledge


@dataclass(frozen=True, slots=True)
class NodeWatch:
    """What it finds is in :meth:`Knowledge.facts`, and a node that differs is a finding of every update."""

    knowledge: Knowledge
    versions: InstalledVersions
    declared: DeclaredNodes
    alerts: Alerts

    def look(self) -> None:
        """Ask all nodes for all products; those that do not answer are left out. Blocks. While a run is in
        progress nobody is disturbed."""
        if self.knowledge.facts().in_progress is not None:
            return
        at = self.knowledge.clock.now()
        for node, said in self.versions.said().items():
            self.declared.saw(node, said, at)
        situation = situation_of(self.knowledge.graph(), self.knowledge.facts())
        self.alerts.settle(NODES, tuple(differing_nodes(situation)), self.knowledge.clock.now())
