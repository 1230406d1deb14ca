"""What every worker holds to, whatever its jobs are kept in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from pitstop.model.errors import NoSpace
from pitstop.ports.jobs import Job, Recurring, Worker

WAIT_SECONDS = 20
KEY = "run-1"


Hire = Callable[[], Worker]
"""Makes another worker beside those before it (embedded: there is but one)."""


@dataclass(frozen=True)
class Hired:
    """A worker, and what it is to do from its start."""

    worker: Worker
    jobs: Sequence[Job] = ()
    recurring: Sequence[Recurring] = ()

    async def start(self) -> None:
        await self.worker.start(self.jobs, self.recurring)


@dataclass
class Log:
    """Work that notes what is done.

    Attributes:
        breaks: what the next times break with.
        goes_on: the work does not end before this is set.
    """

    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    breaks: list[Exception] = field(default_factory=list)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def do(self, key: str) -> None:
        self.begun.append(key)
        if self.breaks:
            raise self.breaks.pop(0)
        await self.goes_on.wait()
        self.ended.append(key)

    def tell(self, key: str, error: Exception | None) -> None:
        self.told.append((key, str(error)))


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not holds():  # noqa: ASYNC110 - what is waited for is of other threads and processes too
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def working(*all_hired: Hired) -> AsyncIterator[Worker]:
    """While they work; the first of them."""
    for hired in all_hired:
        await hired.start()
    try:
        yield all_hired[0].worker
    finally:
        for hired in all_hired:
            await hired.worker.stop()


def played(scene: Callable[[Log], Awaitable[None]]) -> Log:
    """The log after the scene; its work ends at once, unless the scene holds it."""

    async def play() -> Log:
        log = Log()
        log.goes_on.set()
        await scene(log)
        return log

    return asyncio.run(play())


class JobsContract:
    """Subclasses give the fixture ``hire``."""

    def test_what_is_submitted_is_done_once_for_each_key(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                worker.submit("job", "a")
                worker.submit("job", "b")
                await until(lambda: sorted(log.ended) == ["a", "b"])

        assert sorted(played(scene).begun) == ["a", "b"]

    def test_it_may_be_submitted_from_any_thread(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                await asyncio.to_thread(worker.submit, "job", KEY)
                await until(lambda: log.ended == [KEY])

        played(scene)

    def test_a_key_is_worked_on_once_at_a_time_and_once_more_where_it_was_submitted_meanwhile(
        self, hire: Hire
    ) -> None:
        async def scene(log: Log) -> None:
            log.goes_on.clear()
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                worker.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
                for _ in range(3):
                    worker.submit("job", KEY)
                worker.submit("job", "other")
                await until(lambda: log.begun == [KEY, "other"])
                log.goes_on.set()
                await until(lambda: log.ended.count(KEY) == 2)
                await asyncio.sleep(0.5)

        assert sorted(played(scene).begun) == ["other", KEY, KEY]

    def test_what_was_left_unfinished_is_taken_up_at_the_start(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            left = [KEY]
            job = Job("job", log.do, unfinished=lambda: [key for key in left if key not in log.begun])
            async with working(Hired(hire(), [job])):
                await until(lambda: log.ended == [KEY])

        played(scene)

    def test_what_another_process_has_left_to_be_done_is_found(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            job = Job("job", log.do, unfinished=lambda: [KEY] if len(log.ended) < 2 else [])
            async with working(Hired(hire(), [job])):
                await until(lambda: len(log.ended) == 2)

        played(scene)

    def test_a_job_that_breaks_is_done_again_and_its_end_is_told(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            log.breaks = [NoSpace("full")]
            async with working(Hired(hire(), [Job("job", log.do, tell=log.tell)])) as worker:
                worker.submit("job", KEY)
                await until(lambda: log.told == [(KEY, "None")])

        assert played(scene).begun == [KEY, KEY]

    def test_a_job_that_breaks_while_it_is_submitted_again_is_not_lost(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            async with working(Hired(hire(), [Job("job", do)])) as worker:
                gate.clear()
                worker.submit("job", KEY)
                await until(lambda: begun == [KEY])
                worker.submit("job", KEY)
                await asyncio.sleep(0.3)
                gate.set()
                await until(lambda: len(begun) >= 2)

        begun, gate = list[str](), asyncio.Event()

        async def do(key: str) -> None:
            begun.append(key)
            await gate.wait()
            if len(begun) == 1:
                raise NoSpace("full")

        played(scene)

    def test_a_worker_that_stops_ends_its_jobs_where_they_are(self, hire: Hire) -> None:
        async def scene(log: Log) -> None:
            log.goes_on.clear()
            async with working(Hired(hire(), [Job("job", log.do)])) as worker:
                worker.submit("job", KEY)
                await until(lambda: log.begun == [KEY])
            log.goes_on.set()
            await asyncio.sleep(0.1)

        assert played(scene).ended == []

    @pytest.mark.parametrize("here", [True, False])
    def test_what_recurs_is_done_at_the_start_and_again(self, hire: Hire, here: bool) -> None:
        async def scene(log: Log) -> None:
            recurring = Recurring(Job("look", log.do, here=here), timedelta(seconds=0.5))
            async with working(Hired(hire(), [], [recurring])):
                await until(lambda: len(log.ended) >= 3)

        assert set(played(scene).ended) == {""}
