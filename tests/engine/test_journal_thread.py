"""The journal may wait for the disk or for another's lock: the event loop goes on meanwhile, and what is to
be written meanwhile goes to the disk together."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import insert

import sqlite
from contracts.journal import FIRST, STEPS, T0, new_run
from pitstop.engine.driver import Driver
from pitstop.engine.journal_thread import journaled, written
from pitstop.engine.progress import Progress
from pitstop.model.errors import EpochLost, InvalidMove
from pitstop.model.run_events import RunEvent, StepEvent, StepStarted, StepSucceeded
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState, Step, StepStatus
from pitstop.model.updates import UpdateState
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.database import DATABASE_NAME, open_database
from pitstop.store.journal import SqlJournal
from pitstop.store.payloads import FilePayloads
from pitstop.store.tables import updates
from simulators.clock import SimulatedClock
from simulators.http import SimulatedHttp
from simulators.journal import MemoryJournal
from simulators.nodes import SimulatedNodes

from .bench import no_feed, system

HELD_SECONDS = 1.0


async def longest_standstill() -> None:
    """Ends when it is cancelled; what it raises then says the longest time between two beats."""
    longest = 0.0
    try:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
    except asyncio.CancelledError:
        raise TimeoutError(longest) from None


def test_a_busy_database_does_not_stand_the_event_loop_still(tmp_path: Path) -> None:
    database = open_database(sqlite.laid(tmp_path))
    with database.writing() as connection:
        connection.execute(
            insert(updates).values(
                name=FIRST.name,
                publisher="north",
                product="star",
                version=FIRST.version,
                type=FIRST.type,
                family=FIRST.family,
                state=UpdateState.READY_TO_INSTALL,
            )
        )
    journal = SqlJournal(database)
    journal.create(new_run("run-1"), STEPS, expected=UpdateState.READY_TO_INSTALL)
    payloads, clock = FilePayloads(tmp_path), SimulatedClock()
    world = World(system(2), SimulatedNodes(), SimulatedHttp(), payloads, no_feed, clock)
    other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None, check_same_thread=False)

    async def scene() -> float:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(HELD_SECONDS, other.execute, ["COMMIT"]).start()
        beating = asyncio.create_task(longest_standstill())
        await asyncio.sleep(0)
        begun = time.monotonic()
        await Driver(journal, KINDS, lambda: world, Progress(), "worker").drive("run-1")
        assert time.monotonic() - begun >= HELD_SECONDS / 2, "nothing was in the way"
        beating.cancel()
        (said,) = await asyncio.gather(beating, return_exceptions=True)
        assert isinstance(said, TimeoutError)
        return float(said.args[0])

    standstill = asyncio.run(scene())
    assert journal.load("run-1").run.state is not RunState.IN_PROGRESS
    other.close()
    database.close()
    assert standstill < HELD_SECONDS / 2


def test_who_is_cancelled_waits_for_the_write_that_was_begun() -> None:
    begun, release, written = threading.Event(), threading.Event(), list[str]()

    def write() -> None:
        begun.set()
        release.wait(20)
        written.append("all of it")

    async def scene() -> None:
        task = asyncio.create_task(journaled(write))
        await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert written == ["all of it"]

    asyncio.run(scene())


class Slow(MemoryJournal):
    """A journal whose disk is busy until it is let go; it notes what came to it together."""

    def __init__(self) -> None:
        super().__init__([FIRST])
        self.begun, self.free = threading.Event(), threading.Event()
        self.together: list[list[str]] = []

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        self.together.append([event.index for event in events if isinstance(event, StepEvent)])
        self.begun.set()
        self.free.wait(20)
        super().append(tree, *events)


def begun(places: Sequence[str]) -> tuple[Slow, RunTree]:
    """A slow journal with a run of so many steps, taken."""
    slow = Slow()
    steps = [Step(place, f"Step {place}", kind="command") for place in places]
    slow.create(new_run("run-1"), steps, expected=UpdateState.READY)
    return slow, slow.take("run-1", "worker", T0)


def while_the_first_is_written(
    slow: Slow, tree: RunTree, *events: StepEvent
) -> Sequence[BaseException | None]:
    """How the write of each event ends, all but the first asked for while that is under way."""

    async def scene() -> Sequence[BaseException | None]:
        first = asyncio.create_task(written(slow, tree, events[0]))
        await asyncio.to_thread(slow.begun.wait, 20)
        others = [asyncio.create_task(written(slow, tree, event)) for event in events[1:]]
        await asyncio.sleep(0)
        assert not any(task.done() for task in (first, *others))
        slow.free.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    return asyncio.run(scene())


def test_events_that_wait_for_the_disk_go_to_it_together() -> None:
    slow, tree = begun(["1", "2", "3", "4"])
    ends = while_the_first_is_written(slow, tree, *(StepStarted(place, T0) for place in "1234"))
    assert ends == [None] * 4
    assert slow.together == [["1"], ["2", "3", "4"]]
    kept = slow.load("run-1")
    assert {leaf.status for leaf in kept.leaves()} == {StepStatus.IN_PROGRESS}
    assert tree.run == kept.run


def test_a_move_that_is_not_taken_is_refused_to_nobody_beside() -> None:
    slow, tree = begun(["1", "2", "3"])
    wrong = StepSucceeded("2", T0)  # it was never started
    ends = while_the_first_is_written(slow, tree, StepStarted("1", T0), wrong, StepStarted("3", T0))
    assert [type(end) for end in ends] == [type(None), InvalidMove, type(None)]
    statuses = {leaf.index: leaf.status for leaf in slow.load("run-1").leaves()}
    assert statuses == {
        "1": StepStatus.IN_PROGRESS,
        "2": StepStatus.PENDING,
        "3": StepStatus.IN_PROGRESS,
    }


def test_what_the_journal_cannot_do_is_said_to_all_who_waited() -> None:
    slow, tree = begun(["1", "2", "3"])

    async def scene() -> Sequence[BaseException | None]:
        slow.free.set()
        slow.take("run-1", "other", T0)
        writes = (written(slow, tree, StepStarted(place, T0)) for place in "123")
        return await asyncio.gather(*writes, return_exceptions=True)

    assert {type(end) for end in asyncio.run(scene())} == {EpochLost}
    assert {leaf.status for leaf in slow.load("run-1").leaves()} == {StepStatus.PENDING}
