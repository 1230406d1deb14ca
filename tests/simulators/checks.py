"""What checks are handed, without a database, nodes or machines behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from pitstop.checks.kind import CheckHabits, CheckKind, Drained, NotReached, Target
from pitstop.checks.table import KINDS
from pitstop.model.checks import (
    CheckChange,
    CheckResult,
    CheckRound,
    CheckSkip,
    CheckStatus,
    KeptResult,
    severity_of,
)
from pitstop.model.errors import NotFound, PitstopError
from pitstop.model.findings import Severity
from pitstop.model.plans import PlanStep
from pitstop.model.runs import Run
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.checks import Integrity, Need, ReadAgain, Said, ThisMachine
from pitstop.ports.clock import Clock
from pitstop.ports.journal import Journal
from pitstop.ports.logs import NodeStreams
from pitstop.ports.payloads import PayloadStore
from pitstop.ports.records import AuditLog, SourceStatus
from pitstop.service.audited import Audited
from pitstop.service.check_findings import CheckFindings
from pitstop.service.check_rounds import CheckRounds, asked_by
from pitstop.service.check_surroundings import SystemMemory
from pitstop.service.checks import ChecksService
from pitstop.service.facts import Knowledge
from pitstop.service.readiness import ReadinessLooks
from pitstop.wire.check_views import ReadinessView
from simulators import scenes
from simulators.records import MemoryAlerts, MemoryRuns

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)


@dataclass
class MemoryChecks:
    """Implements :class:`pitstop.ports.checks.CheckRecords`."""

    kept: dict[tuple[str, str], KeptResult] = field(default_factory=dict)
    noted: list[CheckChange] = field(default_factory=list)
    begun: list[CheckRound] = field(default_factory=list)
    skipped: dict[tuple[str, str], CheckSkip] = field(default_factory=dict)

    def results(self) -> Sequence[KeptResult]:
        return [self.kept[key] for key in sorted(self.kept)]

    def problems(self) -> Sequence[KeptResult]:
        return [each for each in self.results() if each.result.status is not CheckStatus.PASS]

    def changes(self, check: str, target: str = "") -> Sequence[CheckChange]:
        mine = [each for each in self.noted if each.check == check and target in ("", each.target)]
        return mine[::-1]

    def begin(self, why: str, checks: Sequence[str], at: datetime) -> CheckRound:
        self.begun.append(CheckRound(len(self.begun) + 1, at, why, tuple(checks)))
        return self.begun[-1]

    def end(self, number: int, results: Sequence[CheckResult], at: datetime) -> None:
        self.begun[number - 1] = replace(self.begun[number - 1], ended=at)
        asked = self.begun[number - 1].checks
        before = {key: kept for key, kept in self.kept.items() if not asked or key[0] in asked}
        for key in before:
            del self.kept[key]
        for result in results:
            known = before.get(result.key)
            lasts = known is not None and known.result.status is result.status
            since = known.since if lasts and known is not None else result.at
            self.kept[result.key] = KeptResult(result, since)
            if not lasts:
                self.noted.append(
                    CheckChange(
                        result.check, result.target, since, result.status, result.severity, result.description
                    )
                )

    def rounds(self, limit: int = 20) -> Sequence[CheckRound]:
        return self.begun[::-1][:limit]

    def skips(self) -> Sequence[CheckSkip]:
        return [self.skipped[key] for key in sorted(self.skipped)]

    def skip(self, skip: CheckSkip) -> None:
        self.skipped[skip.check, skip.target] = skip

    def unskip(self, check: str, target: str) -> None:
        if self.skipped.pop((check, target), None) is None:
            raise NotFound(f"the check {check!r} is not skipped")


@dataclass
class InstantRounds:
    """Jobs that are done at once: checks find what they found before."""

    records: MemoryChecks
    at: datetime = NOW

    def submit(self, job: str, key: str) -> None:
        why, names = asked_by(key)
        self.at += timedelta(minutes=1)
        begun = self.records.begin(why, names, self.at)
        again = [each.result for each in self.records.results() if not names or each.result.check in names]
        self.records.end(begun.number, [replace(result, at=self.at) for result in again], self.at)


class GivenReadiness(ReadinessLooks):
    """Of any update, with no checks of a package."""

    def of(self, update: str) -> ReadinessView:
        return self.view(update, (), scenes.NOW)

    def package_checks(self) -> Mapping[str, PlanStep]:
        return {}


@dataclass
class SimulatedChecks:
    """The real service over a memory, and rounds that nobody has to wait for."""

    records: MemoryChecks = field(default_factory=MemoryChecks)
    habits: CheckHabits = field(default_factory=CheckHabits)
    operators: Sequence[CheckKind] = ()

    def service(self, log: AuditLog, clock: Clock) -> ChecksService:
        rounds = CheckRounds(
            records=self.records,
            alerts=MemoryAlerts(),
            knowledge=cast(Knowledge, None),
            memory=cast(SystemMemory, None),
            machine=cast(ThisMachine, None),
            streams=lambda: cast(NodeStreams, None),
            kinds=lambda: [*KINDS, *self.operators],
            habits=self.habits,
            state_folder="/var/lib/pitstop",
        )
        looks = GivenReadiness(
            self.records,
            CheckFindings(self.records, MemoryRuns(), self.habits),
            cast(Knowledge, None),
            cast(Journal, None),
            cast(PayloadStore, None),
        )
        jobs = InstantRounds(self.records, clock.now())
        return ChecksService(self.records, rounds, jobs, Audited(log, clock), looks)


@dataclass
class GivenIntegrity:
    """Implements :class:`pitstop.ports.checks.Integrity`."""

    problems: Sequence[str] = ()
    read: ReadAgain = field(default_factory=lambda: ReadAgain((), 0, 0))

    def database_problems(self, deadline: timedelta) -> Sequence[str]:
        return self.problems

    def read_again(self, deadline: timedelta) -> ReadAgain:
        return self.read


@dataclass
class GivenSurroundings:
    """Implements :class:`pitstop.checks.kind.Surroundings`: what a test says is so.

    Attributes:
        says: what a target answers, by its name as ``str`` gives it; "": everybody else.
        silent: by node, why it is not reached.
    """

    system: SystemDescription
    says: Mapping[str, Said | Callable[[str], Said]] = field(default_factory=dict)
    silent: Mapping[str, PitstopError] = field(default_factory=dict)
    habits: CheckHabits = field(default_factory=CheckHabits)
    state_folder: str = "/var/lib/pitstop"
    integrity: Integrity = field(default_factory=GivenIntegrity)
    known_sources: Sequence[SourceStatus] = ()
    known_runs: Sequence[Run] = ()
    out: Sequence[str] = ()
    room: Sequence[Need] = ()
    at: datetime = NOW
    took: timedelta = timedelta(milliseconds=40)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def machine(self) -> Target:
        return Target("machine", "here")

    def now(self) -> datetime:
        return self.at

    async def contact(self, node: Node) -> timedelta:
        await asyncio.sleep(0)
        if node.name in self.silent:
            raise self.silent[node.name]
        return self.took

    async def ask(self, target: Target, script: str, *, deadline: timedelta = timedelta(seconds=30)) -> Said:
        self.asked.append((str(target), script))
        if target.node is not None and target.node.name in self.silent:
            raise NotReached(f"node {target.node.name} does not answer")
        said = self.says.get(str(target), self.says.get("", Said(0, "")))
        return said(script) if callable(said) else said

    async def run(self, command: Sequence[str], *, deadline: timedelta) -> Said:
        return await self.ask(self.machine, " ".join(command))

    def sources(self) -> Sequence[SourceStatus]:
        return self.known_sources

    def runs(self) -> Sequence[Run]:
        return self.known_runs

    def out_of_service(self, run: Run) -> Mapping[str, Drained]:
        return {node: Drained(is_out="is-out", back="star-drain --back") for node in self.out}

    def needs(self) -> Sequence[Need]:
        return self.room


def some_checks() -> SimulatedChecks:
    """A system where most is well: one warning that is skipped, one that is not, one fail, one unknown."""
    made = SimulatedChecks()
    before, now = scenes.NOW - timedelta(days=2), scenes.NOW - timedelta(hours=3)
    for at in (before, now):
        begun = made.records.begin("daily", (), at)
        made.records.end(begun.number, list(_found(at, is_first=at == before)), at + timedelta(seconds=9))
    made.records.skip(CheckSkip("restart", "node n2", "restarts with the update", "ada", now))
    return made


def _found(at: datetime, *, is_first: bool) -> Iterator[CheckResult]:
    for node in ("n1", "n2", "n3", "n4"):
        yield _result("nodes", f"node {node}", CheckStatus.PASS, "it answered after 0.1 s", at)
    ntp = "Set the clock, and have it kept by NTP on both machines."
    if is_first:
        yield _result("clock", "node n3", CheckStatus.PASS, "within 5 s of this machine's clock", at)
    else:
        yield _result("clock", "node n3", CheckStatus.WARNING, "12 s behind this machine's clock", at, ntp)
    yield _result(
        "restart",
        "node n2",
        CheckStatus.WARNING,
        "it waits for a restart, because of linux-image-6.12",
        at,
        "Restart it in a maintenance window, one node after the other.",
    )
    yield replace(
        _result(
            "node-space",
            "node n4",
            CheckStatus.FAIL,
            "1.2 GB of 40 GB are free; Northstar1.2405.0.3 needs up to 4.4 GB",
            at,
            "Free 3.3 GB at least: old logs, packages and images are what fills nodes.",
        ),
        measures=("free=1200000000B;4936870912:;4534217728:;0;40000000000",),
        detail="/var/log 22 GB",
    )
    yield replace(
        _result(
            "services",
            "machine pitstop-1",
            CheckStatus.UNKNOWN,
            "skipped: no systemd runs there, so nobody says which services have failed",
            at,
        ),
        severity=Severity.INFORMATIONAL,
    )


def _result(  # noqa: PLR0917 - in the order of the columns
    check: str, target: str, status: CheckStatus, description: str, at: datetime, remedy: str = ""
) -> CheckResult:
    kind = next(kind for kind in KINDS if kind.name == check)
    passed = status is CheckStatus.PASS
    return CheckResult(
        check=check,
        code=kind.code,
        origin=kind.origin,
        title=kind.title,
        target=target,
        status=status,
        severity=kind.severity if passed else severity_of(status, kind.severity),
        description=description,
        remedy=remedy,
        at=at,
        took=timedelta(milliseconds=140),
    )
