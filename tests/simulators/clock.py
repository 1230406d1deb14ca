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
        self._passed = timedelta()
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed.total_seconds()

    def advance(self, by: timedelta) -> None:
        """Let time pass; or, where ``by`` is negative, have the clock set back."""
        self._now += by
        self._passed += max(by, timedelta())

    async def sleep_until(self, at: datetime) -> None:
        await asyncio.sleep(0)
        if at > self._now:
            self.slept.append(at - self._now)
            self.advance(at - self._now)


async def no_wait(reason: str, until: datetime) -> None:
    """What a step is handed to say what it waits for, where nobody looks."""
