"""The declared maintenance windows, asked for one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitstop.policy.windows import Opening, openings
from pitstop.ports.records import Declarations

_FAR = timedelta(days=366)
_NEAR = timedelta(days=32)
"""No window is longer than this."""


@dataclass(frozen=True, slots=True)
class DeclaredHours:
    """Implements :class:`pitstop.ports.hours.Hours`. Windows that touch are one."""

    declarations: Declarations

    def open_until(self, at: datetime) -> datetime | None:
        closes: datetime | None = None
        for opening in self._open(at, at + _NEAR):
            if opening.start <= (closes or at) < opening.end:
                closes = opening.end
        return closes

    def next_opening(self, after: datetime, need: timedelta) -> datetime | None:
        start: datetime | None = None
        end: datetime | None = None
        for opening in self._open(after, after + _FAR):
            begins = max(opening.start, after)
            if end is None or opening.start > end:
                start = begins
            end = opening.end
            if start is not None and end - start >= need:
                return start
        return None

    def _open(self, since: datetime, until: datetime) -> Iterator[Opening]:
        times = self.declarations.declared().times
        for opening in openings(times.windows, times.blackouts, since, until):
            if opening.blackout is None:
                yield opening
