"""The policy as the service answers it: real rules over a real store, with what people declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import sqlite
from pitstop.engine.progress import Progress
from pitstop.model.accounts import Actor, Role
from pitstop.model.audit import BEGUN
from pitstop.model.errors import Conflict, InvalidInput, NotFound, NotPermitted, PitstopError, Unreachable
from pitstop.model.findings import from_error
from pitstop.model.releases import ReleaseStatus
from pitstop.model.run_events import (
    PhaseEntered,
    RunEvent,
    RunFailed,
    RunSucceeded,
    StepFailedOnce,
    StepStarted,
    StepSucceeded,
)
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step
from pitstop.model.system import Node
from pitstop.model.updates import UpdateState
from pitstop.policy.facts import HardwareContract, MeasuredRun
from pitstop.policy.objectives import Objective
from pitstop.service.audited import Audited
from pitstop.service.beginning import Beginning
from pitstop.service.facts import Knowledge
from pitstop.service.hours import DeclaredHours
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.named_facts import named_facts, values_of
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.policy import PolicyService
from pitstop.service.question import PathQuestion
from pitstop.service.runs import RunsService
from pitstop.service.step_sizes import StepSizes
from pitstop.service.updates import UpdatesService
from pitstop.store.audit import SqlAuditLog
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import open_database
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger
from pitstop.store.payloads import FilePayloads
from pitstop.store.runs import SqlRuns
from pitstop.wire.policy_views import ContractChange, WindowsChange, WindowView
from simulators import aurora, scenes
from simulators.checklists import NoLists
from simulators.clock import SimulatedClock
from simulators.records import MemoryKnownIssues
from simulators.scenes import NOW
from simulators.systems import GivenSystem

READER = Actor("rea", Role.READER, "test")
OPERATOR = Actor("ada", Role.OPERATOR, "test")
ADMIN = Actor("admin", Role.ADMINISTRATOR, "test")
PLATFORM, OEM = (source for source, _ in aurora.sources())


class NoJobs:
    """Implements :class:`pitstop.ports.jobs.Jobs` for those who begin nothing."""

    def submit(self, job: str, key: str) -> None:
        pytest.fail(f"{job} {key} was begun")


@dataclass
class Bench:
    """Aurora in a state folder of its own; adopted, nothing declared."""

    clock: SimulatedClock
    catalogues: SqlCatalogues
    ledger: SqlLedger
    declarations: SqlDeclarations
    audit: SqlAuditLog
    journal: SqlJournal
    runs: SqlRuns

    @property
    def knowledge(self) -> Knowledge:
        return Knowledge(
            self.catalogues, self.ledger, self.runs, self.declarations, GivenSystem(aurora.SYSTEM), self.clock
        )

    @property
    def policy(self) -> PolicyService:
        return PolicyService(self.knowledge, self.declarations, Audited(self.audit, self.clock))

    def check_all(self) -> None:
        for source, catalogue in aurora.sources():
            self.catalogues.checked(source.name, catalogue, self.clock.now())

    def run(self, name: str, minutes: float, *, purpose: RunPurpose = RunPurpose.APPLY) -> Run:
        """A run of this update that succeeds at once after so many minutes."""
        return self.end(self.begin(name, purpose), minutes, *self.phases(purpose))

    def begin(self, name: str, purpose: RunPurpose) -> Run:
        release = next(r for r in aurora.LANTERN.releases if r.name == name)
        created = self.clock.now()
        run = Run(f"run-{created:%H%M%S}", name, release.id, purpose, RunState.IN_PROGRESS, created, "ada")
        state = self.catalogues.update_states()[name]
        self.journal.create(run, [Step("1", "All", kind="nothing")], expected=state)
        return run

    def phases(self, purpose: RunPurpose) -> tuple[RunEvent, ...]:
        known = tuple(Phase)[: 4 if purpose is RunPurpose.APPLY else 3]
        return tuple(PhaseEntered(self.clock.now(), phase) for phase in known)

    def end(self, run: Run, minutes: float, *events: RunEvent) -> Run:
        tree = self.journal.take(run.id, "w", self.clock.now())
        self.journal.append(tree, *events, StepStarted("1", self.clock.now()))
        self.clock.advance(timedelta(minutes=minutes))
        now = self.clock.now()
        self.journal.append(tree, StepSucceeded("1", now), RunSucceeded(now))
        return tree.run


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = open_database(sqlite.laid(tmp_path))
    made = Bench(
        SimulatedClock(NOW),
        SqlCatalogues(database),
        SqlLedger(database),
        SqlDeclarations(database),
        SqlAuditLog(database),
        SqlJournal(database),
        SqlRuns(database),
    )
    for source, _ in aurora.sources():
        made.catalogues.add_source(source)
    made.check_all()
    made.ledger.adopt(aurora.AuroraRecords().ledger.entries)
    yield made
    database.close()


def weekly(name: str = "nights", seconds: float = 1800) -> WindowView:
    first = datetime.fromisoformat("2024-05-18T22:00")
    return WindowView(name=name, first=first, recurrence="FREQ=WEEKLY", seconds=seconds, zone="Europe/Berlin")


class TestSupport:
    def test_it_is_answered_for_any_day(self, bench: Bench) -> None:
        positions = {
            day: (report.status, report.position, report.about)
            for day in ("2024-04-22", "2024-05-07", "2024-05-08", "2024-05-14")
            for report in [bench.policy.support(READER, date.fromisoformat(day))]
        }
        assert positions == {
            "2024-04-22": ("supported", "N-2", "past"),
            "2024-05-07": ("supported", "N-3", "past"),
            "2024-05-08": ("out-of-compliance", "N-3", "past"),
            "2024-05-14": ("out-of-compliance", "N-3", "present"),
        }

    def test_what_brings_it_back_is_the_least_and_says_how_long(self, bench: Bench) -> None:
        back = bench.policy.support(READER).way_back
        assert back is not None
        assert [step.name for step in back.steps] == [scenes.HOTFIX, scenes.EXPRESS]
        assert back.total is not None
        assert (back.total.least, back.total.most) == (480, 840)

    def test_once_it_is_back_it_says_until_when(self, bench: Bench) -> None:
        for name in (scenes.HOTFIX, scenes.EXPRESS):
            bench.run(name, 5)
        report = bench.policy.support(READER)
        assert (report.status, report.position, report.way_back) == ("supported", "N-2", None)
        assert report.ends is not None
        assert report.ends.earliest is not None
        assert report.ends.latest is not None
        assert NOW.date() < report.ends.earliest < report.ends.latest
        assert not report.ends.certain

    def test_without_a_contract_there_is_no_support(self, bench: Bench) -> None:
        assert "contract-not-recorded" in {f.code for f in bench.policy.support(READER).findings}
        bench.policy.set_contract(ADMIN, ContractChange(valid=True, last_day=date(2024, 4, 30)))
        on_last_day, after = (
            bench.policy.support(READER, date(2024, 4, 30)),
            bench.policy.support(READER, date(2024, 5, 1)),
        )
        assert (on_last_day.status, on_last_day.entitled) == ("supported", True)
        assert (after.status, after.entitled) == ("out-of-compliance", False)


class TestStaleKnowledge:
    def test_a_source_that_is_out_of_reach_makes_answers_say_at_least(self, bench: Bench) -> None:
        bench.clock.advance(timedelta(days=31))
        bench.catalogues.check_failed("northstar", from_error(Unreachable("no answer"), "source northstar"))
        report = bench.policy.support(READER)
        assert (report.position, report.at_least, report.as_known_on) == ("at least N-3", True, NOW.date())
        assert "knowledge-stale" in {finding.code for finding in report.findings}
        assert bench.policy.path(READER, PathQuestion("supported")).reached

    def test_an_oem_that_is_out_of_reach_says_nothing_of_the_platform(self, bench: Bench) -> None:
        bench.clock.advance(timedelta(days=31))
        bench.catalogues.checked("northstar", aurora.LANTERN, bench.clock.now())
        assert not bench.policy.support(READER).at_least

    def test_a_folder_knows_only_what_it_was_filled_with(self, bench: Bench) -> None:
        medium = replace(PLATFORM, name="medium", url="file:///media/lantern")
        bench.catalogues.add_source(medium)
        bench.catalogues.checked("medium", aurora.LANTERN, bench.clock.now())
        assert bench.policy.support(READER).as_known_on == aurora.LANTERN.issued.date()

    def test_with_no_catalogue_at_all_nothing_breaks(self, tmp_path: Path) -> None:
        database = open_database(sqlite.laid(tmp_path / "empty"))
        records = SqlDeclarations(database)
        knowledge = Knowledge(
            SqlCatalogues(database),
            SqlLedger(database),
            SqlRuns(database),
            records,
            GivenSystem(aurora.SYSTEM),
            SimulatedClock(NOW),
        )
        policy = PolicyService(knowledge, records, Audited(SqlAuditLog(database), SimulatedClock(NOW)))
        assert (policy.support(READER).status, policy.support(READER).as_known_on) == ("unknown", None)
        assert policy.timeline(READER).families == ()
        assert policy.releases(READER) == ()
        assert not policy.path(READER).reached
        assert not policy.calendar(READER, PathQuestion("supported")).path.reached
        assert policy.risks(READER) == ()
        database.close()

    def test_a_platform_that_was_withdrawn_whole_breaks_nothing(self, bench: Bench) -> None:
        gone = tuple(replace(r, status=ReleaseStatus.WITHDRAWN) for r in aurora.LANTERN.releases)
        bench.catalogues.checked("northstar", replace(aurora.LANTERN, releases=gone), bench.clock.now())
        assert bench.policy.support(READER).status == "unknown"
        assert bench.policy.timeline(READER).newest_family == ""
        for target in ("supported", scenes.EXPRESS):
            assert bench.policy.path(READER, PathQuestion(target)).why_not
        for target in ("newest", "supported", scenes.EXPRESS):
            assert bench.policy.calendar(READER, PathQuestion(target)).bookings == ()
        assert bench.policy.explain(READER, scenes.EXPRESS).removed is not None
        assert len(bench.policy.releases(READER)) == 9


class TestExplain:
    def test_all_reasons_prerequisites_risks_and_the_way(self, bench: Bench) -> None:
        answer = bench.policy.explain(READER, "1.2402.0.8")
        assert {finding.code for finding in answer.reasons} == {"family-before-missing", "risk-unknown"}
        assert answer.missing_facts == ("session-store",)
        assert [(risk.name, risk.standing, risk.missing) for risk in answer.risks] == [
            (aurora.RISK, "unknown", ("session-store",))
        ]
        assert answer.first is not None
        assert [step.name for step in answer.first.steps] == [
            scenes.HOTFIX,
            scenes.EXPRESS,
            scenes.FIRMWARE,
            scenes.FULL_2311,
        ]

    def test_what_can_go_on_at_once_is_a_path_of_one(self, bench: Bench) -> None:
        answer = bench.policy.explain(READER, scenes.HOTFIX)
        assert (answer.release.installable, answer.release.recommended) == (True, True)
        assert answer.first is not None
        assert [step.name for step in answer.first.steps] == [scenes.HOTFIX]

    def test_what_is_withdrawn_says_so_and_leads_nowhere(self, bench: Bench) -> None:
        answer = bench.policy.explain(READER, scenes.RECALLED)
        assert answer.removed is not None
        assert (answer.removed.code, answer.first) == ("release-withdrawn", None)

    @pytest.mark.parametrize("name", [scenes.BASE, "Northstar1.2302.0.4"])
    def test_what_is_on_or_passed_needs_no_way(self, bench: Bench, name: str) -> None:
        assert bench.policy.explain(READER, name).first is None


class TestFacts:
    def test_who_says_it_first_counts(self, bench: Bench) -> None:
        assert values_of(named_facts(aurora.SYSTEM, ())) == {
            "connected": "yes",
            "free-memory-gib": "16",
            "hardware-family": "Lumen",
            "hardware-model": "L4",
            "node-count": "4",
        }
        bench.policy.set_facts(ADMIN, {"connected": "no", "free-memory-gib": "8"})
        assert bench.knowledge.facts().facts["connected"] == "no"
        explained = bench.policy.explain(READER, scenes.FULL_2311)
        assert "condition-not-met" in {finding.code for finding in explained.reasons}
        bench.policy.set_facts(ADMIN, {"connected": None})
        assert bench.knowledge.facts().facts["connected"] == "yes"

    def test_a_fact_that_one_node_does_not_say_is_not_known(self) -> None:
        nodes = (Node("n1", "a", facts={"tpm": "2.0"}), Node("n2", "b"))
        fact = named_facts(replace(aurora.SYSTEM, nodes=nodes), ())["tpm"]
        assert (fact.value, fact.problem) == (None, "These nodes do not say it: n2.")

    def test_content_that_was_brought_is_a_fact(self, bench: Bench) -> None:
        bench.policy.set_facts(ADMIN, {"content.lantern-key": "present", "content.other": "absent"})
        assert bench.knowledge.facts().content == {"lantern-key"}

    def test_what_is_asked_for_and_not_said_is_listed(self, bench: Bench) -> None:
        (open_question,) = [fact for fact in bench.policy.facts(READER) if fact.asked_by and not fact.value]
        assert (open_question.name, open_question.asked_by) == ("session-store", (scenes.FULL_2402,))

    def test_all_is_refused_where_one_is_wrong(self, bench: Bench) -> None:
        with pytest.raises(InvalidInput, match="Bad Name"):
            bench.policy.set_facts(ADMIN, {"good": "1", "Bad Name": "1"})
        assert bench.declarations.declared().facts == ()


class TestTimedRuns:
    def test_an_install_that_was_timed_here_replaces_what_the_publisher_says(self, bench: Bench) -> None:
        bench.run(scenes.HOTFIX, 11)
        assert bench.knowledge.facts().measured == (
            MeasuredRun(next(r.id for r in aurora.LANTERN.releases if r.name == scenes.HOTFIX), 11),
        )

    def test_the_update_and_the_path_say_the_same_of_how_long_it_takes(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        payloads, progress, audited = FilePayloads(tmp_path), Progress(), Audited(bench.audit, bench.clock)
        outlooks = Outlooks(bench.runs, bench.journal, StepSizes(payloads))
        jobs = NoJobs()
        known, journal = bench.knowledge, bench.journal
        offers = Offers(ListedIssues(MemoryKnownIssues()), known, lambda _since, _until: ())
        runs = RunsService(journal, bench.runs, known, jobs, progress, audited, outlooks, offers)
        beginning = Beginning(journal, payloads, known, jobs, DeclaredHours(bench.declarations))
        updates = UpdatesService(known, runs, beginning, payloads, progress, audited, NoLists())
        said = updates.show(READER, scenes.EXPRESS).expected
        for name in (scenes.HOTFIX, scenes.EXPRESS):
            bench.run(name, 60)
        path = bench.policy.path(READER, PathQuestion("newest"))
        told = {view.name: view.expected for view in updates.list(READER)}
        assert [told[step.name] for step in path.steps] == [step.duration for step in path.steps]
        measured = updates.show(READER, scenes.EXPRESS).expected
        assert measured == told[scenes.EXPRESS] != said
        assert measured is not None
        assert measured.least < 3_600 < measured.most

    def test_a_run_that_waited_for_a_person_tells_nothing(self, bench: Bench) -> None:
        run = bench.begin(scenes.HOTFIX, RunPurpose.APPLY)
        tree = bench.journal.take(run.id, "w", bench.clock.now())
        broken = from_error(PitstopError("broken"), "node n1")
        now = bench.clock.now()
        bench.journal.append(tree, *bench.phases(RunPurpose.APPLY), StepStarted("1", now))
        bench.journal.append(tree, StepFailedOnce("1", now, broken), RunFailed(now, broken))
        bench.clock.advance(timedelta(hours=20))
        bench.journal.resume(run.id, "ada", bench.clock.now())
        bench.end(run, 4)
        assert bench.catalogues.update_states()[scenes.HOTFIX] is UpdateState.INSTALLED
        assert bench.knowledge.facts().measured == ()

    def test_a_passed_health_check_grows_old(self, bench: Bench) -> None:
        ended = bench.run(scenes.HOTFIX, 2, purpose=RunPurpose.PREPARE).ended
        assert bench.knowledge.facts().health_checked == {scenes.HOTFIX: ended}
        assert bench.policy.explain(READER, scenes.HOTFIX).release.state == "ReadyToInstall"
        bench.clock.advance(timedelta(days=8))
        assert bench.policy.explain(READER, scenes.HOTFIX).release.state == "HealthCheckExpired"


class TestCalendar:
    def test_the_path_lies_in_the_declared_windows(self, bench: Bench) -> None:
        bench.policy.set_windows(OPERATOR, WindowsChange(windows=(weekly(seconds=420),)))
        calendar = bench.policy.calendar(READER, PathQuestion("supported"))
        assert [(booking.name, booking.start.day) for booking in calendar.bookings] == [
            (scenes.HOTFIX, 18),
            (scenes.EXPRESS, 25),
        ]
        assert (calendar.fits, calendar.deadline) == (True, None)

    def test_windows_may_be_tried_without_declaring_them(self, bench: Bench) -> None:
        tried = bench.policy.calendar(READER, PathQuestion("supported"), WindowsChange(windows=(weekly(),)))
        assert len({booking.opening.start for booking in tried.bookings}) == 1
        assert bench.policy.windows(READER).revision == 0

    def test_what_does_not_fit_says_why(self, bench: Bench) -> None:
        tried = bench.policy.calendar(
            READER, PathQuestion("supported"), WindowsChange(windows=(weekly(seconds=60),))
        )
        assert (tried.fits, tried.bookings) == (False, ())
        assert [finding.code for finding in tried.findings] == ["fits-no-window", "waits-for-other"]

    def test_the_end_of_support_is_marked(self, bench: Bench) -> None:
        for name in (scenes.HOTFIX, scenes.EXPRESS):
            bench.run(name, 5)
        far = replace_first(weekly(), "2024-12-28T22:00")
        calendar = bench.policy.calendar(READER, PathQuestion("newest"), WindowsChange(windows=(far,)))
        assert calendar.deadline is not None
        assert not calendar.deadline_certain
        assert any(booking.after_deadline for booking in calendar.bookings)
        assert "after-support-ends" in {finding.code for finding in calendar.findings}

    def test_without_windows_it_says_that_there_are_none(self, bench: Bench) -> None:
        calendar = bench.policy.calendar(READER, PathQuestion("supported", Objective.FEWEST_WINDOWS))
        assert ([finding.code for finding in calendar.findings], calendar.fits) == (["no-windows"], False)

    def test_fewest_windows_is_worked_out_with_the_windows(self, bench: Bench) -> None:
        change = WindowsChange(windows=(weekly(seconds=900),))
        question = PathQuestion("supported", Objective.FEWEST_WINDOWS)
        calendar = bench.policy.calendar(READER, question, change)
        assert (len(calendar.openings), calendar.path.objective) == (1, "fewest-windows")


def replace_first(window: WindowView, first: str) -> WindowView:
    return WindowView(
        name=window.name,
        first=datetime.fromisoformat(first),
        recurrence=window.recurrence,
        seconds=window.seconds,
        zone=window.zone,
    )


class TestWhoMayWhat:
    def test_declarations_are_audited_with_their_outcome(self, bench: Bench) -> None:
        with pytest.raises(NotPermitted):
            bench.policy.set_facts(OPERATOR, {"connected": "no"})
        with pytest.raises(NotPermitted):
            bench.policy.set_contract(OPERATOR, ContractChange(valid=False))
        with pytest.raises(NotPermitted):
            bench.policy.set_windows(READER, WindowsChange())
        with pytest.raises(NotFound):
            bench.policy.accept_risk(OPERATOR, "none", "because")
        bench.policy.set_windows(OPERATOR, WindowsChange(windows=(weekly(),)))
        with pytest.raises(Conflict):
            bench.policy.set_windows(OPERATOR, WindowsChange(revision=0))
        bench.policy.accept_risk(OPERATOR, aurora.RISK, "because")
        ended = [entry for entry in reversed(bench.audit.entries()) if entry.outcome != BEGUN]
        assert [(entry.who, entry.what, entry.subject, entry.outcome) for entry in ended] == [
            ("ada", "record facts", "connected=no", "refused: not-permitted"),
            ("ada", "record hardware contract", "none", "refused: not-permitted"),
            ("rea", "set maintenance windows", "none", "refused: not-permitted"),
            ("ada", "accept risk: because", "none", "refused: not-found"),
            ("ada", "set maintenance windows", "nights", "done"),
            ("ada", "set maintenance windows", "none", "refused: conflict"),
            ("ada", "accept risk: because", aurora.RISK, "done"),
        ]

    def test_support_staff_see_no_policy(self, bench: Bench) -> None:
        helper = Actor("sue", Role.SUPPORT, "test")
        policy = bench.policy
        for ask in (policy.support, policy.timeline, policy.releases, policy.path, policy.calendar):
            with pytest.raises(NotPermitted):
                ask(helper)
        for show in (policy.windows, policy.contract, policy.facts, policy.risks):
            with pytest.raises(NotPermitted):
                show(helper)
        with pytest.raises(NotPermitted):
            policy.explain(helper, scenes.HOTFIX)

    def test_what_is_declared_is_what_the_rules_are_told(self, bench: Bench) -> None:
        bench.policy.set_contract(ADMIN, ContractChange(valid=True))
        bench.policy.accept_risk(OPERATOR, aurora.RISK, "because")
        facts = bench.knowledge.facts()
        assert facts.contract == HardwareContract(valid=True)
        assert facts.accepted_risks == {aurora.RISK}
        assert facts.nodes == 4
