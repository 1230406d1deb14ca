"""What becomes of a job that breaks: it is tried again, less and less often, and said once it breaks on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

import sqlite
from engine.bench import RUN, Bench, step
from pitstop.engine.alarm import CODE, NotDriven
from pitstop.engine.breaks import STEADY
from pitstop.engine.jobs import EmbeddedJobs
from pitstop.model.errors import InvalidMove, NoSpace
from pitstop.model.findings import Finding
from pitstop.model.run_events import RunEvent, StepSucceeded
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState
from pitstop.ports.jobs import Job, Tell
from pitstop.store.alerts import SqlAlerts
from pitstop.store.database import open_database
from simulators.clock import SimulatedClock

Do = Callable[[str], Awaitable[None]]


def ended(job: Do, clock: SimulatedClock, tell: Tell | None = None) -> list[str]:
    """Have the job done to its good end; what was told meanwhile."""
    told = list[str]()

    async def scene() -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()

        def noted(key: str, error: Exception | None) -> None:
            told.append(f"{key}: {error}")
            if error is None:
                loop.call_soon_threadsafe(end.set)
            if tell is not None:
                tell(key, error)

        jobs = EmbeddedJobs(clock)
        await jobs.start([Job("job", job, tell=noted)])
        jobs.submit("job", RUN)
        async with asyncio.timeout(20):
            await end.wait()
        await jobs.stop()

    asyncio.run(scene())
    return told


def work(breaks: list[Exception], clock: SimulatedClock, takes: timedelta = timedelta(0)) -> Do:
    async def job(_key: str) -> None:
        clock.advance(takes)
        if breaks:
            raise breaks.pop(0)

    return job


def test_a_job_that_breaks_is_tried_again_with_growing_pauses() -> None:
    clock = SimulatedClock()
    ended(work([OSError()] * 7, clock), clock)
    assert [pause.total_seconds() for pause in clock.slept] == [5, 10, 20, 40, 60, 60, 60]


def test_the_third_break_in_a_row_is_told_and_the_good_end_after_it() -> None:
    clock = SimulatedClock()
    told = ended(work([ValueError(1), ValueError(2), ValueError(3), ValueError(4)], clock), clock)
    assert told == ["run-1: 3", "run-1: 4", "run-1: None"]


def test_breaks_with_a_long_time_in_between_are_in_no_row() -> None:
    clock = SimulatedClock()
    assert ended(work([OSError()] * 9, clock, STEADY), clock) == ["run-1: None"]


def test_who_is_told_may_break_too(caplog: pytest.LogCaptureFixture) -> None:
    def tell(_key: str, _error: Exception | None) -> None:
        raise NoSpace("no room for an alert")

    clock = SimulatedClock()
    ended(work([OSError()] * 3, clock), clock, tell)
    assert "cannot be told" in caplog.text


def test_a_run_whose_journal_refuses_a_move_in_the_middle_is_not_dropped(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [step("one", role="first")])
    append, broke = bench.journal.append, list[bool]()

    def refuses_once(tree: RunTree, *events: RunEvent) -> None:
        if isinstance(events[0], StepSucceeded) and not broke:
            broke.append(True)
            raise InvalidMove("the update cannot take it")
        append(tree, *events)

    bench.journal.append = refuses_once  # type: ignore[method-assign] # a failure, simulated
    ended(bench.driver().drive, bench.clock)
    assert broke
    assert bench.tree().run.state is RunState.SUCCEEDED


def test_a_run_that_is_not_driven_has_an_alert_until_it_has_ended(tmp_path: Path) -> None:
    database = open_database(sqlite.laid(tmp_path))
    alerts, seen = SqlAlerts(database), list[Finding]()
    alarm = NotDriven(alerts, SimulatedClock())
    alarm.tell("run-1", ExceptionGroup("side by side", [NoSpace("no room", hint="make room")]))
    seen += [alert.finding for alert in alerts.alerts(active_only=True)]
    alarm.tell("run-1", ZeroDivisionError("oh"))
    seen += [alert.finding for alert in alerts.alerts(active_only=True)]
    alarm.tell("run-1", None)
    assert alerts.alerts(active_only=True) == []
    database.close()
    assert [(item.code, item.subject) for item in seen] == [(CODE, "run run-1")] * 2
    assert ("no room" in seen[0].what, seen[0].remedy, seen[0].detail) == (True, "make room", "")
    assert "ZeroDivisionError" in seen[1].detail
