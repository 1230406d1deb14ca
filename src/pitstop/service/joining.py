"""Work of which only one goes on at a time: who asks for it meanwhile shares the end of what goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from pitstop.model.errors import Conflict

MOST_WAITING = 8


class Joining:
    """One kind of work. May be asked for from any thread; each that waits holds its own, so few may."""

    def __init__(self, work: str, *, most_waiting: int = MOST_WAITING) -> None:
        """``work``: what goes on, as a message says it, such as ``check of the sources``."""
        self._work = work
        self._most_waiting = most_waiting
        self._lock = Lock()
        self._waiting = 0
        self._running: Future[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait for it now."""
        return self._waiting

    def do(self, work: Callable[[], None]) -> None:
        """Do it, or wait for whoever does it already. Blocks.

        Raises:
            Conflict: too many wait already.
            Whatever the work that was done or waited for raises.
        """
        mine = Future[None]()
        with self._lock:
            running = self._running
            if running is None:
                self._running = mine
            elif self._waiting < self._most_waiting:
                self._waiting += 1
            else:
                raise Conflict(
                    f"the {self._work} goes on, and many wait for it already",
                    hint="Its result is shown when it has ended: look again in a while.",
                )
        if running is None:
            self._do(work, mine)
        else:
            self._join(running)

    def _do(self, work: Callable[[], None], mine: Future[None]) -> None:
        try:
            work()
        except BaseException as error:
            self._end()
            mine.set_exception(error)
            raise
        self._end()
        mine.set_result(None)

    def _end(self) -> None:
        with self._lock:
            self._running = None

    def _join(self, running: Future[None]) -> None:
        try:
            running.result()
        finally:
            with self._lock:
                self._waiting -= 1
