"""What was shown of updates that go on, and of those that had ended, and was not so."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.bench import RUN, Bench, both_ways, rolling, step
from pitstop.model.plans import GroupMode, PlanGroup, Retry
from pitstop.model.runs import RunState
from pitstop.ports.nodes import Answer
from pitstop.service.outlooks import Outlooks
from pitstop.service.step_sizes import StepSizes
from pitstop.store.payloads import FilePayloads
from simulators.nodes import Call


def outlooks(bench: Bench) -> Outlooks:
    return Outlooks(bench.journal, bench.journal, StepSizes(FilePayloads(bench.folder)))


def percent(bench: Bench, seen: Outlooks) -> float:
    return seen.of(bench.tree(), bench.clock.now(), lambda _index: None).percent


def overtaken(bench: Bench) -> None:
    """By another worker."""
    bench.journal.take(RUN, "other", bench.clock.now())


def test_the_progress_shown_does_not_go_back(tmp_path: Path) -> None:
    """A progress bar jumped back and forth, as parts that were counted came and went (ceph/ceph 39880). Here
    also while nodes go on side by side, one takes far longer than was said, and the worker is killed."""
    beside = PlanGroup("beside", GroupMode.PARALLEL, (step("a", role="host"), step("b", role="first")))
    minute = timedelta(minutes=1)
    bench = Bench(tmp_path, [beside, rolling(step("one", expected=minute), step("two"), batch=2)], nodes=5)
    seen, shown = outlooks(bench), list[float]()
    quick = bench.does

    def does(call: Call) -> Answer:
        for _ in range(6):
            shown.append(percent(bench, seen))
            bench.clock.advance(timedelta(seconds=30))
        return quick(call)

    bench.simulated.does = does
    bench.when("one@n3", lambda: overtaken(bench))
    bench.drive("first")
    assert bench.tree().run.state is RunState.IN_PROGRESS, "another worker has it"
    bench.drive("second")
    shown.append(percent(bench, seen))
    assert shown == sorted(shown)
    assert shown[-1] == 100.0
    assert 0 < shown[len(shown) // 2] < 100


def test_a_step_is_not_done_because_its_time_is_over(tmp_path: Path) -> None:
    """A page counted the expected seconds down, and then said that all was done
    (rockstor/rockstor-core 1291)."""
    bench = Bench(tmp_path, [step("one", role="first", expected=timedelta(seconds=1))])
    seen = outlooks(bench)

    async def slow() -> None:
        ended: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        quick = bench.does
        bench.simulated.does = lambda call: ended if "#one" in call.script else quick(call)
        driving = asyncio.create_task(bench.driver().drive(RUN))
        while bench.leaf("one", "n1").started is None:  # noqa: ASYNC110 - the journal tells nobody
            await asyncio.sleep(0.001)
        bench.clock.advance(timedelta(minutes=9))
        outlook = seen.of(bench.tree(), bench.clock.now(), lambda _index: None)
        assert outlook.percent < 100
        assert outlook.left is not None
        assert outlook.left.mean > 0
        assert outlook.late == {bench.leaf("one", "n1").index}, "and it is said to be late"
        assert bench.tree().run.state is RunState.IN_PROGRESS
        ended.set_result(Answer(0, ""))
        await driving

    asyncio.run(slow())
    assert percent(bench, seen) == 100.0


@pytest.mark.parametrize("end", [RunState.SUCCEEDED, RunState.FAILED, RunState.ABORTED, RunState.CANCELLED])
def test_no_end_is_silent(tmp_path: Path, end: RunState) -> None:
    """An upgrade ended without a word; whoever had not looked all the time did not learn how
    (ceph/ceph 41263)."""
    bench = Bench(tmp_path, [rolling(both_ways("one"))])
    if end is RunState.FAILED:
        bench.fails.add(("one", "n2"))
    if end is RunState.ABORTED:
        bench.when("one@n1", bench.abort)
    if end is RunState.CANCELLED:
        bench.when("one@n1", bench.cancel)
    run = bench.drive().run
    assert run.state is end
    assert run.ended is not None
    assert bench.journal.history(RUN)[-1].kind == f"run-{end}"
    raised = [alert.finding for alert in bench.journal.alerts(active_only=True)]
    assert raised == ([run.finding] if end in (RunState.FAILED, RunState.CANCELLED) else [])
    assert len(bench.journal.installed()) == (1 if end is RunState.SUCCEEDED else 0)


def test_nobody_is_called_for_what_mends_itself(tmp_path: Path) -> None:
    """A flag said "contact support" while all went as it should (oxidecomputer/omicron 10271 and 11156)."""
    again = Retry(3, timedelta(seconds=10))
    bench = Bench(tmp_path, [step("one", role="first", retry=again)], fails={("one", "n1")})
    quick, raised = bench.does, list[object]()

    def does(call: Call) -> Answer:
        raised.extend(bench.journal.alerts(active_only=True))
        if bench.times()["one@n1"] == 2:
            bench.fails.clear()
        return quick(call)

    bench.simulated.does = does
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["one@n1"] == 3
    assert raised == []
    assert bench.journal.alerts() == []


def test_a_call_for_help_does_not_outlive_its_cause(tmp_path: Path) -> None:
    """The same flag stayed once the cause was gone (oxidecomputer/omicron 11156)."""
    bench = Bench(tmp_path, [rolling(step("one"))], fails={("one", "n2")})
    bench.drive()
    assert [alert.finding.code for alert in bench.journal.alerts(active_only=True)] == ["step-failed"]
    bench.resume()
    assert bench.journal.alerts(active_only=True) == []
    bench.fails.clear()
    bench.drive()
    assert bench.journal.alerts(active_only=True) == []
