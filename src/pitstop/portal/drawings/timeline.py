"""The support timeline: a row for each family, with a bar for the days on which it is supported.

What is known is solid, what is forecast is hatched, and a day that is only known to lie somewhere within a
span is dotted over that span. Beyond the day of the knowledge everything is forecast, and shaded. No colour
is needed to read it: the row of the system is marked, and each row says until when.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pitstop.portal.drawings.scale import Days, Tick, text_width
from pitstop.wire.policy_views import DaysView, FamilyBarView, ForecastView, TimelineView

WIDE: Final = 960
NARROW: Final = 340
TYPE: Final = 13.0
"""The height of the type."""

_LABELS: Final = 124
"""Of a wide drawing: the column of families."""
_EDGE: Final = 4
_LINE: Final = 18
_BAR: Final = 14
_LEAST: Final = 3.0
"""A bar of a day is still seen."""
_MONTH: Final = timedelta(days=31)
_AHEAD: Final = timedelta(days=90)
_FAR: Final = timedelta(days=1_100)
"""A day that is asked about makes the drawing longer by so much at most."""


class Kind(StrEnum):
    """``known``: supported, as known; ``ahead``: by forecast; ``maybe``: it begins or ends on some day
    within."""

    KNOWN = "known"
    AHEAD = "ahead"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Span:
    kind: Kind
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """One family. ``top``, ``height``: of its band; ``words``: what stands at its bar."""

    family: str
    position: str
    is_current: bool
    is_withdrawn: bool
    top: float
    height: float
    label_y: float
    bar_y: float
    spans: tuple[Span, ...]
    words: str
    words_x: float
    words_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that is marked through all rows; ``kind``: today, known or asked."""

    kind: str
    label: str
    x: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """``plot``: the top of the rows; ``shade``: where the forecast begins, None when it is out of sight."""

    width: int
    height: float
    is_narrow: bool
    plot: float
    bar: float
    ticks: tuple[Tick, ...]
    tick_y: float
    marks: tuple[Mark, ...]
    shade: float | None
    right: float
    rows: tuple[Row, ...]


def draw(timeline: TimelineView, *, width: int, asked: date | None = None) -> Drawing | None:
    """None where no family is known.

    Args:
        asked: the day that the page was asked about, if it is not today.
    """
    if not timeline.families:
        return None
    narrow = width < WIDE
    days = _days(timeline, asked, _EDGE if narrow else _LABELS, width - _EDGE)
    marked = [mark for mark in _marked(timeline, asked) if days.covers(mark[2])]
    plot = _LINE * (len(marked) + 1) + 6
    rows = tuple(_rows(timeline, days, plot, narrow=narrow))
    known = timeline.as_known_on
    return Drawing(
        width=width,
        height=rows[-1].top + rows[-1].height,
        is_narrow=narrow,
        plot=plot,
        bar=_BAR,
        ticks=days.ticks(58 if narrow else 74),
        tick_y=plot - 7,
        marks=tuple(_mark(days, place, *mark) for place, mark in enumerate(marked)),
        shade=days.x(known) if known and days.covers(known) else None,
        right=days.right,
        rows=rows,
    )


def shown_families(families: tuple[FamilyBarView, ...], most: int) -> tuple[FamilyBarView, ...]:
    """The newest so many; more, where the system is on an older one."""
    current = next((place for place, bar in enumerate(families) if bar.current), len(families))
    return families[min(max(0, len(families) - most), current) :]


# --- the days -----------------------------------------------------------------------------------------------


