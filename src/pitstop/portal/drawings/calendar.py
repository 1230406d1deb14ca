"""A calendar as a strip: the maintenance windows over time, with the numbers of the updates in them.

A window is a box, however short it is; one that a blackout closes is empty, with a cross above it. The
deadline is a line through the strip. Numbers that would run into each other are left out: the table beside it
has them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import groupby
from typing import Final

from pitstop.portal.drawings.scale import Days, Tick, text_width
from pitstop.wire.policy_views import CalendarView, OpeningView

WIDE: Final = 960
NARROW: Final = 340
TYPE: Final = 12.0

_EDGE: Final = 8
_LEAST: Final = 7.0
_NUMBERS_Y: Final = 34
_BOX_Y: Final = 42
_BOX_HEIGHT: Final = 26
_TICKS_Y: Final = 88
_HEIGHT: Final = 94


@dataclass(frozen=True, slots=True)
class Window:
    """``words``: the numbers of the updates in it, or that it is closed; "" where there is no room."""

    x: float
    width: float
    is_closed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    x: float
    label_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    is_narrow: bool
    box_y: float
    box_height: float
    numbers_y: float
    ticks_y: float
    left: float
    right: float
    ticks: tuple[Tick, ...]
    windows: tuple[Window, ...]
    deadline: Line | None


def draw(calendar: CalendarView, *, width: int) -> Drawing | None:
    """None where no window is used or closed."""
    openings = [*calendar.openings, *calendar.closed]
    if not openings:
        return None
    days = _days(calendar, openings, width)
    return Drawing(
        width=width,
        height=_HEIGHT,
        is_narrow=width < WIDE,
        box_y=_BOX_Y,
        box_height=_BOX_HEIGHT,
        numbers_y=_NUMBERS_Y,
        ticks_y=_TICKS_Y,
        left=days.left,
        right=days.right,
        ticks=days.ticks(78 if width < WIDE else 88),
        windows=tuple(_windows(calendar, days)),
        deadline=_deadline(calendar.deadline, days),
    )


def _days(calendar: CalendarView, openings: list[OpeningView], width: int) -> Days:
    ends = [opening.end.astimezone(UTC).date() for opening in openings]
    if calendar.deadline is not None:
        ends.append(calendar.deadline)
    first, last = calendar.since.astimezone(UTC).date(), max(ends)
    room = timedelta(days=max(3, (last - first).days // 30))
    return Days(first, last + room, _EDGE, width - _EDGE)


def _windows(calendar: CalendarView, days: Days) -> Iterator[Window]:
    used = {
        start: ", ".join(str(booking.number) for booking in group)
        for start, group in groupby(calendar.bookings, key=lambda booking: booking.opening.start)
    }
    taken = float("-inf")
    for opening in sorted([*calendar.openings, *calendar.closed], key=lambda opening: opening.start):
        x, end = (days.x(at.astimezone(UTC).date()) for at in (opening.start, opening.end))
        width = max(_LEAST, end - x)
        words = "✕" if opening.closed_by else used.get(opening.start, "")
        half = text_width(words, TYPE) / 2
        if x + width / 2 - half < taken:
            words = ""
        elif words:
            taken = x + width / 2 + half + 4
        yield Window(x, round(width, 1), bool(opening.closed_by), words)


def _deadline(day: date | None, days: Days) -> Line | None:
    if day is None:
        return None
    label, x = f"Last day of support, {day}", days.x(day + timedelta(days=1))
    fits = x + 5 + text_width(label, TYPE) <= days.right
    return Line(label, x, x + 5 if fits else x - 5, "start" if fits else "end")
