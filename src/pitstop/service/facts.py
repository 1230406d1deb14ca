"""Gathering what the rules may ask: one snapshot of the system, for one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pitstop.model.releases import Catalogue, Release
from pitstop.model.runs import RunState
from pitstop.model.system import SystemDescription
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.ports.clock import Clock
from pitstop.ports.records import Catalogues, Ledger, Runs


@dataclass(slots=True)
class Knowledge:
    """The release graph and the facts, as they stand when asked."""

    catalogues: Catalogues
    ledger: Ledger
    runs: Runs
    system: SystemDescription
    clock: Clock
    _graph: tuple[tuple[Catalogue, ...], ReleaseGraph] | None = None

    def graph(self) -> ReleaseGraph:
        """The releases of all sources together; built anew only when a catalogue has changed."""
        known = tuple(catalogue for _, catalogue in self.catalogues.catalogues())
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
        checks = [status.last_checked for status in self.catalogues.sources()]
        return min((check for check in checks if check), default=None) if all(checks) else None

    def facts(self) -> SystemFacts:
        active = next((run for run in self.runs.runs() if run.state is RunState.IN_PROGRESS), None)
        checked = self.last_checked()
        return SystemFacts(
            installed=tuple(self.ledger.installed()),
            at=self.clock.now(),
            hardware_family=self.system.hardware_family,
            hardware_model=self.system.hardware_model,
            nodes=len(self.system.nodes),
            states=self.catalogues.update_states(),
            in_progress=active.update if active else None,
            last_checked=checked.date() if checked else None,
        )
