"""Deadlines whose clock stands still while one waits for one's turn.

How long something may take is said of the thing itself. That we ask only so many nodes at once is our own
affair: who waits in that queue says so by :func:`waiting_for_a_turn`, and no deadline around it is used up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from types import TracebackType


class Deadline:
    """Ends the block that it is entered for with TimeoutError, as ``asyncio.timeout`` does. Entered once.

    It holds for the tasks that are begun inside too: while any of them waits for its turn, it stands still.
    """

    def __init__(self, length: timedelta) -> None:
        self._timeout = asyncio.timeout(length.total_seconds())
        self._waiting = 0
        self._left = 0.0
        self._is_over = False

    async def __aenter__(self) -> Deadline:
        await self._timeout.__aenter__()
        self._token = _AROUND.set((*_AROUND.get(), self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        _AROUND.reset(self._token)
        await self._timeout.__aexit__(kind, error, trace)

    def expired(self) -> bool:
        """Whether it was this deadline that has passed, and none around or inside."""
        return self._timeout.expired()

    def stand_still(self) -> None:
        self._waiting += 1
        when = self._timeout.when()
        if self._waiting == 1 and when is not None and not self._has_ended():
            self._left = when - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def go_on(self) -> None:
        self._waiting -= 1
        if self._waiting == 0 and not self._has_ended():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left)

    def _has_ended(self) -> bool:
        return self._is_over or self._timeout.expired()


_AROUND: ContextVar[tuple[Deadline, ...]] = ContextVar("_AROUND", default=())


@contextmanager
def waiting_for_a_turn() -> Iterator[None]:
    """While inside, all deadlines around stand still."""
    around = _AROUND.get()
    for deadline in around:
        deadline.stand_still()
    try:
        yield
    finally:
        for deadline in around:
            deadline.go_on()
