"""What every journal must hold to: shared by the one in the database and the one in memory.

A subclass gives the fixture ``bench``: a fresh journal that knows the updates ``FIRST`` and ``HOTFIX``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from pitstop.model.alerts import Alert
from pitstop.model.errors import Conflict, EpochLost, InvalidMove, NotFound
from pitstop.model.findings import Finding, Severity
from pitstop.model.inner_steps import InnerStatus, InnerStep
from pitstop.model.packages import PackageType
from pitstop.model.plans import GroupMode, Retry
from pitstop.model.releases import Release, ReleaseId
from pitstop.model.run_events import (
    PhaseEntered,
    RunEvent,
    RunFailed,
    RunResumed,
    RunSucceeded,
    RunTaken,
    StepFailedOnce,
    StepNoted,
    StepReset,
    StepStarted,
    StepSucceeded,
    StepToldOf,
    StepWaited,
)
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step, StepStatus, Waiting
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.ports.journal import Journal

T0 = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
FIRST = Release(
    ReleaseId("north", "star", Version.parse("1.2311.0.5")), "Star1.2311.0.5", PackageType.FULL, "A full one",
    family="2311",
)  # fmt: skip
HOTFIX = Release(
    ReleaseId("north", "star", Version.parse("1.2311.1.6")), "Star1.2311.1.6", PackageType.HOTFIX, "A hotfix",
    families=("2311",),
)  # fmt: skip
BROKEN = Finding(
    "step-failed", Severity.CRITICAL, "node n2", "the disk is full", "free it", detail="a\nb", links=("u",)
)


def at(seconds: int) -> datetime:
    return T0 + timedelta(seconds=seconds)


class World(Protocol):
    """What follows from runs."""

    def update_states(self) -> Mapping[str, UpdateState]: ...

    def installed(self) -> Sequence[Installed]: ...

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]: ...

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> Sequence[Run]: ...

    def run(self, run_id: str) -> Run: ...


@dataclass(frozen=True)
class Bench:
    """A journal under test, and what can be seen of its effects."""

    journal: Journal
    world: World

    def state(self, release: Release = FIRST) -> UpdateState:
        return self.world.update_states()[release.name]

    def begin(
        self, run_id: str = "run-1", release: Release = FIRST, purpose: RunPurpose = RunPurpose.APPLY
    ) -> RunTree:
        """A new run, taken."""
        run = new_run(run_id, release, purpose)
        self.journal.create(run, STEPS, expected=self.state(release))
        return self.journal.take(run_id, "w1", T0)

    def to_phase(self, tree: RunTree, last: Phase) -> None:
        """Enter the phases up to this one."""
        for phase in tuple(Phase)[: tuple(Phase).index(last) + 1]:
            self.journal.append(tree, PhaseEntered(at(1), phase))

    def fail(self, tree: RunTree, index: str = "2", finding: Finding = BROKEN) -> None:
        """Fail the leaf, and the run with it."""
        self.journal.append(tree, StepStarted(index, at(2)))
        self.journal.append(tree, StepFailedOnce(index, at(3), finding, "said so"))
        self.journal.append(tree, RunFailed(at(4), finding))

    def succeed(self, run_id: str, release: Release) -> None:
        tree = self.begin(run_id, release)
        self.to_phase(tree, Phase.INSTALL)
        self.journal.append(tree, RunSucceeded(at(9)))

    def picture(self, run_id: str = "run-1") -> object:
        """All that can be seen: to say that nothing has changed."""
        tree = self.journal.load(run_id)
        history = self.journal.history(run_id)
        world = self.world
        return tree.run, tree.steps, history, world.update_states(), world.installed(), world.alerts()


STEPS = (
    Step("1", "Nodes", "both", mode=GroupMode.PARALLEL, limit=2),
    Step(
        "1.1",
        "On n1",
        "does it",
        kind="script",
        args={"run": ["a", 1, None, True, {"b": 2.5}]},
        node="n1",
        expected=timedelta(seconds=90),
        deadline=timedelta(minutes=3, microseconds=1),
        retry=Retry(3, timedelta(seconds=2)),
        phase=Phase.INSTALL,
    ),
    Step("1.2", "On n2", kind="script", args={"run": ["b"]}, node="n2"),
    Step("2", "At the end", kind="confirm"),
)


def new_run(run_id: str, release: Release = FIRST, purpose: RunPurpose = RunPurpose.APPLY) -> Run:
    return Run(
        id=run_id,
        update=release.name,
        release=release.id,
        purpose=purpose,
        state=RunState.IN_PROGRESS,
        created=T0,
        requested_by="ada",
        from_version="1.2309.0.1",
        to_version=str(release.version),
        plan_sha256="ab" * 32,
        package_sha256="cd" * 32,
    )


class JournalContract:
    """Tests of any journal."""

    def test_a_new_run_is_read_back_as_it_was_written(self, bench: Bench) -> None:
        run = new_run("run-1")
        bench.journal.create(run, STEPS, expected=UpdateState.READY)
        tree = bench.journal.load("run-1")
        assert tree.run == run
        assert tuple(tree.steps.values()) == STEPS
        assert [step.index for step in tree.children("1")] == ["1.1", "1.2"]
        assert bench.journal.history("run-1") == []
        assert bench.world.runs() == [run]
        assert bench.world.run("run-1") == run

    def test_events_are_applied_to_the_tree_and_kept(self, bench: Bench) -> None:
        tree = bench.begin()
        until = at(60)
        bench.to_phase(tree, Phase.INSTALL)
        bench.journal.append(tree, StepStarted("1.1", at(10)), StepStarted("1.2", at(11)))
        bench.journal.append(tree, StepFailedOnce("1.2", at(12), BROKEN, "said so"))
        bench.journal.append(tree, StepWaited("1.2", at(12), "next attempt", until))
        bench.journal.append(tree, StepSucceeded("1.1", at(13), "fine", {"was": "in"}, True))
        kept = bench.journal.load("run-1")
        assert kept.run == tree.run
        assert kept.steps == tree.steps
        first, second = kept.steps["1.1"], kept.steps["1.2"]
        assert (first.status, first.attempt, first.output) == (StepStatus.SUCCEEDED, 1, "fine")
        assert (first.record, first.found_done) == ({"was": "in"}, True)
        assert (first.started, first.ended) == (at(10), at(13))
        assert second.waiting == Waiting("next attempt", at(12), until)
        assert second.finding == BROKEN

    def test_what_a_tree_shows_is_what_the_model_makes_of_its_events(self, bench: Bench) -> None:
        tree = bench.begin()
        by_model = bench.journal.load("run-1")
        events: list[RunEvent] = [PhaseEntered(at(1), phase) for phase in Phase]
        events += [StepStarted("2", at(2)), StepFailedOnce("2", at(3), BROKEN), RunFailed(at(4), BROKEN)]
        bench.journal.append(tree, *events)
        for event in events:
            by_model.apply(event)
        assert (tree.run, tree.steps) == (by_model.run, by_model.steps)

    def test_history_keeps_every_event_in_order(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)
        bench.journal.resume("run-1", "bob", at(5))
        again = bench.journal.take("run-1", "w2", at(6))
        bench.journal.append(again, StepStarted("2", at(7)))
        bench.journal.append(again, StepSucceeded("2", at(8), found_done=True))
        bench.journal.append(again, RunSucceeded(at(9)))
        history = bench.journal.history("run-1")
        assert [record.sequence for record in history] == list(range(1, 15))
        assert [(record.kind, record.index, record.text) for record in history] == [
            ("run-taken", None, "by w1"),
            ("phase-entered", None, "download"),
            ("phase-entered", None, "prepare"),
            ("phase-entered", None, "health-check"),
            ("phase-entered", None, "install"),
            ("step-started", "2", ""),
            ("step-failed-once", "2", "the disk is full"),
            ("run-failed", None, "the disk is full"),
            ("run-resumed", None, "by bob"),
            ("step-reset", "2", ""),
            ("run-taken", None, "by w2"),
            ("step-started", "2", ""),
            ("step-succeeded", "2", "was done already"),
            ("run-succeeded", None, ""),
        ]
        assert [record.at for record in history][-3:] == [at(7), at(8), at(9)]
        assert {record.epoch for record in history[:10]} == {tree.run.epoch}
        assert {record.epoch for record in history[10:]} == {again.run.epoch}

    def test_what_is_not_there_is_not_found(self, bench: Bench) -> None:
        for call in (bench.journal.load, bench.journal.history, bench.world.run):
            with pytest.raises(NotFound, match="run-9"):
                call("run-9")
        with pytest.raises(NotFound, match="run-9"):
            bench.journal.take("run-9", "w", T0)
        with pytest.raises(NotFound, match="run-9"):
            bench.journal.resume("run-9", "ada", T0)
        with pytest.raises(NotFound, match="Unknown1"):
            bench.journal.create(
                replace(new_run("run-1"), update="Unknown1"), STEPS, expected=UpdateState.READY
            )

    # --- one at a time -----------------------------------------------------------------------------------

    def test_no_second_run_while_one_is_in_progress(self, bench: Bench) -> None:
        bench.begin()
        with pytest.raises(Conflict, match="run-1"):
            bench.journal.create(new_run("run-2", HOTFIX), STEPS, expected=UpdateState.READY)
        assert [run.id for run in bench.world.runs()] == ["run-1"]

    def test_no_run_when_the_update_has_moved_on(self, bench: Bench) -> None:
        with pytest.raises(Conflict, match="Ready"):
            bench.journal.create(new_run("run-1"), STEPS, expected=UpdateState.READY_TO_INSTALL)
        assert bench.world.runs() == []

    def test_no_two_runs_of_one_id(self, bench: Bench) -> None:
        bench.fail(bench.begin())
        with pytest.raises(Conflict, match="run-1"):
            bench.journal.create(new_run("run-1"), STEPS, expected=UpdateState.READY)

    def test_no_resume_while_another_is_in_progress(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)
        bench.begin("run-2", HOTFIX)
        before = bench.picture()
        with pytest.raises(Conflict, match="run-2"):
            bench.journal.resume("run-1", "ada", at(9))
        assert bench.picture() == before

    def test_unfinished_are_the_runs_in_progress(self, bench: Bench) -> None:
        assert bench.journal.unfinished() == []
        tree = bench.begin()
        assert bench.journal.unfinished() == ["run-1"]
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)
        assert bench.journal.unfinished() == []
        bench.journal.resume("run-1", "ada", at(9))
        assert bench.journal.unfinished() == ["run-1"]

    def test_runs_are_listed_newest_first(self, bench: Bench) -> None:
        bench.succeed("run-1", FIRST)
        bench.succeed("run-2", HOTFIX)
        assert [run.id for run in bench.world.runs()] == ["run-2", "run-1"]
        assert [run.id for run in bench.world.runs(FIRST.name)] == ["run-1"]

    def test_runs_are_listed_page_by_page(self, bench: Bench) -> None:
        bench.succeed("run-1", FIRST)
        bench.succeed("run-2", HOTFIX)
        assert [run.id for run in bench.world.runs(limit=1)] == ["run-2"]
        assert [run.id for run in bench.world.runs(limit=1, before="run-2")] == ["run-1"]
        assert [run.id for run in bench.world.runs(FIRST.name, limit=1)] == ["run-1"]
        assert bench.world.runs(before="run-1") == bench.world.runs(before="run-0") == []

    # --- epochs ------------------------------------------------------------------------------------------

    def test_epochs_rise_over_all_runs(self, bench: Bench) -> None:
        epochs = [bench.begin().run.epoch]
        tree = bench.journal.take("run-1", "w2", T0)
        epochs.append(tree.run.epoch)
        bench.to_phase(tree, Phase.INSTALL)
        bench.journal.append(tree, RunSucceeded(at(3)))
        epochs.append(bench.begin("run-2", HOTFIX).run.epoch)
        epochs.append(bench.journal.take("run-2", "w1", T0).run.epoch)
        assert epochs == sorted(set(epochs))
        assert epochs[0] > 0

    def test_a_worker_that_lost_the_run_writes_nothing(self, bench: Bench) -> None:
        old = bench.begin()
        bench.to_phase(old, Phase.INSTALL)
        bench.journal.take("run-1", "w2", at(2))
        tree, before = (old.run, dict(old.steps)), bench.picture()
        for events in ([StepStarted("2", at(3))], [RunFailed(at(3), BROKEN)], [RunSucceeded(at(3))]):
            with pytest.raises(EpochLost):
                bench.journal.append(old, *events)
        assert bench.picture() == before
        assert (old.run, old.steps) == tree

    def test_two_trees_of_one_epoch_cannot_both_write(self, bench: Bench) -> None:
        one = bench.begin()
        other = bench.journal.load("run-1")
        bench.journal.append(one, StepStarted("1.1", at(1)))
        before = bench.picture()
        with pytest.raises(Conflict) as caught:
            bench.journal.append(other, StepStarted("1.2", at(2)))
        assert not isinstance(caught.value, EpochLost)
        assert bench.picture() == before

    def test_a_run_that_has_ended_cannot_be_taken(self, bench: Bench) -> None:
        bench.fail(bench.begin())
        before = bench.picture()
        with pytest.raises(InvalidMove, match="failed"):
            bench.journal.take("run-1", "w2", at(9))
        assert bench.picture() == before

    # --- all or none -------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "wrong",
        [
            StepSucceeded("2", at(2)),
            StepStarted("1", at(2)),
            StepStarted("7.7", at(2)),
            RunTaken(at(2), 99, "w"),
            RunResumed(at(2), "ada"),
            PhaseEntered(at(2), Phase.INSTALL),
        ],
        ids=["step-not-begun", "a-group", "no-such-step", "taking", "resuming", "update-cannot-move"],
    )
    def test_events_are_written_all_or_none(self, bench: Bench, wrong: RunEvent) -> None:
        tree = bench.begin()
        inside, before = (tree.run, dict(tree.steps)), bench.picture()
        with pytest.raises(InvalidMove):
            bench.journal.append(tree, StepStarted("1.1", at(1)), wrong)
        assert bench.picture() == before
        assert (tree.run, tree.steps) == inside
        bench.journal.append(tree, StepStarted("1.1", at(3)))

    def test_no_events_change_nothing(self, bench: Bench) -> None:
        tree = bench.begin()
        before = bench.picture()
        bench.journal.append(tree)
        assert bench.picture() == before

    # --- resume ------------------------------------------------------------------------------------------

    def test_resume_resets_failed_leaves_alone(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.journal.append(tree, StepStarted("1.1", at(1)), StepSucceeded("1.1", at(2), "fine"))
        bench.journal.append(tree, StepStarted("1.2", at(2)), StepFailedOnce("1.2", at(3), BROKEN))
        bench.journal.append(tree, RunFailed(at(4), BROKEN))
        bench.journal.resume("run-1", "bob", at(5))
        after = bench.journal.load("run-1")
        assert {index: step.status for index, step in after.steps.items() if step.is_leaf} == {
            "1.1": StepStatus.SUCCEEDED,
            "1.2": StepStatus.PENDING,
            "2": StepStatus.PENDING,
        }
        assert after.steps["1.1"] == tree.steps["1.1"]
        assert after.steps["1.2"].attempt == 1
        run = after.run
        assert (run.state, run.attempt, run.finding, run.ended) == (RunState.IN_PROGRESS, 2, None, None)

    def test_only_a_failed_run_is_resumed(self, bench: Bench) -> None:
        tree = bench.begin()
        with pytest.raises(InvalidMove, match="in-progress"):
            bench.journal.resume("run-1", "ada", at(1))
        bench.to_phase(tree, Phase.INSTALL)
        bench.journal.append(tree, RunSucceeded(at(2)))
        with pytest.raises(InvalidMove, match="succeeded"):
            bench.journal.resume("run-1", "ada", at(3))

    def test_a_failed_preparation_is_not_resumed(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.PREPARE)
        bench.fail(tree)
        before = bench.picture()
        with pytest.raises(InvalidMove, match="PreparationFailed"):
            bench.journal.resume("run-1", "ada", at(9))
        assert bench.picture() == before

    def test_a_run_that_another_followed_is_not_resumed(self, bench: Bench) -> None:
        for name in ("run-1", "run-2"):
            tree = bench.begin(name)
            bench.to_phase(tree, Phase.HEALTH_CHECK)
            bench.fail(tree)
        with pytest.raises(InvalidMove, match="run-2"):
            bench.journal.resume("run-1", "ada", at(9))
        bench.journal.resume("run-2", "ada", at(9))

    def test_a_worker_from_before_the_resume_writes_nothing(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        stale = bench.journal.load("run-1")
        bench.fail(tree)
        bench.journal.resume("run-1", "ada", at(9))
        with pytest.raises(Conflict):
            bench.journal.append(stale, StepStarted("1.1", at(9)))
        bench.journal.take("run-1", "w2", at(9))
        with pytest.raises(EpochLost):
            bench.journal.append(stale, StepStarted("1.1", at(9)))

    def test_what_a_step_tells_of_its_inner_steps_is_kept_with_it(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        first = InnerStep("Say so", "n1", InnerStatus.SUCCEEDED, at(2), at(3), "changed")
        second = InnerStep("Light the lamp", "n1", InnerStatus.IN_PROGRESS, at(3))
        bench.journal.append(tree, StepStarted("2", at(2)), StepToldOf("2", at(3), 0, (first, second)))
        assert bench.journal.load("run-1").steps["2"].inner == (first, second)
        assert bench.journal.history("run-1")[-1].text == "Light the lamp: in-progress"

    def test_what_a_step_notes_is_known_to_its_next_attempt(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.journal.append(
            tree,
            StepStarted("2", at(2)),
            StepNoted("2", at(3), {"was": "1", "task": "/7"}),
            StepWaited("2", at(3), "the task", at(9)),
            StepNoted("2", at(4), {"task": "/8"}),
            StepFailedOnce("2", at(5), BROKEN),
        )
        bench.fail(tree)
        bench.journal.resume("run-1", "bob", at(6))
        again = bench.journal.load("run-1").steps["2"]
        assert (again.status, again.record) == (StepStatus.PENDING, {"was": "1", "task": "/8"})

    def test_the_history_is_read_page_by_page(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        whole = bench.journal.history("run-1")
        assert len(whole) > 2
        assert bench.journal.history("run-1", limit=2) == whole[:2]
        assert bench.journal.history("run-1", after=whole[0].sequence, limit=1) == whole[1:2]
        assert bench.journal.history("run-1", after=whole[-1].sequence) == []

    def test_failures_are_counted_until_the_step_is_reset(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        pause = StepWaited("2", at(2), "next attempt", at(9))
        bench.journal.append(tree, StepStarted("2", at(2)), StepFailedOnce("2", at(2), BROKEN), pause)
        bench.fail(tree)
        assert (tree.steps["2"].attempt, bench.journal.load("run-1").steps["2"].failures) == (2, 2)
        bench.journal.resume("run-1", "bob", at(5))
        again = bench.journal.load("run-1").steps["2"]
        assert (again.attempt, again.failures) == (2, 0)

    # --- what follows ------------------------------------------------------------------------------------

    def test_the_updates_state_follows_the_run(self, bench: Bench) -> None:
        tree = bench.begin()
        assert bench.state() is UpdateState.READY
        seen = []
        for phase in Phase:
            bench.journal.append(tree, PhaseEntered(at(1), phase))
            seen.append(bench.state())
        bench.fail(tree)
        seen.append(bench.state())
        bench.journal.resume("run-1", "ada", at(5))
        seen.append(bench.state())
        bench.journal.append(bench.journal.take("run-1", "w", at(6)), RunSucceeded(at(7)))
        assert [*seen, bench.state()] == [
            UpdateState.DOWNLOADING,
            UpdateState.PREPARING,
            UpdateState.HEALTH_CHECKING,
            UpdateState.INSTALLING,
            UpdateState.INSTALLATION_FAILED,
            UpdateState.INSTALLING,
            UpdateState.INSTALLED,
        ]
        assert bench.state(HOTFIX) is UpdateState.READY

    def test_what_was_installed_is_in_the_ledger_once(self, bench: Bench) -> None:
        bench.succeed("run-1", FIRST)
        bench.succeed("run-2", HOTFIX)
        assert bench.world.installed() == [
            Installed(FIRST.id, PackageType.FULL, "2311", at(9), InstalledBy.RUN, "run-1"),
            Installed(HOTFIX.id, PackageType.HOTFIX, None, at(9), InstalledBy.RUN, "run-2"),
        ]

    def test_a_run_that_only_prepares_installs_nothing(self, bench: Bench) -> None:
        tree = bench.begin(purpose=RunPurpose.PREPARE)
        bench.to_phase(tree, Phase.HEALTH_CHECK)
        bench.journal.append(tree, RunSucceeded(at(9)))
        assert bench.state() is UpdateState.READY_TO_INSTALL
        assert bench.world.installed() == []

    def test_a_failure_raises_an_alert_and_resume_closes_it(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)
        (alert,) = bench.world.alerts()
        assert (alert.finding, alert.raised, alert.refreshed, alert.active) == (BROKEN, at(4), at(4), True)
        bench.journal.resume("run-1", "bob", at(5))
        (alert,) = bench.world.alerts()
        assert (alert.closed, alert.closed_by) == (at(5), "bob")
        assert bench.world.alerts(active_only=True) == []

    def test_a_second_failure_raises_it_anew(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)
        bench.journal.resume("run-1", "bob", at(5))
        bench.fail(bench.journal.take("run-1", "w", at(5)))
        active, closed = bench.world.alerts()
        assert (active.active, closed.active) == (True, False)
        assert active.id != closed.id

    def test_the_same_failure_of_two_updates_is_two_alerts(self, bench: Bench) -> None:
        for name, release in (("run-1", FIRST), ("run-2", HOTFIX)):
            tree = bench.begin(name, release)
            bench.to_phase(tree, Phase.INSTALL)
            bench.fail(tree)
        assert [alert.finding for alert in bench.world.alerts(active_only=True)] == [BROKEN, BROKEN]
        bench.journal.resume("run-2", "bob", at(5))
        of_hotfix, of_first = bench.world.alerts()
        assert (of_hotfix.active, of_first.active) == (False, True)

    def test_a_new_run_of_the_update_closes_its_alert(self, bench: Bench) -> None:
        bench.fail(bench.begin("run-1"))
        bench.begin("run-2", HOTFIX)
        assert len(bench.world.alerts(active_only=True)) == 1
        bench.journal.append(bench.journal.load("run-2"), RunFailed(at(5), replace(BROKEN, subject="x")))
        bench.begin("run-3")
        (left,) = bench.world.alerts(active_only=True)
        assert left.finding.subject == "x"

    def test_reset_steps_are_in_the_history_of_the_attempt(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)
        bench.journal.resume("run-1", "bob", at(5))
        reset = StepReset("2", at(5))
        last = bench.journal.history("run-1")[-1]
        assert (last.index, last.at) == (reset.index, reset.at)
