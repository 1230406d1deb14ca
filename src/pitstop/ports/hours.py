"""When work may be done: the maintenance windows as they are declared, asked for one moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Hours(Protocol):
    def open_until(self, at: datetime) -> datetime | None:
        """When the window that is open then closes; None: none is open."""

    def next_opening(self, after: datetime, need: timedelta) -> datetime | None:
        """When the next window begins that lasts at least so long; None: none does within a year."""


class AnyTime:
    """No windows are kept to: every moment is open."""

    def open_until(self, at: datetime) -> datetime | None:
        return at + timedelta(days=365)

    def next_opening(self, after: datetime, need: timedelta) -> datetime | None:  # noqa: ARG002
        return after
