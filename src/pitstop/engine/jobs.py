"""Background jobs in the service's own event loop: the embedded way, one process, no broker."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import timedelta

from pitstop.engine.breaks import PAUSES, Pauses, broken, counted, told
from pitstop.ports.clock import Clock
from pitstop.ports.jobs import Job, Recurring

log = logging.getLogger(__name__)

JITTER = 0.1
LOOK_SECONDS = 5.0
"""Between two looks for what is unfinished and nobody works on: another process has written it down."""


class EmbeddedJobs:
    """Implements :class:`pitstop.ports.jobs.Worker`."""

    def __init__(self, clock: Clock, pauses: Pauses = PAUSES, look: float = LOOK_SECONDS) -> None:
        self._jobs: dict[str, Job] = {}
        self._clock = clock
        self._pauses = pauses
        self._look = look
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()
        self._timers: list[asyncio.Task[None]] = []

    async def start(self, jobs: Sequence[Job], recurring: Sequence[Recurring] = ()) -> None:
        self._jobs = {job.name: job for job in [*jobs, *(each.job for each in recurring)]}
        self._loop = asyncio.get_running_loop()
        await self._find_unfinished()
        self._timers = [asyncio.create_task(self._recur(each)) for each in recurring]
        self._timers.append(asyncio.create_task(self._keep_looking()))

    def submit(self, job: str, key: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, self._jobs[job], key)

    async def stop(self) -> None:
        self._loop = None
        tasks = [*self._timers, *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, job: Job, key: str) -> None:
        if (job.name, key) in self._running:
            self._again.add((job.name, key))
            return
        task = asyncio.ensure_future(self._work(job, key))
        self._running[job.name, key] = task
        task.add_done_callback(lambda _task: self._ended(job, key))

    def _ended(self, job: Job, key: str) -> None:
        del self._running[job.name, key]
        if (job.name, key) in self._again:
            self._again.discard((job.name, key))
            self.submit(job.name, key)

    async def _work(self, job: Job, key: str) -> None:
        breaks, begun = 0, self._clock.monotonic()
        while (error := await _broken_with(job, key)) is not None:
            breaks = counted(breaks, timedelta(seconds=self._clock.monotonic() - begun))
            pause = self._pauses.after(breaks)
            await broken(job, key, error, breaks, pause)
            await self._clock.sleep_until(self._clock.now() + pause)
            begun = self._clock.monotonic()
        await told(job, key, None)

    async def _recur(self, recurring: Recurring) -> None:
        while True:
            self.submit(recurring.job.name, "")
            pause = recurring.every * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
            await self._clock.sleep_until(self._clock.now() + pause)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._look)
            try:
                await self._find_unfinished()
            except Exception as error:
                log.warning("what is unfinished cannot be seen: %s", error)

    async def _find_unfinished(self) -> None:
        for job in self._jobs.values():
            for key in await asyncio.to_thread(job.unfinished):
                if (job.name, key) not in self._running:
                    self.submit(job.name, key)


async def _broken_with(job: Job, key: str) -> Exception | None:
    try:
        await job.do(key)
    except Exception as error:
        return error
    return None
