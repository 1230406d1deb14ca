"""Rounds of checks, and what they mean to alerts and updates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import cast

import pytest

from contracts.checks import found
from contracts.journal import new_run
from pitstop.checks.kind import (
    CheckHabits,
    CheckKind,
    Outcome,
    Surroundings,
    Target,
    fails,
    of_system,
    passes,
    warns,
)
from pitstop.checks.nagios import kinds_of
from pitstop.checks.table import KINDS
from pitstop.diagnostics.this_machine import LocalMachine
from pitstop.model.accounts import Actor, Role
from pitstop.model.alerts import Verdict
from pitstop.model.checks import CheckSkip, CheckStatus
from pitstop.model.errors import InvalidInput, NotFound, NotPermitted
from pitstop.model.findings import Severity
from pitstop.model.runs import RunState
from pitstop.model.system import SystemDescription
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.checks import OperatorCheck
from pitstop.ports.journal import Journal
from pitstop.service.audited import Audited
from pitstop.service.check_findings import CheckFindings
from pitstop.service.check_rounds import CheckRounds, asked_by, key_of
from pitstop.service.check_surroundings import SystemMemory
from pitstop.service.checks import ChecksService
from pitstop.service.facts import Knowledge
from pitstop.service.readiness import ReadinessLooks
from pitstop.store.payloads import FilePayloads
from simulators.aurora import MemoryAuditLog
from simulators.checks import NOW, GivenIntegrity, MemoryChecks
from simulators.clock import SimulatedClock
from simulators.host_keys import FileHostKeys
from simulators.records import MemoryAlerts, MemoryCatalogues, MemoryDeclarations, MemoryLedger, MemoryRuns
from simulators.systems import GivenSystem

ADA, REA = Actor("ada", Role.OPERATOR, "test"), Actor("rea", Role.READER, "test")


@dataclass
class NoJobs:
    asked: list[tuple[str, str]]

    def submit(self, job: str, key: str) -> None:
        self.asked.append((job, key))


class Bench:
    """Rounds of checks that a test makes up."""

    def __init__(self, folder: Path, habits: CheckHabits | None = None) -> None:
        self.clock = SimulatedClock(NOW)
        self.records, self.alerts = MemoryChecks(), MemoryAlerts()
        self.runs, self.log = MemoryRuns(), MemoryAuditLog()
        self.kinds: list[CheckKind] = []
        self.jobs = NoJobs([])
        systems = GivenSystem(SystemDescription("Aurora", "aurora", "Lumen", "R4", ()))
        knowledge = Knowledge(
            MemoryCatalogues(), MemoryLedger(), self.runs, MemoryDeclarations(), systems, self.clock
        )
        memory = SystemMemory(lambda: (), self.runs, lambda _run: {}, lambda _update: (), GivenIntegrity())
        self.rounds = CheckRounds(
            records=self.records,
            alerts=self.alerts,
            knowledge=knowledge,
            memory=memory,
            machine=LocalMachine(),
            streams=lambda: SshStreams(FileHostKeys(folder / "host-keys")),
            kinds=lambda: self.kinds,
            habits=habits or CheckHabits(),
            state_folder=str(folder),
        )
        self.findings = CheckFindings(self.records, self.runs, self.rounds.habits)
        journal, payloads = cast(Journal, None), FilePayloads(folder / "payloads")
        looks = ReadinessLooks(self.records, self.findings, knowledge, journal, payloads)
        self.service = ChecksService(
            self.records, self.rounds, self.jobs, Audited(self.log, self.clock), looks
        )

    def has(self, name: str, look: Callable[[], Outcome], severity: Severity = Severity.CRITICAL) -> None:
        async def ask(_around: Surroundings, _target: Target) -> Outcome:
            return look()

        kind = CheckKind(f"check-{name}", name, "of a test", severity, of_system, ask, timedelta(seconds=2))
        self.kinds = [*(each for each in self.kinds if each.name != name), kind]

    def raised(self) -> list[tuple[str, str, str]]:
        open_ = self.alerts.alerts(active_only=True)
        return sorted((a.finding.code, a.finding.subject, a.finding.severity.value) for a in open_)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_a_round_finds_is_kept_and_raised_and_closed_when_it_is_gone(bench: Bench) -> None:
    bench.has("good", lambda: passes("fine"))
    bench.has("bad", lambda: fails("broken", "Mend it."))
    bench.has("soon", lambda: warns("nearly", "Look."))
    bench.has("known", lambda: warns("so what", "Nothing."), Severity.INFORMATIONAL)
    bench.rounds.run("daily")
    assert bench.raised() == [("check-bad", "system", "Critical"), ("check-soon", "system", "Warning")]
    bench.has("bad", lambda: passes("mended"))
    bench.rounds.run("asked by ada", ["bad"])
    assert bench.raised() == [("check-soon", "system", "Warning")]
    assert [(each.why, each.checks) for each in bench.records.rounds()] == [
        ("asked by ada", ("bad",)),
        ("daily", ()),
    ]


def test_critical_blocks_warning_unless_it_is_skipped_and_informational_never(bench: Bench) -> None:
    bench.has("bad", lambda: fails("broken", "Mend it."))
    bench.has("soon", lambda: warns("nearly", "Look."))
    bench.has("known", lambda: warns("so what", "Nothing."), Severity.INFORMATIONAL)
    results = bench.rounds.run("daily")
    assert {each.code for each in bench.rounds.blocking(results)} == {"check-bad", "check-soon"}
    for name in ("bad", "soon"):
        bench.service.skip(ADA, name, "", "we know")
    assert [each.code for each in bench.rounds.blocking(results)] == ["check-bad"], (
        "critical is never skipped"
    )
    standing = {each.code: (each.severity, each.impact) for each in bench.findings.standing(NOW)}
    assert standing == {
        "check-bad": (Severity.CRITICAL, ""),
        "check-soon": (Severity.INFORMATIONAL, "Skipped by ada: we know"),
    }
    bench.service.unskip(ADA, "soon")
    assert len(bench.rounds.blocking(results)) == 2


def test_a_skipped_check_is_still_run_and_says_that_it_is_skipped(bench: Bench) -> None:
    bench.has("soon", lambda: warns("nearly", "Look."))
    bench.rounds.run("daily")
    bench.service.skip(ADA, "soon", "system", "next week")
    bench.rounds.run("daily")
    (shown,) = bench.service.list(REA).results
    assert (shown.status, shown.blocks) == ("warning", False)
    assert shown.skipped is not None
    assert (shown.skipped.by, shown.skipped.reason) == ("ada", "next week")
    assert bench.raised() == []


def test_where_warnings_are_blockers_no_skip_sets_one_aside(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CheckHabits(strict=True))
    bench.has("soon", lambda: warns("nearly", "Look."))
    bench.has("known", lambda: warns("so what", "Nothing."), Severity.INFORMATIONAL)
    results = bench.rounds.run("daily")
    bench.service.skip(ADA, "soon", "", "please")
    assert [each.code for each in bench.rounds.blocking(results)] == ["check-soon"]
    assert [each.severity for each in bench.findings.standing(NOW)] == [Severity.WARNING]
    assert bench.service.list(REA).strict


def test_what_is_too_old_to_count_keeps_nothing_off(bench: Bench) -> None:
    bench.has("bad", lambda: fails("broken", "Mend it."))
    bench.rounds.run("daily")
    later = NOW + bench.rounds.habits.valid + timedelta(seconds=1)
    assert len(bench.findings.standing(NOW)) == 1
    assert bench.findings.standing(later) == []
    bench.clock.advance(later - NOW)
    (shown,) = bench.service.list(REA).results
    assert (shown.status, shown.expired, shown.blocks) == ("fail", True, False)


def test_what_was_found_before_a_run_has_ended_counts_no_longer(bench: Bench) -> None:
    """The run has changed what was looked at; all is looked at again after it."""
    bench.has("bad", lambda: fails("broken", "Mend it."))
    bench.rounds.run("daily")
    ended = NOW + timedelta(minutes=5)
    bench.runs.heads = [replace(new_run("run-1"), state=RunState.SUCCEEDED, ended=ended)]
    assert bench.findings.standing(ended) == []
    bench.clock.advance(timedelta(minutes=6))
    bench.rounds.run("after run run-1")
    assert [each.code for each in bench.findings.standing(bench.clock.now())] == ["check-bad"]


def test_whatever_a_check_does_the_others_go_on(bench: Bench) -> None:
    """It throws, is no check, hangs in Python and cannot be ended, or hangs and can."""

    def throw() -> Outcome:
        raise RuntimeError("I am broken")

    bench.has("throws", throw)
    bench.has("nonsense", lambda: None)  # type: ignore[arg-type, return-value]  # that is the point
    bench.has("good", lambda: passes("fine"))

    async def hang(_around: Surroundings, _target: Target) -> Outcome:
        await asyncio.sleep(60)
        return passes("late")

    bench.kinds.append(
        CheckKind("check-hangs", "hangs", "", Severity.CRITICAL, of_system, hang, timedelta(seconds=0.3))
    )
    bench.kinds.append(
        CheckKind("check-lost", "lost", "", Severity.CRITICAL, lambda _around: 1 // 0, hang)  # type: ignore[arg-type, return-value]
    )
    begun = monotonic()
    results = {each.check: each for each in bench.rounds.run("daily")}
    assert monotonic() - begun < 5
    assert {name: each.status.value for name, each in results.items()} == {
        "throws": "unknown",
        "nonsense": "unknown",
        "good": "pass",
        "hangs": "unknown",
        "lost": "unknown",
    }
    assert "I am broken" in results["throws"].description
    assert "0.3 s" in results["hangs"].description
    assert "ZeroDivisionError" in results["lost"].description


def test_what_is_scheduled_is_left_out_while_a_run_goes_on(bench: Bench) -> None:
    bench.has("good", lambda: passes("fine"))
    bench.runs.heads = [replace(new_run("run-1"), state=RunState.IN_PROGRESS)]
    bench.rounds.daily()
    assert list(bench.records.rounds()) == []
    bench.runs.heads = [replace(new_run("run-1"), state=RunState.STOPPED)]
    bench.rounds.daily()
    assert len(bench.records.rounds()) == 1


def test_checks_are_run_by_name_and_who_asked_is_written_down(bench: Bench) -> None:
    bench.has("good", lambda: passes("fine"))
    bench.has("bad", lambda: fails("broken", "Mend it."))
    asked = bench.service.run(ADA, ("bad",))
    ((_, key),) = bench.jobs.asked
    asyncio.run(bench.rounds.work(key))
    (only,) = bench.records.rounds()
    assert (only.why, only.checks) == ("asked by ada", ("bad",))
    assert only.number > asked.after
    assert bench.service.list(REA).running is None
    assert [entry.what for entry in bench.log.entries() if entry.outcome == "done"] == ["run checks"]


def test_a_job_of_a_check_that_is_gone_is_done(bench: Bench) -> None:
    asyncio.run(bench.rounds.work(key_of("asked by ada", ["gone"])))
    assert list(bench.records.rounds()) == []
    assert asked_by(key_of("daily", [])) == ("daily", ())


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_a_skip_has_a_reason(bench: Bench, reason: str) -> None:
    bench.has("soon", lambda: warns("nearly", "Look."))
    with pytest.raises(InvalidInput):
        bench.service.skip(ADA, "soon", "", reason)
    assert list(bench.records.skips()) == []


def test_what_is_not_there_is_not_found_and_what_may_not_be_is_refused(bench: Bench) -> None:
    bench.has("soon", lambda: warns("nearly", "Look."))
    bench.rounds.run("daily")
    for name, target in (("gone", ""), ("soon", "node n9")):
        with pytest.raises(NotFound):
            bench.service.skip(ADA, name, target, "why not")
    for ask in (lambda: bench.service.show(REA, "gone"), lambda: bench.service.run(ADA, ("gone",))):
        with pytest.raises(NotFound, match="gone"):
            ask()
    with pytest.raises(NotFound):
        bench.service.unskip(ADA, "soon")
    for refused in (
        lambda: bench.service.run(REA),
        lambda: bench.service.skip(REA, "soon", "", "why not"),
        lambda: bench.service.unskip(REA, "soon"),
    ):
        with pytest.raises(NotPermitted):
            refused()


def test_two_rounds_at_once_come_one_after_the_other(bench: Bench) -> None:
    def slowly() -> Outcome:
        sleep(0.3)
        return passes("fine")

    bench.has("slow", slowly)
    threads = [Thread(target=bench.rounds.run, args=("daily",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert all(each.ended is not None for each in bench.records.rounds())
    assert len(bench.records.rounds()) == 2


def test_a_round_that_was_cut_short_does_not_run_for_ever(bench: Bench) -> None:
    bench.records.begin("daily", (), bench.clock.now())
    assert bench.service.list(REA).running is not None
    bench.clock.advance(timedelta(minutes=16))
    assert bench.service.list(REA).running is None


def test_a_target_s_skip_comes_before_that_of_all(bench: Bench) -> None:
    result = found("clock", "node n1", CheckStatus.WARNING)
    bench.records.skip(CheckSkip("clock", "", "everywhere", "ada", NOW))
    bench.records.skip(CheckSkip("clock", "node n1", "here", "ben", NOW))
    (finding,) = bench.rounds.findings([result])
    assert finding.impact == "Skipped by ben: here"


def test_operators_checks_of_one_machine_are_findings_of_their_own(bench: Bench) -> None:
    checks = [
        OperatorCheck(name, name, ("/bin/sh", "-c", f"echo {name}; exit 2"), "service") for name in "ab"
    ]
    bench.kinds = list(kinds_of(checks))
    bench.rounds.run("daily")
    assert [subject.partition(", ")[2] for _, subject, _ in bench.raised()] == ["check a", "check b"]


def test_all_built_in_checks_on_this_machine(bench: Bench) -> None:
    """A whole round of what there is, on a system without nodes."""
    bench.kinds = list(KINDS)
    results = bench.rounds.run("daily")
    machine = {each.check for each in results if each.target == f"machine {LocalMachine().name}"}
    assert machine >= {"space", "memory", "load", "services", "restart", "database", "payloads", "backup"}


class TestVerdict:
    """How bad a failed run is, by what the checks say after it."""

    def test_nobody_knows_before_a_whole_round_that_began_after_it_has_ended(self, bench: Bench) -> None:
        bench.has("one", lambda: passes("fine"))
        bench.rounds.run("daily")
        bench.clock.advance(timedelta(seconds=1))
        failed_at = bench.clock.now()
        assert bench.rounds.verdict(failed_at) is None
        bench.clock.advance(timedelta(seconds=1))
        bench.rounds.run("asked by ada", ["one"])
        assert bench.rounds.verdict(failed_at) is None
        bench.rounds.run("after run 1")
        assert bench.rounds.verdict(failed_at) is Verdict.NEEDS_ATTENTION

    @pytest.mark.parametrize(
        ("second", "severity", "verdict"),
        [
            (lambda: passes("fine"), Severity.CRITICAL, Verdict.NEEDS_ATTENTION),
            (lambda: warns("nearly full", "Make room."), Severity.CRITICAL, Verdict.NEEDS_ATTENTION),
            (lambda: fails("a node is out", "Resume."), Severity.WARNING, Verdict.NEEDS_ATTENTION),
            (lambda: fails("full", "Make room."), Severity.CRITICAL, Verdict.FAILED),
        ],
    )
    def test_what_fails_and_is_critical_makes_it_failed(
        self, bench: Bench, second: Callable[[], Outcome], severity: Severity, verdict: Verdict
    ) -> None:
        bench.has("one", lambda: passes("fine"))
        bench.has("two", second, severity)
        began = bench.clock.now()
        bench.rounds.run("after run 1")
        assert bench.rounds.verdict(began) is verdict

    def test_where_nothing_is_known_to_be_well_it_is_failed(self, bench: Bench) -> None:
        def broken() -> Outcome:
            raise RuntimeError("cannot look")

        bench.has("one", broken, Severity.WARNING)
        began = bench.clock.now()
        bench.rounds.run("after run 1")
        assert bench.rounds.verdict(began) is Verdict.FAILED
