"""The system as a whole: what it runs, whether it is supported, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.alerts import Verdict
from pitstop.model.runs import OCCUPYING
from pitstop.model.system import Installed, SystemDescription
from pitstop.policy.applicability import applicabilities, situation_of
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.installed import installation
from pitstop.policy.rules.adopted import NOT_ADOPTED
from pitstop.policy.rules.nodes_agree import differing_nodes
from pitstop.policy.support import support
from pitstop.policy.system_state import system_state
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.records import Alerts
from pitstop.service.adoption import Adoption
from pitstop.service.facts import Knowledge
from pitstop.service.findings import finding_view
from pitstop.service.support import support_view
from pitstop.wire.views import FindingView, NodeView, PackageVersionView, SystemView


@dataclass(frozen=True, slots=True)
class SystemService:
    """Implements :class:`pitstop.service.desk.SystemDesk`."""

    knowledge: Knowledge
    alerts: Alerts
    host_keys: HostKeys
    adoption: Adoption

    def show(self, actor: Actor) -> SystemView:
        actor.require(Permission.SEE)
        system = self.knowledge.system
        graph, facts = self.knowledge.graph(), self.knowledge.facts()
        newest = next(iter(self.knowledge.runs.runs(limit=1)), None)
        verdicts = applicabilities(graph, facts).values()
        platform, oem = current_versions(graph, facts)
        state = system_state(
            newest,
            facts.states,
            adopted=bool(facts.installed),
            available=any(verdict.installable for verdict in verdicts),
            verdict=self._verdict(),
        )
        return SystemView(
            name=system.name,
            location=system.location,
            state=state,
            hardware_family=system.hardware_family,
            hardware_model=system.hardware_model,
            current_version=platform,
            current_oem_version=oem,
            last_updated=max((entry.at for entry in facts.installed), default=None),
            last_checked=self.knowledge.last_checked(),
            package_versions=tuple(_package_versions(graph, facts)),
            support=support_view(support(graph, facts)),
            nodes=self._nodes(system),
            active_run=newest.id if newest and newest.state in OCCUPYING else None,
            findings=self._findings(graph, facts),
        )

    def _verdict(self) -> Verdict | None:
        """The worst of what failed runs have left, as their alerts have it."""
        found = {alert.verdict for alert in self.alerts.alerts(active_only=True)}
        return next(
            (verdict for verdict in (Verdict.FAILED, Verdict.NEEDS_ATTENTION) if verdict in found), None
        )

    def adopt(self, actor: Actor, baseline: Mapping[str, str]) -> SystemView:
        self.adoption.adopt(actor, baseline)
        return self.show(actor)

    def _nodes(self, system: SystemDescription) -> tuple[NodeView, ...]:
        pinned = self.host_keys.all_pinned()
        return tuple(
            NodeView(
                name=node.name,
                address=node.address,
                port=node.port,
                roles=node.roles,
                fault_domain=node.fault_domain,
                host_key=node.host_key or pinned.get(node.name, ""),
            )
            for node in system.nodes
        )

    def _findings(self, graph: ReleaseGraph, facts: SystemFacts) -> tuple[FindingView, ...]:
        situation = situation_of(graph, facts)
        findings = [*situation.on.findings, *differing_nodes(situation)]
        if not facts.installed:
            findings.insert(0, NOT_ADOPTED)
        return tuple(finding_view(finding) for finding in findings)


def current_versions(graph: ReleaseGraph, facts: SystemFacts) -> tuple[str, str]:
    """The platform's and the OEM's version that the system shows; "" where nothing is installed."""
    on = installation(graph, facts)
    return str(on.version or ""), str(on.oem or "")


def _package_versions(graph: ReleaseGraph, facts: SystemFacts) -> list[PackageVersionView]:
    """The newest entry of each product."""
    newest: dict[tuple[str, str], Installed] = {}
    for entry in facts.installed:
        newest[entry.release.publisher, entry.release.product] = entry
    return [
        PackageVersionView(
            package_type="Platform" if graph.is_platform(entry.release) else "OEM",
            publisher=entry.release.publisher,
            product=entry.release.product,
            version=str(entry.release.version),
            last_updated=entry.at,
        )
        for entry in newest.values()
    ]
