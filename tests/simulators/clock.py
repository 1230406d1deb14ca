"""A clock that a test sets: waiting takes no time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Implements :class:`pitstop.ports.clock.Clock`. Whoever sleeps moves the time on.

    Attributes:
        slept: how long each sleep was.
    """

    def __init__(self, now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)) -> None:
        self._now = now
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    async def sleep_until(self, at: datetime) -> None:
        await asyncio.sleep(0)
        if at > self._now:
            self.slept.append(at - self._now)
            self._now = at