def _days(timeline: TimelineView, asked: date | None, left: float, right: float) -> Days:
    known = [day for bar in timeline.families for day in _known_days(bar)]
    ends = [timeline.today - _MONTH, timeline.today + _MONTH, *known]
    if timeline.as_known_on:
        ends.append(timeline.as_known_on)
    if any(bar.last_day is None for bar in timeline.families):
        ends.append(timeline.today + _AHEAD)
    first, last = min(ends), max(ends)
    if asked is not None:
        first, last = min(first, max(asked, first - _FAR)), max(last, min(asked, last + _FAR))
    room = timedelta(days=max(7, (last - first).days // 50))
    return Days(first - room, last + room, left, right)


def _known_days(bar: FamilyBarView) -> Iterator[date]:
    for days in (bar.released, bar.last_day, bar.forecast):
        if days is not None:
            yield from (day for day in (days.earliest, days.latest) if day is not None)


def _marked(timeline: TimelineView, asked: date | None) -> Iterator[tuple[str, str, date]]:
    known, today = timeline.as_known_on, timeline.today
    if known is not None and known != today:
        yield "known", f"Forecast from {known}", known
    yield "today", f"Today, {today}" + ("; forecast from here" if known == today else ""), today
    if asked is not None and asked != today:
        yield "asked", f"Asked about: {asked}", asked


def _mark(days: Days, place: int, kind: str, label: str, day: date) -> Mark:
    """Its words behind the line where there is room, else before it, else at the edge."""
    x, width = days.x(day), text_width(label, TYPE)
    label_x, anchor = x + 5, "start"
    if label_x + width > days.right:
        label_x, anchor = x - 5, "end"
    if anchor == "end" and label_x - width < 0:
        label_x, anchor = days.right, "end"
    return Mark(kind, label, x, label_x, _LINE * (place + 1) - 5, anchor)


# --- the rows -----------------------------------------------------------------------------------------------


def _rows(timeline: TimelineView, days: Days, plot: float, *, narrow: bool) -> Iterator[Row]:
    height = 42.0 if narrow else 26.0
    for place, bar in enumerate(reversed(timeline.families)):
        top = plot + place * height
        label_y = top + (16 if narrow else 18)
        bar_y = top + (22 if narrow else 6)
        spans = tuple(_spans(bar, days, timeline.as_known_on or timeline.today))
        words = _words(bar)
        words_x, anchor = _place(words, spans, days) if not narrow else (days.right, "end")
        yield Row(
            family=bar.family,
            position=bar.position or "withdrawn",
            is_current=bar.current,
            is_withdrawn=bar.withdrawn,
            top=top,
            height=height,
            label_y=label_y,
            bar_y=bar_y,
            spans=spans,
            words=words,
            words_x=words_x,
            words_y=label_y,
            anchor=anchor,
        )


def _place(words: str, spans: tuple[Span, ...], days: Days) -> tuple[float, str]:
    """Behind the bar where there is room, else before it."""
    if not spans:
        return days.left, "start"
    end = max(span.x + span.width for span in spans) + 6
    if end + text_width(words, TYPE) <= days.right:
        return end, "start"
    return min(span.x for span in spans) - 6, "end"


def _spans(bar: FamilyBarView, days: Days, known: date) -> Iterator[Span]:
    """From left to right, without a gap."""
    sure = bar.released.latest or bar.released.earliest or days.first
    begin = bar.released.earliest or days.first
    yield from _span(days, Kind.MAYBE, begin, sure)
    if bar.last_day is not None:
        end = _end(bar.last_day, known)
        yield from _span(days, Kind.KNOWN, sure, end[0], least=_LEAST)
        yield from _span(days, Kind.MAYBE, max(sure, end[0]), end[1])
        return
    yield from _span(days, Kind.KNOWN, sure, known, least=_LEAST)
    yield from _span(days, Kind.AHEAD, max(sure, known), _forecast(bar.forecast, days)[0])
    yield from _span(
        days, Kind.MAYBE, max(known, _forecast(bar.forecast, days)[0]), _forecast(bar.forecast, days)[1]
    )


def _end(last: DaysView, known: date) -> tuple[date, date]:
    """The first days without support: at the soonest, at the latest."""
    day = timedelta(days=1)
    soonest, latest = last.earliest or last.latest or known, last.latest or last.earliest or known
    return soonest + day, latest + day


def _forecast(ahead: ForecastView | None, days: Days) -> tuple[date, date]:
    """The first days without support, to the edge of the drawing where nothing can be said."""
    if ahead is None:
        return days.last, days.last
    return ahead.earliest or days.last, ahead.latest or days.last


def _span(days: Days, kind: Kind, begin: date, end: date, *, least: float = 0.0) -> Iterator[Span]:
    x = days.x(begin)
    width = round(max(least, days.x(end) - x), 1)
    if width > 0:
        yield Span(kind, x, width)


def _words(bar: FamilyBarView) -> str:
    """``until 2024-05-07``, ``until 2024-06 to 2024-09``; the table beside it has it in full."""
    day = timedelta(days=1)
    if bar.last_day is not None:
        first, last, exact = bar.last_day.earliest, bar.last_day.latest, bar.last_day.exact
    elif bar.forecast is not None:
        first = bar.forecast.earliest - day if bar.forecast.earliest else None
        last = bar.forecast.latest - day if bar.forecast.latest else None
        exact = bar.forecast.certain
    else:
        return "end not known"
    if first is None or last is None:
        either = first or last
        return (
            f"until {either:%Y-%m} or {'sooner' if first is None else 'later'}" if either else "end not known"
        )
    if exact or first == last:
        return f"until {first}"
    months = f"{first:%Y-%m}", f"{last:%Y-%m}"
    return f"until {months[0]}" if months[0] == months[1] else f"until {months[0]} to {months[1]}"
