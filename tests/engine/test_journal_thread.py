"""The journal may wait for the disk or for another's lock: the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import insert

from contracts.journal import FIRST, STEPS, new_run
from pitstop.engine.driver import Driver
from pitstop.engine.journal_thread import journaled
from pitstop.engine.progress import Progress
from pitstop.model.runs import RunState
from pitstop.model.updates import UpdateState
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.database import DATABASE_NAME, open_database
from pitstop.store.journal import SqlJournal
from pitstop.store.payloads import FilePayloads
from pitstop.store.tables import updates
from simulators.clock import SimulatedClock
from simulators.http import SimulatedHttp
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
    database = open_database(tmp_path)
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
