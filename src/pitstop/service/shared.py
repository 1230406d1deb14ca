"""Answers that many ask for at once: made once for all of them, and never for more than their share of time.

Whoever asks gets an answer that was begun after that: nobody is told what was before his own deed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

SHARE = 0.25
"""So much of the time goes into making one answer again and again; one is made at a time."""

LONGEST_PAUSE = 0.5
"""Seconds."""


class Shared:
    """Answers by key. May be asked for from any thread, and blocks it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: dict[Hashable, Future[Any]] = {}
        self._making = Lock()
        self._free_at: dict[Hashable, float] = {}

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, or raises: to all who have asked for this key since it was made last."""
        mine = Future[T]()
        with self._lock:
            asked = self._asked.setdefault(key, mine)
        if asked is mine:
            self._make(key, mine, make)
        answer: T = asked.result()
        return answer

    def _make(self, key: Hashable, mine: Future[T], make: Callable[[], T]) -> None:
        while not self._made(key, mine, make):
            time.sleep(max(0.0, self._free_at.get(key, 0.0) - time.monotonic()))

    def _made(self, key: Hashable, mine: Future[T], make: Callable[[], T]) -> bool:
        """Make it, unless its last one was made too short a while ago."""
        with self._making:
            begun = time.monotonic()
            if begun < self._free_at.get(key, 0.0):
                return False
            with self._lock:
                del self._asked[key]
            try:
                mine.set_result(make())
            except BaseException as error:
                mine.set_exception(error)
            made = time.monotonic()
            self._free_at = {known: at for known, at in self._free_at.items() if at > made}
            self._free_at[key] = made + min(LONGEST_PAUSE, (made - begun) * (1 / SHARE - 1))
        return True
