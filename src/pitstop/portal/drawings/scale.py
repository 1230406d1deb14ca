"""Days along a line: where each day stands, and the marks of months and years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
"""Months between two marks."""
_DAYS_OF_MONTH: Final = 30.44
_YEAR: Final = 12

LETTER: Final = 0.58
"""The mean width of a letter, in parts of the height of the type."""


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Days:
    """A line from ``first`` at ``left`` to ``last`` at ``right``; a day stands where it begins."""

    first: date
    last: date
    left: float
    right: float

    def x(self, day: date) -> float:
        """Where a day stands; days beyond the ends stand at the ends."""
        along = (day - self.first).days / max(1, (self.last - self.first).days)
        return round(self.left + (self.right - self.left) * min(1.0, max(0.0, along)), 1)

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def ticks(self, gap: float) -> tuple[Tick, ...]:
        """First days of months, ``gap`` apart at least; of years alone where that is still too close."""
        days = max(1, (self.last - self.first).days)
        month = (self.right - self.left) / days * _DAYS_OF_MONTH
        step = next((step for step in _STEPS if step * month >= gap), _STEPS[-1])
        form = "%Y" if step >= _YEAR else "%Y-%m"
        return tuple(Tick(self.x(day), f"{day:{form}}") for day in self._months(step))

    def _months(self, step: int) -> Iterator[date]:
        number = self.first.year * _YEAR + self.first.month - 1
        number += -number % step
        while (day := _first_day(number)) is not None and day <= self.last:
            if day >= self.first:
                yield day
            number += step


def _first_day(number: int) -> date | None:
    """Of the month with this number since the year 0; None beyond the calendar."""
    year, month = divmod(number, _YEAR)
    return date(year, month + 1, 1) if date.min.year <= year <= date.max.year else None


def text_width(text: str, size: float) -> float:
    """About how wide a text is."""
    return len(text) * size * LETTER


def fitted(text: str, width: float, size: float) -> str:
    """The text, cut with an ellipsis where it would be wider."""
    letters = int(width / (size * LETTER))
    return text if len(text) <= letters else text[: max(1, letters - 1)].rstrip() + "…"
