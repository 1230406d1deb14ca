"""The machine's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

_LONGEST_NAP_SECONDS = 5.0


class MachineClock:
    """Implements :class:`pitstop.ports.clock.Clock`. Sleeps in naps, so that a clock that was set is noticed."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, at: datetime) -> None:
        while (left := (at - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, _LONGEST_NAP_SECONDS))
