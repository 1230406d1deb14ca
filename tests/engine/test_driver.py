"""What the driver does with groups, failures, retries, and runs that were cut short."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from engine.bench import RELEASE, RUN, Bench, named, rolling, step
from pitstop.model.errors import Conflict, StepFailed
from pitstop.model.findings import Finding, Severity
from pitstop.model.inner_steps import InnerStatus, InnerStep
from pitstop.model.plans import GroupMode, PlanGroup, PlanStep, Retry
from pitstop.model.run_events import (
    PhaseEntered,
    RunEvent,
    StepEvent,
    StepFailedOnce,
    StepStarted,
    StepSucceeded,
    StepWaited,
)
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, RunState, StepStatus
from pitstop.model.updates import UpdateState
from pitstop.ports.deadlines import waiting_for_a_turn
from pitstop.ports.nodes import Answer
from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.table import KINDS
from simulators.journal import MemoryJournal
from simulators.nodes import Call


class Busy:
    """A journal that is busy, once, when an event of this type is to be written of the last leaf."""

    def __init__(self, journal: MemoryJournal, event: type[StepEvent]) -> None:
        self._journal = journal
        self._event: type[StepEvent] | None = event

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        last = tree.leaves()[-1].index
        wanted = self._event
        if wanted and any(isinstance(event, wanted) and event.index == last for event in events):
            self._event = None
            raise Conflict("the database is busy")
        self._journal.append(tree, *events)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


OTHERS = ["download@n1", "prepare@n1", "health-check@n1"]


def test_a_run_does_every_step_once_in_the_order_of_its_plan(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("before", role="host"), rolling(step("one"), step("two"))])
    tree = bench.drive()
    assert tree.run.state is RunState.SUCCEEDED
    assert bench.ran[:3] == OTHERS
    assert sorted(bench.ran[3:5]) == ["before@n1", "before@n2"]
    assert bench.ran[5:] == ["one@n1", "two@n1", "one@n2", "two@n2"]
    assert bench.state() is UpdateState.INSTALLED
    assert [entry.release for entry in bench.journal.installed()] == [RELEASE.id]


def test_a_failure_stops_the_roll_before_more_nodes_are_touched(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), step("two"))], nodes=3, fails={("two", "n1")})
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert {ran.partition("@")[2] for ran in bench.ran} == {"n1"}
    assert bench.leaf("one", "n2").status is StepStatus.PENDING
    assert bench.state() is UpdateState.INSTALLATION_FAILED
    finding = tree.run.finding
    assert finding is not None
    assert finding.code == "step-failed"
    assert "two says no" in finding.what
    assert "Touched so far: n1." in finding.impact


def test_what_is_under_way_beside_a_failure_comes_to_its_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), step("two"), batch=2)], nodes=4, fails={("one", "n1")})
    bench.drive()
    assert "two@n1" not in bench.ran
    assert "two@n2" in bench.ran
    assert not any(ran.endswith(("n3", "n4")) for ran in bench.ran)


def test_after_a_failure_a_limited_group_begins_no_further_item(tmp_path: Path) -> None:
    items = tuple(step(name, role="first") for name in ("a", "b", "c"))
    bench = Bench(tmp_path, [PlanGroup("some", GroupMode.PARALLEL, items, limit=1)], fails={("a", "n1")})
    bench.drive()
    assert bench.ran == [*OTHERS, "a@n1"]


def test_a_resumed_run_goes_on_at_the_failed_step_and_does_nothing_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), step("two"), step("three"))], fails={("two", "n1")})
    bench.drive()
    bench.fails.clear()
    bench.resume()
    tree = bench.drive()
    assert tree.run.state is RunState.SUCCEEDED
    assert tree.run.attempt == 2
    assert bench.times()["two@n1"] == 2
    assert all(count == 1 for ran, count in bench.times().items() if ran != "two@n1")
    assert bench.state() is UpdateState.INSTALLED


def test_a_resume_probes_the_failed_step_before_it_is_done_again(tmp_path: Path) -> None:
    mended = step("one", role="first", done_when=["test", "-e", "there"])
    bench = Bench(tmp_path, [mended], fails={("one", "n1")})
    bench.drive()
    bench.done.add("n1")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == 1
    assert bench.leaf("one", "n1").found_done


def test_a_step_is_tried_as_often_as_its_plan_says_with_the_pause_between(tmp_path: Path) -> None:
    retry = Retry(3, timedelta(seconds=40))
    bench = Bench(tmp_path, [step("one", role="first", retry=retry)], fails={("one", "n1")})
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert bench.times()["one@n1"] == 3
    assert bench.clock.slept == [timedelta(seconds=40)] * 2


def test_a_step_past_its_deadline_fails_and_is_ended_on_its_node(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("slow", role="first", deadline=timedelta(milliseconds=50))])
    quick = bench.does

    def slow(call: Call) -> Answer | asyncio.Future[Answer]:
        return asyncio.get_running_loop().create_future() if named(call) == "slow" else quick(call)

    bench.simulated.does = slow
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert bench.leaf("slow", "n1").finding is not None


def test_a_step_is_not_late_for_having_waited_for_its_turn(tmp_path: Path) -> None:
    async def waits(_context: StepContext, _args: object) -> Done:
        with waiting_for_a_turn():
            await asyncio.sleep(0.2)
        return Done("its turn came")

    command = KINDS["command"]
    patient: StepKind[object] = replace(command, act=waits)  # type: ignore[type-var]
    bench = Bench(tmp_path, [step("one", role="first", deadline=timedelta(milliseconds=50))])
    bench.kinds = {**KINDS, "command": patient}
    assert bench.drive().run.state is RunState.SUCCEEDED


def test_a_step_that_was_begun_by_a_killed_worker_is_attached_to_not_begun_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first"), step("two", role="first")])

    async def killed_in_mid_step() -> None:
        ended: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        quick = bench.does

        def slow(call: Call) -> Answer | asyncio.Future[Answer]:
            answer = quick(call)
            return ended if named(call) == "one" else answer

        bench.simulated.does = slow
        worker = asyncio.create_task(bench.driver("first").drive(RUN))
        while "one@n1" not in bench.ran:  # noqa: ASYNC110 - the loop itself is watched
            await asyncio.sleep(0)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        ended.set_result(Answer(0, "done meanwhile"))
        await bench.driver("second").drive(RUN)

    asyncio.run(killed_in_mid_step())
    assert bench.tree().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == 1
    assert bench.leaf("one", "n1").output == "done meanwhile"
    assert bench.tree().run.epoch == 2


async def ends_well_unseen(bench: Bench, name: str) -> None:
    """A worker is killed while the step is done on n1; it ends well there, and the node is full then."""
    ended: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    quick = bench.does

    def slow(call: Call) -> Answer | asyncio.Future[Answer]:
        answer = quick(call)
        return ended if named(call) == name else answer

    bench.simulated.does = slow
    worker = asyncio.create_task(bench.driver("killed").drive(RUN))
    while f"{name}@n1" not in bench.ran:  # noqa: ASYNC110 - the loop itself is watched
        await asyncio.sleep(0)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    ended.set_result(Answer(0, "done meanwhile"))
    bench.simulated.fill("n1")
    await bench.driver("next").drive(RUN)
    finding = bench.tree().run.finding
    assert finding is not None
    assert finding.code == "node-full"


def test_a_step_of_which_its_node_cannot_say_how_it_ended_is_not_begun_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])

    async def scene() -> None:
        await ends_well_unseen(bench, "one")
        for worker in ("third", "fourth"):
            bench.resume()
            await bench.driver(worker).drive(RUN)
            assert bench.tree().run.state is RunState.FAILED
        bench.simulated.fill("n1", full=False)
        bench.resume()
        await bench.driver("fifth").drive(RUN)

    asyncio.run(scene())
    assert bench.tree().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == 1
    assert bench.leaf("one", "n1").output == "done meanwhile"


def test_a_good_end_that_a_resume_finds_is_not_forgotten_where_its_worker_is_killed_then(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])

    async def scene() -> None:
        await ends_well_unseen(bench, "one")
        bench.simulated.fill("n1", full=False)
        bench.resume()
        whole = bench.journal
        bench.journal = cast("MemoryJournal", Busy(whole, StepSucceeded))
        await asyncio.gather(bench.driver("third").drive(RUN), return_exceptions=True)
        assert bench.leaf("one", "n1").status is not StepStatus.SUCCEEDED
        bench.journal = whole
        await bench.driver("fourth").drive(RUN)

    asyncio.run(scene())
    assert bench.tree().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == 1


@pytest.mark.parametrize("found", [True, False])
def test_a_step_that_was_never_begun_on_its_node_is_probed_then_done(tmp_path: Path, *, found: bool) -> None:
    bench = Bench(tmp_path, [step("one", role="first", done_when=["test", "-e", "there"])])
    tree = bench.journal.take(RUN, "killed", bench.clock.now())
    index = bench.leaf("download", "n1").index
    bench.journal.append(tree, StepStarted(index, bench.clock.now()))
    if found:
        bench.done.add("n1")
    ended = bench.drive()
    assert ended.run.state is RunState.SUCCEEDED
    assert bench.times()["download@n1"] == 1


def test_a_worker_that_lost_its_epoch_acts_and_writes_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), step("two"))])
    quick = bench.does

    def overtaken(call: Call) -> Answer:
        if named(call) == "one" and call.node == "n1":
            bench.journal.take(RUN, "other", bench.clock.now())
        return quick(call)

    bench.simulated.does = overtaken
    tree = bench.drive()
    assert tree.run.state is RunState.IN_PROGRESS
    assert bench.ran == [*OTHERS, "one@n1"]
    assert bench.leaf("one", "n1").status is StepStatus.IN_PROGRESS


def test_tries_are_counted_over_a_restart_and_anew_after_a_resume(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first", retry=Retry(3))], fails={("one", "n1")})
    quick = bench.does

    def killed_after_two(call: Call) -> Answer:
        if bench.times()["one@n1"] == 2:
            bench.journal.take(RUN, "other", bench.clock.now())
        return quick(call)

    bench.simulated.does = killed_after_two
    bench.drive("first")
    assert bench.leaf("one", "n1").failures == 2
    bench.simulated.does = quick
    assert bench.drive("second").run.state is RunState.FAILED
    assert bench.times()["one@n1"] == 3
    bench.resume()
    assert bench.drive("third").run.state is RunState.FAILED
    assert bench.times()["one@n1"] == 6


@pytest.mark.parametrize("event", [StepStarted, StepSucceeded, StepFailedOnce])
def test_what_the_journal_breaks_with_is_no_failure_of_the_step(
    tmp_path: Path, event: type[StepEvent]
) -> None:
    bench = Bench(tmp_path, [step("one", role="first", retry=Retry(2))])
    if event is StepFailedOnce:
        bench.fails.add(("one", "n1"))
    journal = Busy(bench.journal, event)
    bench.journal = journal  # type: ignore[assignment] # it is one, but for the write that breaks
    with pytest.raises(ExceptionGroup) as broken:
        bench.drive()
    assert broken.group_contains(Conflict, match="busy")
    assert bench.tree().run.state is RunState.IN_PROGRESS
    bench.fails.clear()
    assert bench.drive("again").run.state is RunState.SUCCEEDED
    assert bench.leaf("one", "n1").failures <= 1


def test_a_pause_before_the_next_attempt_is_kept_over_a_restart(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [])
    now = bench.clock.now()
    tree = bench.journal.take(RUN, "killed", now)
    index = bench.leaf("download", "n1").index
    failed = Finding("step-failed", Severity.CRITICAL, "step", "it was busy", "wait")
    bench.journal.append(
        tree,
        StepFailedOnce(index, now, failed),
        StepWaited(index, now, "next attempt", now + timedelta(seconds=3)),
    )
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.clock.slept == [timedelta(seconds=3)]


def test_a_pause_is_no_longer_than_the_plan_says_though_the_clock_was_set_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [])
    now = bench.clock.now()
    tree = bench.journal.take(RUN, "killed", now)
    index = bench.leaf("download", "n1").index
    failed = Finding("step-failed", Severity.CRITICAL, "step", "it was busy", "wait")
    bench.journal.append(
        tree,
        StepFailedOnce(index, now, failed),
        StepWaited(index, now, "next attempt", now + timedelta(seconds=5)),
    )
    bench.clock.advance(timedelta(days=-400))
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.clock.slept == [timedelta(seconds=5)]


def test_nodes_that_have_seen_a_higher_epoch_fail_the_run_by_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])
    first = bench.system.nodes[0]
    asyncio.run(bench.simulated.attach(first, "other-1-1", epoch=50, deadline=timedelta(seconds=1)))
    finding = bench.drive().run.finding
    assert finding is not None
    assert finding.code == "epoch-behind"
    assert "n1" in finding.what
    assert "raise-epoch" in finding.remedy


def test_an_operation_that_hangs_since_its_worker_was_killed_is_ended_at_its_deadline(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("slow", role="first", deadline=timedelta(milliseconds=60))])
    quick = bench.does

    async def killed_while_it_hangs() -> None:
        begun = asyncio.Event()

        def slow(call: Call) -> Answer | asyncio.Future[Answer]:
            if named(call) != "slow" or begun.is_set():
                return quick(call)
            begun.set()
            return asyncio.get_running_loop().create_future()

        bench.simulated.does = slow
        worker = asyncio.create_task(bench.driver("first").drive(RUN))
        await begun.wait()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await bench.driver("second").drive(RUN)
        assert bench.tree().run.state is RunState.FAILED
        bench.resume()
        await bench.driver("third").drive(RUN)

    asyncio.run(killed_while_it_hangs())
    assert bench.tree().run.state is RunState.SUCCEEDED


def test_what_was_under_way_beside_a_failure_is_settled_after_a_kill_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="host")])
    now = bench.clock.now()
    tree = bench.journal.take(RUN, "killed", now)
    for early in [leaf for leaf in bench.tree().leaves() if leaf.phase]:
        phase = early.phase or Phase.DOWNLOAD
        events = (PhaseEntered(now, phase), StepStarted(early.index, now), StepSucceeded(early.index, now))
        bench.journal.append(tree, *events)
    one, two = bench.leaf("one", "n1").index, bench.leaf("one", "n2").index
    finding = Finding("step-failed", Severity.CRITICAL, "step", "it broke", "mend it")
    bench.journal.append(tree, PhaseEntered(now, Phase.INSTALL), StepStarted(one, now), StepStarted(two, now))
    bench.journal.append(tree, StepFailedOnce(one, now, finding))
    assert bench.drive().run.state is RunState.FAILED
    assert bench.leaf("one", "n2").status is StepStatus.SUCCEEDED


def test_a_node_that_is_not_declared_any_more_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="host")], fails={("one", "n2")})
    bench.drive()
    bench.system = replace(bench.system, nodes=bench.system.nodes[:1])
    bench.resume()
    finding = bench.drive().run.finding
    assert finding is not None
    assert "node n2 is not declared" in finding.what


def test_an_install_that_has_nothing_to_do_here_ends_as_installed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="nobody")])
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.state() is UpdateState.INSTALLED


def test_a_kind_that_breaks_fails_its_step_and_says_that_it_is_a_bug(tmp_path: Path) -> None:
    async def breaks(_context: StepContext, _args: object) -> Done:
        raise ZeroDivisionError("oh")

    command = KINDS["command"]
    broken: StepKind[object] = replace(command, act=breaks)  # type: ignore[type-var]
    bench = Bench(tmp_path, [step("one", role="first")])
    bench.kinds = {**KINDS, "command": broken}
    finding = bench.drive().run.finding
    assert finding is not None
    assert finding.code == "internal-error"
    assert "ZeroDivisionError" in finding.what
    assert "Traceback" in finding.detail


def test_a_step_of_an_unknown_kind_fails_by_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [PlanStep("odd", "teleport", role="first")])
    finding = bench.drive().run.finding
    assert finding is not None
    assert finding.code == "invalid-plan"
    assert "'teleport'" in finding.what


def test_a_run_over_no_nodes_of_a_role_has_nothing_to_do_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="nobody"), step("two", role="first")])
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.ran == [*OTHERS, "two@n1"]


def test_a_run_that_has_ended_is_not_driven_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])
    bench.drive()
    before = bench.journal.history(RUN)
    bench.drive()
    assert bench.journal.history(RUN) == before


def test_hundreds_of_nodes_are_rolled_over_in_batches(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(*(step(f"s{i}") for i in range(5)), batch=8)], nodes=256)
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert len(bench.ran) == 3 + 256 * 5
    assert set(bench.times().values()) == {1}


def test_nothing_new_is_begun_on_a_node_that_cannot_say_what_became_of_the_old(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")], fails={("one", "n1")})
    bench.drive()
    bench.resume()
    bench.simulated.unplug("n1")
    finding = bench.drive().run.finding
    assert finding is not None
    assert finding.code == "unreachable"
    assert bench.times()["one@n1"] == 1
    assert bench.leaf("one", "n1").attempt == 1


def test_a_step_that_failed_for_good_before_its_worker_was_killed_fails_the_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])
    now = bench.clock.now()
    tree = bench.journal.take(RUN, "killed", now)
    index = bench.leaf("download", "n1").index
    finding = Finding("step-failed", Severity.CRITICAL, "step 1", "it broke", "mend it")
    bench.journal.append(tree, PhaseEntered(now, Phase.DOWNLOAD), StepStarted(index, now))
    bench.journal.append(tree, StepFailedOnce(index, now, finding))
    ended = bench.drive().run
    assert ended.state is RunState.FAILED
    assert ended.finding == finding
    assert bench.ran == []
    assert bench.state() is UpdateState.DOWNLOAD_FAILED


def test_what_a_steps_tool_tells_is_written_and_what_it_was_at_is_cut_short_by_its_failure(
    tmp_path: Path,
) -> None:
    command = KINDS["command"]
    kept: list[tuple[InnerStep, ...]] = []

    async def tells(context: StepContext, _args: object) -> Done:
        if context.step.name != "play on n1":
            return Done()
        now = context.world.clock.now()
        first = InnerStep("first", "n1", InnerStatus.IN_PROGRESS, now)
        await context.tell(0, [first])
        kept.append(bench.journal.load(RUN).steps[context.step.index].inner)
        ended = replace(first, status=InnerStatus.SUCCEEDED, ended=now, said="changed")
        await context.tell(0, [ended, replace(first, name="second")])
        raise StepFailed("the second breaks")

    bench = Bench(tmp_path, [step("play", role="first")])
    bench.kinds = {**KINDS, "command": replace(command, act=tells)}
    tree = bench.drive()
    assert [[each.name for each in told] for told in kept] == [["first"]]
    assert [(each.name, each.status, each.said) for each in bench.leaf("play", "n1").inner] == [
        ("first", InnerStatus.SUCCEEDED, "changed"),
        ("second", InnerStatus.FAILED, "cut short"),
    ]
    assert tree.run.finding is not None
    assert "the second breaks" in tree.run.finding.what
