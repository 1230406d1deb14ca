"""The machine's clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

_LONGEST_NAP_SECONDS = 5.0


class MachineClock:
    """Implements :class:`pitstop.ports.clock.Clock`. It sleeps in naps, to notice a clock that was set."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep_until(self, at: datetime) -> None:
        """Until ``at``, but no longer than that is from now: a clock set back makes no day of a minute."""
        end = time.monotonic() + (at - self.now()).total_seconds()
        while (left := self._left(at, end)) > 0:  # noqa: ASYNC110 - time itself has no event
            await asyncio.sleep(min(left, _LONGEST_NAP_SECONDS))

    def _left(self, at: datetime, end: float) -> float:
        return min((at - self.now()).total_seconds(), end - time.monotonic())
