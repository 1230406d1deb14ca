"""Background jobs in the service's own event loop: the embedded way, one process, no broker.

A job that breaks is tried again after a pause, whatever it broke with, for what it works on must not be left
lying. The pauses grow; what it broke with is logged, and told to who raises an alert once it has broken a few
times in a row. Jobs must bear being begun again at any point: their memory is the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from pitstop.ports.clock import Clock

log = logging.getLogger(__name__)

Job = Callable[[str], Awaitable[None]]

Tell = Callable[[str, Exception | None], None]
"""Told the key of a job and what it broke with, from the third break in a row on; None: it has ended well."""

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=1)
BORNE_BREAKS = 2
"""So many in a row are told to nobody: a database that was busy, a disk that was full for a moment."""
STEADY = timedelta(minutes=10)
"""A job that has gone on for so long before it breaks is in no row of breaks."""


class EmbeddedJobs:
    """Implements :class:`pitstop.ports.jobs.Jobs`. ``submit`` may be called from any thread.

    Args:
        tell: by name of the job, who is told when it breaks again and again. Blocks; may raise, which is
            logged.
    """

    def __init__(self, jobs: Mapping[str, Job], clock: Clock, tell: Mapping[str, Tell] | None = None) -> None:
        self._jobs = jobs
        self._clock = clock
        self._tell = tell or {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Begin to take jobs, in the loop that runs now."""
        self._loop = asyncio.get_running_loop()

    def submit(self, job: str, key: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, job, key)

    async def stop(self) -> None:
        """End all jobs where they are; what they work on is taken up at the next start."""
        self._loop = None
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, job: str, key: str) -> None:
        if (job, key) in self._running:
            self._again.add((job, key))
            return
        task = asyncio.ensure_future(self._work(job, key))
        self._running[job, key] = task
        task.add_done_callback(lambda _task: self._ended(job, key))

    def _ended(self, job: str, key: str) -> None:
        del self._running[job, key]
        if (job, key) in self._again:
            self._again.discard((job, key))
            self.submit(job, key)

    async def _work(self, job: str, key: str) -> None:
        breaks = 0
        begun = self._clock.now()
        while (broken_with := await self._broken_with(job, key)) is not None:
            breaks = 1 if self._clock.now() - begun >= STEADY else breaks + 1
            if breaks > BORNE_BREAKS:
                await self._say(job, key, broken_with)
            pause = min(FIRST_PAUSE * 2 ** min(breaks - 1, 10), LONGEST_PAUSE)
            log.error("job %s %s broke; it is tried again in %s", job, key, pause, exc_info=broken_with)
            await self._clock.sleep_until(self._clock.now() + pause)
            begun = self._clock.now()
        await self._say(job, key, None)

    async def _broken_with(self, job: str, key: str) -> Exception | None:
        try:
            await self._jobs[job](key)
        except Exception as error:
            return error
        return None

    async def _say(self, job: str, key: str, error: Exception | None) -> None:
        if job not in self._tell:
            return
        try:
            await asyncio.to_thread(self._tell[job], key, error)
        except Exception:
            log.exception("that job %s %s breaks cannot be told", job, key)
