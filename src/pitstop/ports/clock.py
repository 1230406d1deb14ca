"""Time comes from here, so that logic can be tested at any time of day and without waiting."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, UTC and aware."""

    def monotonic(self) -> float:
        """Seconds since some moment, by a clock that nobody sets and that never goes back."""

    async def sleep_until(self, at: datetime) -> None:
        """Come back when ``at`` has passed."""
