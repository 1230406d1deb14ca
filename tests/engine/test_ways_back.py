"""Runs that are stopped, taken back, cancelled; and whose nodes may fail, pause, or wait for a window."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.bench import RUN, Bench, both_ways, named, rolling, step
from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.errors import InvalidMove
from pitstop.model.plans import Drain, GroupMode, PlanGroup, PlanItem, PlanStep, Retry
from pitstop.model.run_events import StepsAdded, StepStarted
from pitstop.model.run_tree import RunTree, to_void
from pitstop.model.runs import RunState, StepStatus, WindowUse
from pitstop.model.undoing import drained, passed_no_return, point_of_no_return, put_back_steps
from pitstop.model.updates import UpdateState
from pitstop.ports.nodes import Answer
from simulators.nodes import Call

DRAIN = Drain(("ctl", "out"), ("ctl", "back"), ("ctl", "is-out"))


def installed(bench: Bench) -> list[str]:
    """What was begun on nodes since the install began."""
    return bench.ran[3:]


def test_a_stop_waits_for_the_batch_that_has_begun_and_the_run_goes_on_from_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), step("two"))], nodes=3)
    bench.when("one@n1", bench.stop)
    tree = bench.drive()
    assert tree.run.state is RunState.STOPPED
    assert installed(bench) == ["one@n1", "two@n1"]
    assert bench.state() is UpdateState.INSTALLING
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == bench.times()["two@n3"] == 1


def test_a_stop_before_the_install_does_not_wait(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])

    async def stopped_in_mid_download() -> None:
        quick = bench.does

        def slow(call: Call) -> Answer | asyncio.Future[Answer]:
            if named(call) != "download" or not hanging:
                return quick(call)
            bench.stop()
            return ended

        hanging, ended = [True], asyncio.get_running_loop().create_future()
        bench.simulated.does = slow
        await asyncio.wait_for(bench.driver().drive(RUN), 30)
        hanging.clear()
        ended.set_result(Answer(0, "downloaded meanwhile"))
        bench.resume()
        await bench.driver().drive(RUN)

    asyncio.run(stopped_in_mid_download())
    assert bench.tree().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == 1


def test_an_abort_takes_back_in_the_opposite_order_what_was_done_and_nothing_else(tmp_path: Path) -> None:
    items: list[PlanItem] = [both_ways("before", role="first"), rolling(both_ways("one"), both_ways("two"))]
    bench = Bench(tmp_path, items, nodes=3, fails={("two", "n2")})
    assert bench.drive().run.state is RunState.FAILED
    bench.abort()
    tree = bench.drive()
    assert tree.run.state is RunState.ABORTED
    undone = [ran for ran in installed(bench) if ran.startswith("un-")]
    assert undone == ["un-two@n2", "un-one@n2", "un-two@n1", "un-one@n1", "un-before@n1"]
    assert not any(ran.endswith("@n3") for ran in bench.ran)
    assert bench.state() is UpdateState.READY_TO_INSTALL
    assert bench.journal.installed() == []
    assert bench.journal.alerts(active_only=True) == []


def test_an_abort_of_a_running_run_lets_the_step_under_way_end_and_begins_nothing_more(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, [rolling(both_ways("one"), both_ways("two"))])
    bench.when("one@n1", bench.abort)
    assert bench.drive().run.state is RunState.ABORTED
    assert installed(bench) == ["one@n1", "un-one@n1"]


def test_an_abort_at_once_ends_the_step_under_way_on_its_node(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(both_ways("one"))])

    async def aborted_in_mid_step() -> None:
        quick = bench.does

        def slow(call: Call) -> Answer | asyncio.Future[Answer]:
            answer = quick(call)
            if named(call) != "one":
                return answer
            bench.abort(now=True)
            return asyncio.get_running_loop().create_future()

        bench.simulated.does = slow
        await asyncio.wait_for(bench.driver().drive(RUN), 30)

    asyncio.run(aborted_in_mid_step())
    assert bench.tree().run.state is RunState.ABORTED
    assert installed(bench) == ["one@n1", "un-one@n1"]
    assert bench.leaf("one", "n1").status is StepStatus.FAILED


def test_the_way_back_itself_can_fail_and_be_resumed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(both_ways("one"))], fails={("one", "n2"), ("un-one", "n1")})
    bench.drive()
    bench.abort()
    assert bench.drive().run.state is RunState.UNDO_FAILED
    assert bench.state() is UpdateState.INSTALLATION_FAILED
    bench.fails.clear()
    bench.resume()
    tree = bench.drive()
    assert tree.run.state is RunState.ABORTED
    assert bench.times()["un-one@n2"] == 1
    assert bench.times()["un-one@n1"] == 2
    assert bench.leaf("one", "n2").status is StepStatus.FAILED


def test_a_worker_that_is_killed_while_undoing_is_followed_by_one_that_undoes_the_rest(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, [rolling(both_ways("one"), both_ways("two"))], fails={("two", "n2")})
    bench.drive()
    bench.abort()

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    bench.when("un-one@n2", kill)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - in a group or not
        bench.drive()
    assert bench.tree().run.state is RunState.UNDOING
    assert bench.drive("second").run.state is RunState.ABORTED
    assert all(bench.times()[f"un-{name}"] <= 2 for name in ("one@n1", "two@n1", "two@n2"))
    assert bench.times()["un-two@n2"] == 1


def failed_on_a_drained_node(folder: Path) -> Bench:
    """The run has failed on n2, which it had taken out of service."""
    bench = Bench(folder, [rolling(step("one"), drain=DRAIN)], fails={("one", "n2")})
    quick = bench.does

    def says_was_in(call: Call) -> Answer:
        answer = quick(call)
        return (
            Answer(0, "pitstop: was_out=no\n") if "was_out=" in call.script and answer.status == 0 else answer
        )

    bench.simulated.does = says_was_in
    assert bench.drive().run.state is RunState.FAILED
    drained = [ran for ran in bench.ran if "told_out || {" in ran and ran.endswith("@n2")]
    assert drained
    return bench


def put_back(tree: RunTree) -> list[tuple[str | None, StepStatus]]:
    """The nodes that were to be put back when the run was cancelled."""
    back = [leaf for leaf in tree.leaves() if leaf.kind == "undrain" and leaf.undoes is not None]
    return [(leaf.node, leaf.status) for leaf in back]


def test_who_takes_over_while_a_node_is_put_back_after_a_cancel_puts_it_back(tmp_path: Path) -> None:
    bench = failed_on_a_drained_node(tmp_path)
    bench.cancel()
    tree = bench.journal.take(RUN, "killed", bench.clock.now())
    bench.journal.append(tree, StepsAdded(bench.clock.now(), put_back_steps(tree)))
    (back,) = (leaf for leaf in tree.leaves() if leaf.undoes is not None)
    bench.journal.append(tree, StepStarted(back.index, bench.clock.now()))
    tree = bench.drive()
    assert tree.run.state is RunState.CANCELLED
    assert put_back(tree) == [("n2", StepStatus.SUCCEEDED)]


def test_after_an_abort_no_node_is_said_to_be_out_of_service(tmp_path: Path) -> None:
    bench = failed_on_a_drained_node(tmp_path)
    assert [drain.node for drain in drained(bench.tree())] == ["n2"]
    bench.abort()
    tree = bench.drive()
    assert tree.run.state is RunState.ABORTED
    assert [drain.node for drain in drained(tree)] == [], (
        "n1 was put back, taken out to undo it, and put back"
    )


def test_a_run_that_has_ended_for_good_takes_nothing_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])
    bench.when("one@n1", bench.cancel)
    assert bench.drive().run.state is RunState.CANCELLED
    for ask in (bench.stop, bench.abort, bench.cancel, bench.resume):
        with pytest.raises(InvalidMove):
            ask()


@pytest.mark.parametrize(
    ("item", "where"),
    [
        (step("one-way", role="first"), "4.1.1"),
        (replace(both_ways("declared", role="first"), no_return=True), "4.1"),
        (replace(step("nothing", role="first"), undo=()), None),
        (PlanStep("asks", "probe", args={"command": ["true"]}, role="first"), None),
    ],
)
def test_the_point_of_no_return_is_declared_or_the_first_step_that_cannot_be_taken_back(
    tmp_path: Path, item: PlanStep, where: str | None
) -> None:
    bench = Bench(tmp_path, [item, both_ways("last", role="first")])
    point = point_of_no_return(bench.tree())
    assert (point.index if point else None) == where
    assert passed_no_return(bench.tree()) is None
    tree = bench.drive()
    passed = passed_no_return(tree)
    assert (passed.index if passed else None) == where


def test_nodes_that_may_fail_do_not_keep_the_others_waiting_and_are_resumed_alone(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path,
        [rolling(step("one"), step("two"), may_fail="50%"), step("after", role="first")],
        nodes=4,
        fails={("one", "n1"), ("two", "n3")},
    )
    assert bench.drive().run.state is RunState.FAILED
    assert bench.times()["two@n2"] == bench.times()["two@n4"] == 1
    assert "after@n1" not in bench.ran
    bench.fails.clear()
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n2"] == bench.times()["two@n4"] == 1
    assert bench.times()["one@n1"] == bench.times()["two@n3"] == 2


def test_one_failure_more_than_may_be_stops_the_roll(tmp_path: Path) -> None:
    fails = {("one", "n1"), ("one", "n2")}
    bench = Bench(tmp_path, [rolling(step("one"), may_fail=1)], nodes=4, fails=fails)
    assert bench.drive().run.state is RunState.FAILED
    assert installed(bench) == ["one@n1", "one@n2"]


def test_between_two_batches_the_pause_is_waited_and_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), pause=timedelta(minutes=3))], nodes=3)
    tree = bench.drive()
    assert tree.run.state is RunState.SUCCEEDED
    assert bench.clock.slept == [timedelta(minutes=3)] * 2


def test_the_delay_before_a_retry_grows_up_to_its_longest(tmp_path: Path) -> None:
    retry = Retry(5, timedelta(seconds=10), 3.0, timedelta(seconds=60))
    bench = Bench(tmp_path, [step("one", role="first", retry=retry)], fails={("one", "n1")})
    bench.drive()
    assert [slept.total_seconds() for slept in bench.clock.slept] == [10, 30, 60, 60]


def test_leaders_come_last_and_a_condition_leaves_out_what_does_not_hold(tmp_path: Path) -> None:
    late = FactTest("bench", Comparison.IS, ("yes",))
    bench = Bench(tmp_path, [rolling(step("one"), last="first", batch=2)], nodes=4)
    bench.drive()
    assert [ran.partition("@")[2] for ran in installed(bench)] == ["n2", "n3", "n4", "n1"]
    bench = Bench(tmp_path, [PlanGroup("g", GroupMode.SEQUENCE, (step("two", role="first"),))])
    assert late.fact == "bench"


@dataclass
class Window:
    """One window that closes at a moment; the next opens a day later."""

    closes: datetime

    def open_until(self, at: datetime) -> datetime | None:
        return self.closes if at < self.closes else None

    def next_opening(self, after: datetime, need: timedelta) -> datetime | None:
        return self.closes + timedelta(days=1) if need < timedelta(hours=1) else None


def test_a_run_that_keeps_to_windows_stops_before_the_batch_that_does_not_fit(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path,
        [rolling(step("one", expected=timedelta(minutes=20)), pause=timedelta(minutes=20))],
        nodes=3,
        windows=WindowUse.SPREAD,
    )
    bench.hours = Window(bench.clock.now() + timedelta(minutes=50))
    tree = bench.drive()
    assert tree.run.state is RunState.STOPPED
    assert tree.run.goes_on == bench.hours.closes + timedelta(days=1)
    assert installed(bench) == ["one@n1", "one@n2"]


def test_what_was_done_on_a_machine_that_is_gone_is_done_again_there_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [rolling(step("one"), step("two"))], nodes=3, fails={("two", "n3")})
    bench.drive()
    bench.clock.advance(timedelta(hours=1))
    bench.simulated.replace("n1")
    void = to_void(bench.tree(), {"n1": bench.clock.now()})
    bench.fails.clear()
    bench.journal.resume(RUN, "operator", bench.clock.now(), void)
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == bench.times()["two@n1"] == 2
    assert bench.times()["one@n2"] == bench.times()["one@n3"] == 1


def test_nothing_is_taken_back_on_a_node_that_may_still_act(tmp_path: Path) -> None:
    """It cannot be reached for ending what is under way there; once it can, that is ended first."""
    bench = Bench(tmp_path, [rolling(both_ways("one"))])

    async def out_of_reach_in_mid_step() -> None:
        quick = bench.does

        def slow(call: Call) -> Answer | asyncio.Future[Answer]:
            answer = quick(call)
            if named(call) != "one":
                return answer
            bench.abort(now=True)
            bench.simulated.unplug("n1")
            return asyncio.get_running_loop().create_future()

        bench.simulated.does = slow
        await asyncio.wait_for(bench.driver().drive(RUN), 30)
        assert bench.tree().run.state is RunState.UNDO_FAILED
        assert bench.leaf("one", "n1").status is StepStatus.IN_PROGRESS
        assert "un-one@n1" not in bench.ran
        bench.simulated.plug("n1")
        bench.resume()
        await asyncio.wait_for(bench.driver("second").drive(RUN), 30)

    asyncio.run(out_of_reach_in_mid_step())
    assert bench.tree().run.state is RunState.ABORTED
    assert installed(bench) == ["one@n1", "un-one@n1"]
