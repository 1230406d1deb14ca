"""Gathering what the rules may ask: one snapshot of the system, for one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pitstop.model.findings import Finding
from pitstop.model.releases import Catalogue, PublisherKind, Release
from pitstop.model.runs import OCCUPYING, Phase, Run, RunPurpose, RunState
from pitstop.model.system import SystemDescription
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.ports.clock import Clock
from pitstop.ports.records import Catalogues, Declarations, Ledger, Runs
from pitstop.ports.systems import Systems
from pitstop.service.disputes import with_disputes
from pitstop.service.named_facts import content_of, named_facts, values_of
from pitstop.service.timed_runs import failed_to_get, health_checked, measured


def _nothing(_now: datetime) -> Sequence[Finding]:
    return ()


@dataclass(slots=True)
class Knowledge:
    """The release graph and the facts, as they stand when asked.

    Attributes:
        standing: what the system's checks have found that counts at that moment.
    """

    catalogues: Catalogues
    ledger: Ledger
    runs: Runs
    declarations: Declarations
    systems: Systems
    clock: Clock
    standing: Callable[[datetime], Sequence[Finding]] = _nothing
    _graph: tuple[tuple[Catalogue, ...], ReleaseGraph] | None = None

    @property
    def system(self) -> SystemDescription:
        """As it is declared now."""
        return self.systems.now()

    def graph(self) -> ReleaseGraph:
        """The releases of all sources together; built anew only when a catalogue has changed."""
        catalogues = (catalogue for _, catalogue in self.catalogues.catalogues())
        known = with_disputes(catalogues, self.catalogues.package_digests())
        if self._graph is None or self._graph[0] != known:
            self._graph = (known, ReleaseGraph.of(known))
        return self._graph[1]

    def release(self, name: str) -> Release | None:
        return next((release for release in self.releases() if release.name == name), None)

    def releases(self) -> tuple[Release, ...]:
        """All releases of all catalogues, in the order of the catalogues."""
        return tuple(
            release for _, catalogue in self.catalogues.catalogues() for release in catalogue.releases
        )

    def last_checked(self) -> datetime | None:
        """The earliest of the sources' last successful checks: so far back everything is known."""
        checks = [status.last_checked for status in self.catalogues.sources() if status.declared]
        return min((check for check in checks if check), default=None) if all(checks) else None

    def facts(self) -> SystemFacts:
        runs, now = self.runs.runs(), self.clock.now()
        active = next((run for run in runs if run.state in OCCUPYING), None)
        declared = self.declarations.declared()
        system = self.system
        values = values_of(named_facts(system, declared.facts))
        return SystemFacts(
            installed=tuple(self.ledger.installed()),
            at=now,
            hardware_family=system.hardware_family,
            hardware_model=system.hardware_model,
            nodes=len(system.nodes),
            facts=values,
            states=self.catalogues.update_states(),
            in_progress=active.update if active else None,
            partly_on=_partly_on(runs),
            accepted_risks=frozenset(risk.name for risk in declared.accepted_risks),
            content=content_of(values),
            contract=declared.contract.contract if declared.contract else None,
            health_checked=health_checked(runs),
            last_checked=self._platform_checked(),
            measured=measured(runs),
            node_versions=tuple(self.systems.said()),
            checks=tuple(self.standing(now)),
            failed_to_get=failed_to_get(runs),
        )

    def _platform_checked(self) -> date | None:
        """The day up to which every source of the platform was asked; None where that says nothing: one was
        never reached, or is a folder, which knows only what it was filled with."""
        platform = [
            status
            for status in self.catalogues.sources()
            if status.declared and status.source.kind is PublisherKind.PLATFORM
        ]
        checks = [None if s.source.url.startswith("file:") else s.last_checked for s in platform]
        days = [check.astimezone(UTC).date() for check in checks if check is not None]
        return min(days, default=None) if len(days) == len(checks) else None


def _partly_on(runs: Sequence[Run]) -> str | None:
    """The update whose run was the last to change nodes, and was cancelled before it was done."""
    installs = (run for run in runs if run.purpose is RunPurpose.APPLY and run.phase is Phase.INSTALL)
    last = next((run for run in installs if run.state is not RunState.ABORTED), None)
    cancelled = last is not None and last.state is RunState.CANCELLED and last.finding is not None
    return last.update if last is not None and cancelled else None
