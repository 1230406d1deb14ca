"""Background jobs in the service's own event loop: the embedded way, one process, no broker.

A job that breaks is tried again after a pause, for what it works on must not be left lying; what it broke
with is logged. Jobs must bear being begun again at any point: their memory is the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from pitstop.model.errors import InvalidMove, NotFound
from pitstop.ports.clock import Clock

log = logging.getLogger(__name__)

Job = Callable[[str], Awaitable[None]]

_PAUSE = timedelta(seconds=5)


class EmbeddedJobs:
    """Implements :class:`pitstop.ports.jobs.Jobs`. ``submit`` may be called from any thread."""

    def __init__(self, jobs: Mapping[str, Job], clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
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
        while True:
            try:
                await self._jobs[job](key)
            except (InvalidMove, NotFound) as error:
                log.info("job %s %s has nothing to do: %s", job, key, error)
                return
            except Exception:
                log.exception("job %s %s broke; it is tried again in %s", job, key, _PAUSE)
                await self._clock.sleep_until(self._clock.now() + _PAUSE)
            else:
                return
