"""What the service remembers beside runs, in memory: filled by a test, changed by nobody but the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from pitstop.model.alerts import ITSELF, Alert
from pitstop.model.errors import Conflict, NotFound
from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Catalogue
from pitstop.model.runs import Run
from pitstop.model.system import Installed
from pitstop.model.updates import UpdateState
from pitstop.policy.alert_kinds import held_back
from pitstop.policy.alerting import each_once
from pitstop.policy.facts import HardwareContract
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.ports.feeds import Source
from pitstop.ports.records import (
    AcceptedRisk,
    Declared,
    DeclaredContract,
    DeclaredFact,
    DeclaredTimes,
    MendConsent,
    SourceStatus,
)


@dataclass
class MemoryCatalogues:
    """Implements :class:`pitstop.ports.records.Catalogues`."""

    statuses: dict[str, SourceStatus] = field(default_factory=dict)
    known: dict[str, Catalogue] = field(default_factory=dict)
    states: dict[str, UpdateState] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def add_source(self, source: Source) -> None:
        if source.name in self.statuses:
            raise Conflict(f"there is a source {source.name!r} already")
        self.statuses[source.name] = SourceStatus(source)

    def change_source(self, source: Source, *, declared: bool = True) -> None:
        if source.name not in self.statuses:
            raise NotFound(f"there is no source {source.name!r}")
        self.statuses[source.name] = replace(
            self.statuses[source.name], source=replace(source, mirrors=()), declared=declared
        )

    def sources(self) -> Sequence[SourceStatus]:
        return list(self.statuses.values())

    def checked(
        self, source: str, catalogue: Catalogue, at: datetime, finding: Finding | None = None
    ) -> None:
        self.statuses[source] = replace(self.statuses[source], last_checked=at, finding=finding)
        self.known[source] = catalogue
        for release in catalogue.releases:
            self.states.setdefault(release.name, UpdateState.READY)
            if release.package_sha256:
                self.digests.setdefault(release.name, release.package_sha256)

    def check_failed(self, source: str, finding: Finding) -> None:
        self.statuses[source] = replace(self.statuses[source], finding=finding)

    def catalogues(self) -> Sequence[tuple[str, Catalogue]]:
        return list(self.known.items())

    def update_states(self) -> Mapping[str, UpdateState]:
        return dict(self.states)

    def package_digests(self) -> Mapping[str, str]:
        return dict(self.digests)


@dataclass
class MemoryLedger:
    """Implements :class:`pitstop.ports.records.Ledger`."""

    entries: list[Installed] = field(default_factory=list)

    def adopt(self, baseline: Sequence[Installed]) -> None:
        if self.entries:
            raise Conflict("this system has its baseline already")
        self.entries = list(baseline)

    def installed(self) -> Sequence[Installed]:
        return list(self.entries)


@dataclass
class MemoryRuns:
    """Implements :class:`pitstop.ports.records.Runs`. ``heads``: newest first."""

    heads: list[Run] = field(default_factory=list)

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> Sequence[Run]:
        heads = self.heads
        if before is not None:
            ids = [run.id for run in heads]
            heads = heads[ids.index(before) + 1 :] if before in ids else []
        return [run for run in heads if update in (None, run.update)][:limit]

    def run(self, run_id: str) -> Run:
        for run in self.heads:
            if run.id == run_id:
                return run
        raise NotFound(f"there is no run {run_id!r}")


@dataclass
class MemoryDeclarations:
    """Implements :class:`pitstop.ports.records.Declarations`."""

    facts: dict[str, DeclaredFact] = field(default_factory=dict)
    risks: dict[str, AcceptedRisk] = field(default_factory=dict)
    contract: DeclaredContract | None = None
    times: DeclaredTimes = field(default_factory=DeclaredTimes)

    def declared(self) -> Declared:
        facts = tuple(self.facts[name] for name in sorted(self.facts))
        risks = tuple(self.risks[name] for name in sorted(self.risks))
        return Declared(facts, risks, self.contract, self.times)

    def set_facts(self, values: Mapping[str, str | None], by: str, at: datetime) -> None:
        for name, value in values.items():
            self.facts.pop(name, None)
            if value is not None:
                self.facts[name] = DeclaredFact(name, value, by, at)

    def set_contract(self, contract: HardwareContract | None, by: str, at: datetime) -> None:
        self.contract = None if contract is None else DeclaredContract(contract, by, at)

    def set_times(
        self,
        windows: Sequence[MaintenanceWindow],
        blackouts: Sequence[Blackout],
        by: str,
        at: datetime,
        *,
        expected: int | None = None,
    ) -> None:
        if expected not in (None, self.times.revision):
            raise Conflict("the maintenance windows were changed meanwhile")
        revision = self.times.revision + 1
        self.times = DeclaredTimes(tuple(windows), tuple(blackouts), revision, by, at)

    def accept_risk(self, name: str, reason: str, by: str, at: datetime) -> None:
        self.risks[name] = AcceptedRisk(name, reason, by, at)

    def revoke_risk(self, name: str) -> None:
        if self.risks.pop(name, None) is None:
            raise NotFound(f"the risk {name!r} is not accepted")


@dataclass
class MemoryAlerts:
    """Implements :class:`pitstop.ports.records.Alerts`. ``updating``: a run is driven; ``moved``: when
    one has done anything last."""

    raised: list[Alert] = field(default_factory=list)
    updating: bool = False
    moved: datetime | None = None

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        return [alert for alert in reversed(self.raised) if not active_only or alert.active]

    def alert(self, alert_id: str) -> Alert:
        return self.raised[self._place(alert_id)]

    def settle(self, source: str, findings: Sequence[Finding], at: datetime) -> None:
        holding = each_once(findings)
        for finding in holding.values():
            self._raise(finding, at, source)
        for alert in self._open(source):
            if (alert.finding.code, alert.finding.subject) not in holding:
                self._close(alert, ITSELF, at, "its cause is gone")

    def raise_alert(self, finding: Finding, at: datetime) -> None:
        self._raise(finding, at, "")

    def close_alerts(self, code: str, subject: str, by: str, at: datetime) -> None:
        for alert in self._open(""):
            if (alert.finding.code, alert.finding.subject) == (code, subject):
                self._close(alert, by, at, "its cause is gone" if by == ITSELF else "")

    def close_alert(self, alert_id: str, by: str, at: datetime, reason: str = "") -> Alert:
        place = self._place(alert_id)
        alert = self.raised[place]
        if alert.closed is None:
            self.raised[place] = replace(alert, closed=at, closed_by=by, reason=reason, held=False)
        return self.raised[place]

    def release(self, quiet_since: datetime, at: datetime) -> None:
        if not self.updating and (self.moved is None or self.moved <= quiet_since):
            self.raised = [
                replace(alert, held=False, raised=at) if alert.held else alert for alert in self.raised
            ]

    def undecided(self) -> Sequence[Alert]:
        return ()

    def decide(self, alert_id: str, severity: Severity) -> None:
        place = self._place(alert_id)
        finding = replace(self.raised[place].finding, severity=severity)
        self.raised[place] = replace(self.raised[place], finding=finding)

    def raise_of_run(self, finding: Finding, update_name: str, at: datetime) -> None:
        if not any(alert.update == update_name for alert in self.raised):
            self.raised.append(Alert(str(uuid4()), finding, at, at, update=update_name))

    def forget(self, before: datetime) -> None:
        self.raised = [alert for alert in self.raised if alert.closed is None or alert.closed >= before]

    def _raise(self, finding: Finding, at: datetime, source: str) -> None:
        held = self.updating and held_back(source, finding)
        for alert in self._open(source):
            if (alert.finding.code, alert.finding.subject) == (finding.code, finding.subject):
                raised = at if alert.held and not held else alert.raised
                self.raised[self._place(alert.id)] = replace(
                    alert, finding=finding, refreshed=at, raised=raised, held=alert.held and held
                )
                return
        self.raised.append(Alert(str(uuid4()), finding, at, at, source=source, held=held))

    def _open(self, source: str) -> Sequence[Alert]:
        return [alert for alert in self.raised if alert.closed is None and alert.source == source]

    def _close(self, alert: Alert, by: str, at: datetime, reason: str) -> None:
        if alert.held:
            self.raised.remove(alert)
        else:
            self.close_alert(alert.id, by, at, reason)

    def _place(self, alert_id: str) -> int:
        for place, alert in enumerate(self.raised):
            if alert.id == alert_id:
                return place
        raise NotFound(f"there is no alert {alert_id!r}")


class MemoryKnownIssues:
    """Implements :class:`pitstop.ports.records.KnownIssueLists`."""

    def __init__(self) -> None:
        self._lists: dict[str, bytes] = {}
        self._consents: dict[str, MendConsent] = {}

    def issue_lists(self) -> Sequence[tuple[str, bytes]]:
        return sorted(self._lists.items())

    def keep_issue_list(self, source: str, content: bytes, at: datetime) -> None:
        self._lists[source] = content

    def consents(self) -> Sequence[MendConsent]:
        return [self._consents[name] for name in sorted(self._consents)]

    def consent(self, issue: str, by: str, at: datetime) -> None:
        self._consents[issue] = MendConsent(issue, by, at)

    def withdraw_consent(self, issue: str) -> None:
        self._consents.pop(issue, None)
