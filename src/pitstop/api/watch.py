"""Following runs: one cheap look for each run that anybody watches, shared by all who watch it.

However many watch, the desk is asked once per interval and run for the revision alone; only when that has
changed is the report built and encoded, once. A watcher that is slow misses reports between, never the
newest. Who watches is asked now and then whether the session still holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import NotSignedIn
from pitstop.service.desk import RunsDesk

_log = logging.getLogger(__name__)

_ONLOOKER = Actor("pitstop", Role.READER, "watch")
"""In whose name the shared look is taken. Every watcher was let in under its own name before."""

HEARTBEAT = b": still here\n\n"


@dataclass(slots=True)
class _Watched:
    """A run that is watched: its newest report as a frame of the stream.

    Attributes:
        over: no further frame will come: the run has ended, or could not be read.
    """

    watchers: int = 0
    revision: int = -1
    frame: bytes = b""
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def announce(self) -> None:
        """Wake everybody who waits for a change."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class Watches:
    """All runs that are being watched.

    Args:
        interval: seconds between two looks at a revision.
        heartbeat: seconds of silence after which a comment is sent, and after which the session is checked.
    """

    def __init__(self, runs: RunsDesk, *, interval: float = 0.5, heartbeat: float = 15.0) -> None:
        self._runs = runs
        self._interval = interval
        self._heartbeat = heartbeat
        self._watched: dict[str, _Watched] = {}

    async def follow(
        self, run_id: str, still_signed_in: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[bytes]:
        """The stream for one watcher: the report as it is, then each change, until the run ends.

        ``still_signed_in`` raises NotSignedIn when the watcher's session has ended: so does the stream.
        """
        watched = self._join(run_id)
        loop = asyncio.get_running_loop()
        seen, checked = -1, loop.time()
        try:
            yield b"retry: 2000\n\n"
            while True:
                changed = watched.changed
                if watched.revision != seen:
                    seen = watched.revision
                    yield watched.frame
                elif watched.over:
                    return
                elif not await _within(changed, self._heartbeat):
                    yield HEARTBEAT
                if loop.time() - checked >= self._heartbeat:
                    await still_signed_in()
                    checked = loop.time()
        except NotSignedIn:
            return
        finally:
            self._leave(run_id, watched)

    def _join(self, run_id: str) -> _Watched:
        watched = self._watched.get(run_id)
        if watched is None or watched.over:
            watched = self._watched[run_id] = _Watched()
            watched.task = asyncio.create_task(self._look(run_id, watched))
        watched.watchers += 1
        return watched

    def _leave(self, run_id: str, watched: _Watched) -> None:
        watched.watchers -= 1
        if watched.watchers:
            return
        if watched.task is not None:
            watched.task.cancel()
        if self._watched.get(run_id) is watched:
            del self._watched[run_id]

    async def _look(self, run_id: str, watched: _Watched) -> None:
        try:
            while True:
                revision = await asyncio.to_thread(self._runs.revision, _ONLOOKER, run_id)
                if revision != watched.revision and await self._renew(run_id, watched):
                    return
                await asyncio.sleep(self._interval)
        except Exception:
            _log.exception("run %s cannot be watched any longer", run_id)
            watched.over = True
            watched.announce()

    async def _renew(self, run_id: str, watched: _Watched) -> bool:
        """Take in the newest report; whether it is the last one."""
        report = await asyncio.to_thread(self._runs.show, _ONLOOKER, run_id)
        body = msgspec.json.encode(report)
        watched.frame = b"id: %d\nevent: report\ndata: %s\n\n" % (report.run.revision, body)
        watched.revision = report.run.revision
        watched.over = report.run.state != "in-progress"
        watched.announce()
        return watched.over


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event came within this time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
