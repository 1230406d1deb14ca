"""Background jobs of several workers, on several machines, in PostgreSQL: Procrastinate's queue.

Every worker beats: it says that it lives, looks whether another has died, and whether something recurring is
due. What a dead worker has begun is put back into the queue as a new job, and the old one is removed: should
the worker only have been paused, it finds nothing left to finish. That it changes nothing else either is the
journal's and the nodes' business (epochs), not the queue's.

The queue remembers nothing that could not be said again: jobs go when they have ended, and what was to be
worked on and is in no queue (a worker died between two writes) is found by asking each job's ``unfinished``.
Time comes from the database.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status

from pitstop.engine.breaks import PAUSES, Pauses, broken, counted, told
from pitstop.engine.jobs import JITTER, EmbeddedJobs
from pitstop.engine.shared_queue import SESSION, prepare
from pitstop.ports.clock import Clock
from pitstop.ports.jobs import Job, Recurring, Turns

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Jobs that one worker does side by side; more wait, or are another worker's."""

_FORGOTTEN_AFTER_SECONDS = 60.0
"""After this the row of a worker that does not beat any more is removed, when another one starts."""


_BEATS_TO_COME: Final = """
    UPDATE procrastinate_workers SET last_heartbeat = now() WHERE last_heartbeat > now() + interval '1 second'
"""
_JOBS_TO_COME: Final = """
    UPDATE procrastinate_jobs SET scheduled_at = now()
    WHERE status = 'todo' AND scheduled_at > now() + make_interval(secs => %(longest)s + 1)
"""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How soon the death of a worker shows; seconds, by the database's clock.

    Attributes:
        beat: between two signs of life, and two looks at the others.
        dead_after: without a sign of life. Long enough that a busy machine is not taken for a dead one, which
            would do no harm but cost a takeover.
        look: between two looks for what is unfinished and in no queue.
    """

    beat: float = 1.0
    dead_after: float = 6.0
    look: float = 5.0


PULSE: Final = Pulse()


@dataclass(frozen=True, slots=True)
class _Due:
    """A job that is to be queued.

    Attributes:
        breaks: how often in a row it broke before.
        after: how long it waits before it is done.
    """

    job: str
    key: str
    breaks: int = 0
    after: timedelta = timedelta(0)

    @property
    def lock(self) -> str:
        return f"{self.job} {self.key}"


class SharedJobs:
    """Implements :class:`pitstop.ports.jobs.Worker`, with those of the same database.

    What is about this machine alone is done here, the embedded way.

    Args:
        address: ``postgresql://...``
        turns: whose turn it is to do what recurs, by the same database.
        name: this worker's, for the log.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        turns: Turns,
        *,
        name: str = "worker",
        pulse: Pulse = PULSE,
        pauses: Pauses = PAUSES,
    ) -> None:
        self._here = EmbeddedJobs(clock, pauses)
        self._jobs: dict[str, Job] = {}
        self._every: dict[Recurring, timedelta] = {}
        self._address, self._clock, self._turns = address, clock, turns
        self._name, self._pulse, self._pauses = name, pulse, pauses
        connector = PsycopgConnector(conninfo=address, min_size=1, max_size=4, timeout=5, kwargs=SESSION)
        self._app = App(connector=connector)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._doing: set[int | None] = set()
        self._numbers: set[int | None] = set()
        self._ended: dict[int | None, float] = {}
        self._unsent: dict[str, _Due] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def start(self, jobs: Sequence[Job], recurring: Sequence[Recurring] = ()) -> None:
        await asyncio.to_thread(prepare, self._address)
        await self._app.open_async()
        every = {job.name: job for job in [*jobs, *(each.job for each in recurring)]}
        self._jobs = {job.name: job for job in every.values() if not job.here}
        self._every = {each: _about(each.every) for each in recurring if not each.job.here}
        for job in self._jobs.values():
            self._app.task(name=job.name, pass_context=True)(self._work(job))
        self._loop = asyncio.get_running_loop()
        await self._here.start(
            [job for job in every.values() if job.here], [each for each in recurring if each.job.here]
        )
        self._tasks = [
            asyncio.create_task(_again(self._take_jobs, self._pulse.beat)),
            asyncio.create_task(_again(self._beat, self._pulse.beat)),
            asyncio.create_task(_again(self._find_unfinished, self._pulse.look)),
        ]

    def submit(self, job: str, key: str) -> None:
        if job not in self._jobs:
            self._here.submit(job, key)
        elif self._loop is not None:
            self._loop.call_soon_threadsafe(self._send_soon, _Due(job, key))

    async def stop(self) -> None:
        self._loop = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._sending, self._here.stop(), return_exceptions=True)
        with suppress(ConnectorException):
            await self._app.close_async()

    # --- queueing ----------------------------------------------------------------------------------------

    def _send_soon(self, due: _Due) -> None:
        task = asyncio.ensure_future(self._send(due))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, due: _Due) -> None:
        """Queue it, unless it waits in the queue already. What the database does not take is kept, and sent
        with a later beat."""
        task = self._app.configure_task(
            due.job,
            lock=due.lock,
            queueing_lock=due.lock,
            schedule_in={"milliseconds": due.after // timedelta(milliseconds=1)} if due.after else None,
        )
        try:
            await task.defer_async(key=due.key, breaks=due.breaks)
        except AlreadyEnqueued:
            pass
        except ConnectorException as error:
            log.warning("job %s cannot be queued now: %s", due.lock, error.__cause__ or error)
            self._unsent[due.lock] = due

    # --- doing -------------------------------------------------------------------------------------------

    async def _take_jobs(self) -> None:
        """Procrastinate's worker. It comes back when the database was out of reach for a moment."""
        await self._app.run_worker_async(
            name=self._name,
            concurrency=AT_ONCE,
            fetch_job_polling_interval=self._pulse.beat,
            update_heartbeat_interval=self._pulse.beat,
            stalled_worker_timeout=max(_FORGOTTEN_AFTER_SECONDS, self._pulse.dead_after),
            shutdown_graceful_timeout=0,
            install_signal_handlers=False,
            delete_jobs="always",
        )

    def _work(self, job: Job) -> Callable[[JobContext, str, int], Awaitable[None]]:
        async def work(context: JobContext, key: str, breaks: int) -> None:
            self._doing.add(context.job.id)
            self._numbers.add(context.job.worker_id)
            try:
                await self._do(job, key, breaks)
            finally:
                self._doing.discard(context.job.id)

        return work

    async def _do(self, job: Job, key: str, breaks: int) -> None:
        """Do the job; where it breaks, or this worker stops, queue it again: whoever is free goes on.

        Procrastinate's own way to try again is not used: it breaks, and holds the job's lock for good, where
        the same job was submitted again meanwhile.
        """
        begun = self._clock.monotonic()
        try:
            await job.do(key)
        except asyncio.CancelledError:
            await self._send(_Due(job.name, key))
            raise
        except Exception as error:
            took = timedelta(seconds=self._clock.monotonic() - begun)
            breaks = counted(breaks, took)
            pause = self._pauses.after(breaks)
            await broken(job, key, error, breaks, pause)
            await self._send(_Due(job.name, key, breaks, pause))
        else:
            await told(job, key, None)

    # --- beating -----------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for due in unsent.values():
            await self._send(due)
        await self._date_now()
        await self._put_back()
        await self._take_turns()

    async def _date_now(self) -> None:
        """Date now what the queue has dated in the time to come: the database's clock was set back. Else who
        has died would pass for alive, and what waits for a moment would wait, until it is that time again."""
        await self._app.connector.execute_query_async(_BEATS_TO_COME)
        longest = self._pauses.longest.total_seconds()
        await self._app.connector.execute_query_async(_JOBS_TO_COME, longest=longest)

    async def _put_back(self) -> None:
        """What was begun and is done by nobody: queue it anew, then remove it. In this order: whoever dies in
        between leaves it to the next look. It is done once the old one is gone."""
        manager = self._app.job_manager
        stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=self._pulse.dead_after)
        left = [job for job in stalled if job.id not in self._doing]
        for job in [*left, *await self._unmarked()]:
            log.warning("job %s of worker %s, which does it no longer, is put back", job.lock, job.worker_id)
            await self._send(_Due(job.task_name, str(job.task_kwargs["key"])))
            with suppress(ConnectorException):  # another one was quicker
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)

    async def _unmarked(self) -> list[QueuedJob]:
        """This worker's own jobs that have long ended, but could not be marked so: Procrastinate does not try
        that again, and their locks would be held for as long as this worker lives."""
        now, doing = time.monotonic(), await self._app.job_manager.list_jobs_async(status=Status.DOING.value)
        ended = {job.id: job for job in doing if job.worker_id in self._numbers and job.id not in self._doing}
        self._ended = {number: self._ended.get(number, now) for number in ended}
        return [job for number, job in ended.items() if now - self._ended[number] >= self._pulse.dead_after]

    async def _take_turns(self) -> None:
        for each, every in self._every.items():
            if await asyncio.to_thread(self._turns.take, each.job.name, every):
                self._every[each] = _about(each.every)
                await self._send(_Due(each.job.name, ""))

    async def _find_unfinished(self) -> None:
        for job in self._jobs.values():
            for key in await asyncio.to_thread(job.unfinished):
                due = _Due(job.name, key)
                if not list(await self._app.job_manager.list_jobs_async(lock=due.lock)):
                    await self._send(due)


def _about(every: timedelta) -> timedelta:
    return every * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311


async def _again(work: Callable[[], Awaitable[None]], pause: float) -> None:
    """Do it again and again. What breaks is said, and tried again: databases are restarted."""
    while True:
        try:
            await work()
        except (ProcrastinateException, OSError) as error:
            log.warning("the jobs' database: %s", error.__cause__ or error)
        except Exception:
            log.exception("the jobs' queue broke; it goes on in %s s", pause)
        await asyncio.sleep(pause)
