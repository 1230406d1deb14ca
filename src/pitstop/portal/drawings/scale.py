"""Days along a line: where each day stands, and the marks of weeks, months and years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Final

_WEEKS: Final = (1, 2)
_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
"""Weeks and months between two marks."""
_DAYS_OF_MONTH: Final = 30.44
_YEAR: Final = 12

_SMALL: Final = 12.0
_SPARE: Final = 6.0
"""The type of a mark, and what there is beyond the ends of the line."""

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
        """Mondays, first days of months or of years: the closest that still stand ``gap`` apart. A mark
        whose label would stand beyond the ends is left out."""
        marks = (Tick(self.x(day), f"{day:{form}}") for day, form in self._marks(gap))
        return tuple(mark for mark in marks if self._has_room(mark))

    def _marks(self, gap: float) -> Iterator[tuple[date, str]]:
        day = (self.right - self.left) / max(1, (self.last - self.first).days)
        for weeks in _WEEKS:
            if weeks * 7 * day >= gap:
                return ((monday, "%Y-%m-%d") for monday in self._mondays(weeks))
        step = next((step for step in _STEPS if step * _DAYS_OF_MONTH * day >= gap), _STEPS[-1])
        return ((first, "%Y" if step >= _YEAR else "%Y-%m") for first in self._months(step))

    def _has_room(self, mark: Tick) -> bool:
        half = text_width(mark.label, _SMALL) / 2 - _SPARE
        return self.left + half <= mark.x <= self.right - half

    def _mondays(self, weeks: int) -> Iterator[date]:
        ordinal = self.first.toordinal()
        ordinal += (1 - ordinal) % 7  # the first day of the calendar was a Monday
        while ordinal <= self.last.toordinal():
            yield date.fromordinal(ordinal)
            ordinal += 7 * weeks

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


def wrapped(text: str, width: float, size: float, *, lines: int) -> tuple[str, ...]:
    """The text in so many lines at most, broken between words; the last one cut where it must be."""
    found = wrap(text, max(1, int(width / (size * LETTER))), break_long_words=False)
    if len(found) > lines:
        found[lines - 1 :] = [" ".join(found[lines - 1 :])]
    return tuple(fitted(line, width, size) for line in found)
