"""Following runs: one cheap look for each run that anybody watches, shared by all who watch it.

However many watch and through whichever face, the desk is asked once per interval and run for the revision
alone; only when that has changed is the report built, once, and put into each face's form, once. A face may
ask for more: a report every few seconds while the run is in progress, for what moves without a change of the
run, such as the time gone by. A watcher that is slow misses reports between, never the newest. Who watches is
asked now and then whether the session still holds.

Works on frames of Server-Sent Events as bytes; knows nothing of any web framework.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from pitstop.model.accounts import Actor, Role
from pitstop.service.desk import RunsDesk
from pitstop.wire.views import RunReport

_log = logging.getLogger(__name__)

_ONLOOKER = Actor("pitstop", Role.READER, "watch")
"""In whose name the shared look is taken. Every watcher was let in under its own name before."""

_AT_MOST = 0.2
"""The part of the time that may go into building one run's reports: a big tree is looked at less often."""

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody on the way may keep a stream, or hold it back."""
ENDLESS = "endless"
"""What the routes of streams have in their options, so that they are not compressed."""

BEGIN = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"

Make = Callable[[RunReport], bytes]


def frame(event: str, body: str, *, id_: int | None = None) -> bytes:
    """One event. Line ends of every kind in ``body`` arrive as line feeds."""
    head = [f"id: {id_}"] if id_ is not None else []
    lines = (f"data: {line}" for line in re.split("\r\n|\r|\n", body))
    return "\n".join([*head, f"event: {event}", *lines, "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Telling:
    """How a face puts a report into frames.

    Attributes:
        changed: after each change of the run.
        moved: where it is given, also every few seconds of a run in progress.
    """

    changed: Make
    moved: Make | None = None


@dataclass(slots=True)
class _Watched:
    """A run that is watched, with its newest report.

    Attributes:
        looks: how many reports there were; every new one raises it.
        fresh: how many of the watchers want reports while nothing changes.
        over: no further report will come: the run has ended, or could not be read.
    """

    watchers: int = 0
    fresh: int = 0
    revision: int = -1
    looks: int = -1
    report: RunReport | None = None
    frames: dict[Make, asyncio.Future[bytes]] = field(default_factory=dict)
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def announce(self) -> None:
        """Wake everybody who waits for a report."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def take(self, report: RunReport) -> None:
        self.report, self.frames = report, {}
        self.revision = report.run.revision
        self.looks += 1
        self.over = not report.run.is_going_on
        self.announce()

    async def framed(self, make: Make, threads: Executor | None) -> bytes:
        """The newest report in this form, made by whoever asks first."""
        made = self.frames.get(make)
        if made is None:
            loop = asyncio.get_running_loop()
            made = self.frames[make] = loop.run_in_executor(threads, make, self._shown())
        return await asyncio.shield(made)

    def _shown(self) -> RunReport:
        if self.report is None:
            raise RuntimeError("there is no report yet")
        return self.report


class Watches:
    """All runs that are being watched.

    Args:
        interval: seconds between two looks at a revision.
        fresh: seconds after which a report is built though nothing has changed, for who wants that.
        heartbeat: seconds of silence after which a comment is sent, and after which the session is checked.
        threads: where the desk is asked; None: the event loop's own.
    """

    def __init__(
        self,
        runs: RunsDesk,
        *,
        interval: float = 0.5,
        fresh: float = 3.0,
        heartbeat: float = 15.0,
        threads: Executor | None = None,
    ) -> None:
        self._runs = runs
        self._threads = threads
        self._interval = interval
        self._fresh = fresh
        self._heartbeat = heartbeat
        self._watched: dict[str, _Watched] = {}

    async def follow(
        self, run_id: str, telling: Telling, still_signed_in: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[bytes]:
        """The stream for one watcher: the report as it is, then each change, until the run ends.

        ``still_signed_in`` is asked now and then.

        Raises:
            NotSignedIn: the watcher's session has ended.
        """
        watched = self._join(run_id, telling)
        loop = asyncio.get_running_loop()
        checked = loop.time()
        revision = looks = -1
        try:
            yield BEGIN
            while True:
                changed = watched.changed
                moved = telling.moved if watched.looks != looks else None
                if watched.revision != revision:
                    revision, looks = watched.revision, watched.looks
                    yield await watched.framed(telling.changed, self._threads)
                elif watched.over:
                    return
                elif moved is not None:
                    looks = watched.looks
                    yield await watched.framed(moved, self._threads)
                elif not await _within(changed, self._heartbeat):
                    yield HEARTBEAT
                if loop.time() - checked >= self._heartbeat:
                    await still_signed_in()
                    checked = loop.time()
        finally:
            self._leave(run_id, watched, telling)

    def _join(self, run_id: str, telling: Telling) -> _Watched:
        watched = self._watched.get(run_id)
        if watched is None or watched.over:
            watched = self._watched[run_id] = _Watched()
            watched.task = asyncio.create_task(self._look(run_id, watched))
        watched.watchers += 1
        watched.fresh += telling.moved is not None
        return watched

    def _leave(self, run_id: str, watched: _Watched, telling: Telling) -> None:
        watched.watchers -= 1
        watched.fresh -= telling.moved is not None
        if watched.watchers:
            return
        if watched.task is not None:
            watched.task.cancel()
        if self._watched.get(run_id) is watched:
            del self._watched[run_id]

    async def _look(self, run_id: str, watched: _Watched) -> None:
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        try:
            while not watched.over:
                begun = loop.time()
                revision = await loop.run_in_executor(self._threads, self._runs.revision, _ONLOOKER, run_id)
                is_old = watched.fresh > 0 and begun - renewed >= self._fresh
                if revision != watched.revision or is_old:
                    show = loop.run_in_executor(self._threads, self._runs.show, _ONLOOKER, run_id)
                    watched.take(await show)
                    renewed = loop.time()
                took = loop.time() - begun
                await asyncio.sleep(max(self._interval, took / _AT_MOST - took))
        except Exception:
            _log.exception("run %s cannot be watched any longer", run_id)
            watched.over = True
            watched.announce()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event came within this time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
