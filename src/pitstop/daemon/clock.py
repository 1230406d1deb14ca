"""The machine's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

_LONGEST_NAP_SECONDS = 5.0


class MachineClock:
    """Implements :class:`pitstop.ports.clock.Clock`. It sleeps in naps, to notice a clock that was set."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, at: datetime) -> None:
        while (left := (at - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself has no event
            await asyncio.sleep(min(left, _LONGEST_NAP_SECONDS))
