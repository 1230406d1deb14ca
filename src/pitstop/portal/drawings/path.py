"""A path as boxes and arrows: what is installed after each update, and on the arrow to it how long it takes.

Boxes stand in rows from left to right, in a narrow drawing below each other. A gate (an update that another
one asks for) has a mark, one that is only recommended a broken edge; the last box is the target, or says that
it is not reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from pitstop.portal.drawings.scale import fitted, wrapped
from pitstop.wire.formats import NOTHING, both_ends, duration_range
from pitstop.wire.policy_views import PathStepView, PathView

WIDE: Final = 960
NARROW: Final = 340

_BOX_WIDTH: Final = 176
_BOX_HEIGHT: Final = 88
_GAP: Final = 82
"""Between two boxes of a row: room for how long it takes."""
_ROW_GAP: Final = 58
_LOW_HEIGHT: Final = 74
_LOW_GAP: Final = 44
"""In a narrow drawing, whose boxes are wide enough for a title in one line."""
_EDGE: Final = 3
_INSET: Final = 11
SMALL: Final = 12.0
LARGE: Final = 14.0


class Because(StrEnum):
    """How a box is drawn."""

    NOW = "now"
    TARGET = "target"
    GATE = "gate"
    NEXT = "next"
    RECOMMENDED = "recommended"
    UNREACHED = "unreached"


_BADGES: Final = {
    Because.TARGET: "◎ target",
    Because.GATE: "◆ gate",
    Because.RECOMMENDED: "recommended",
    Because.UNREACHED: "✕ not reached",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text; ``role``: head, version, title, badge, time or restart."""

    role: str
    text: str
    x: float
    y: float
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Box:
    because: Because
    x: float
    y: float
    width: float
    height: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to the next; ``points`` are its corners, the last one is its head."""

    points: tuple[tuple[float, float], ...]
    words: tuple[Word, ...]
    is_broken: bool = False

    @property
    def line(self) -> str:
        """As SVG's ``points``."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: float
    is_narrow: bool
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class _Stop:
    """A box before it has its place."""

    because: Because
    head: str
    version: str
    title: str
    step: PathStepView | None = None


def draw(path: PathView, *, width: int) -> Drawing | None:
    """None where there is nothing to do and nothing in the way."""
    stops = tuple(_stops(path))
    if len(stops) == 1:
        return None
    places = _wide_places(len(stops), width) if width >= WIDE else _narrow_places(len(stops), width)
    boxes = tuple(_box(stop, place) for stop, place in zip(stops, places, strict=True))
    arrows = tuple(
        _arrow(one, other, stop.step) for (one, other), stop in zip(pairwise(boxes), stops[1:], strict=True)
    )
    last = boxes[-1]
    return Drawing(width, last.y + last.height + _EDGE, width < WIDE, boxes, arrows)


def _stops(path: PathView) -> Iterator[_Stop]:
    yield _Stop(Because.NOW, "Now", path.from_version or NOTHING, "installed")
    for step in path.steps:
        rides = f"with {step.rides}" if step.rides else step.title
        head = f"{step.number} · {step.package_type}"
        yield _Stop(_because(step, path.reached), head, step.to_version, rides, step)
    if not path.reached:
        yield _Stop(Because.UNREACHED, "Target", path.target, "What stands in the way is said above")


def _because(step: PathStepView, reached: bool) -> Because:
    """The last step of a path that stops short is as far as it goes, not the target."""
    known = {"required": Because.GATE, "recommended": Because.RECOMMENDED}
    if step.because == "target" and reached:
        return Because.TARGET
    return known.get(step.because, Because.NEXT)


# --- places -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a box stands, and how many lines it has for a title."""

    x: float
    y: float
    width: float
    height: float
    lines: int


def _wide_places(count: int, width: int) -> Iterator[_Place]:
    in_row = (width - 2 * _EDGE + _GAP) // (_BOX_WIDTH + _GAP)
    for number in range(count):
        row, column = divmod(number, in_row)
        x, y = _EDGE + column * (_BOX_WIDTH + _GAP), _EDGE + row * (_BOX_HEIGHT + _ROW_GAP)
        yield _Place(x, y, _BOX_WIDTH, _BOX_HEIGHT, 2)


def _narrow_places(count: int, width: int) -> Iterator[_Place]:
    for number in range(count):
        yield _Place(_EDGE, _EDGE + number * (_LOW_HEIGHT + _LOW_GAP), width - 2 * _EDGE, _LOW_HEIGHT, 1)


def _box(stop: _Stop, place: _Place) -> Box:
    room = place.width - 2 * _INSET
    left, right, top = place.x + _INSET, place.x + place.width - _INSET, place.y
    words = [
        Word("head", fitted(stop.head, room, SMALL), left, top + 20),
        Word("version", fitted(stop.version, room, LARGE), left, top + 43),
    ]
    words += [
        Word("title", line, left, top + 62 + 15 * number)
        for number, line in enumerate(wrapped(stop.title, room, SMALL, lines=place.lines))
    ]
    badge = _BADGES.get(stop.because)
    if badge:
        words.append(Word("badge", badge, right, top + 20, "end"))
    return Box(stop.because, place.x, place.y, place.width, place.height, tuple(words))


# --- arrows -------------------------------------------------------------------------------------------------


def _arrow(one: Box, other: Box, step: PathStepView | None) -> Arrow:
    if one.y == other.y:
        return _along(one, other, step)
    if one.x == other.x:
        return _down(one, other, step)
    return _around(one, other, step)


def _along(one: Box, other: Box, step: PathStepView | None) -> Arrow:
    y = one.y + one.height / 2
    start, end = one.x + one.width, other.x
    middle = (start + end) / 2
    words = [
        Word("time", text, middle, y - 7 if place == 0 else y + 17, "middle")
        for place, text in enumerate(_two_lines(step))
    ]
    if step is not None and step.restarts_nodes:
        words.append(Word("restart", "↻ restarts", middle, y + 33, "middle"))
    return Arrow(((start, y), (end, y)), tuple(words), step is None)


def _down(one: Box, other: Box, step: PathStepView | None) -> Arrow:
    x = one.x + 28
    top, bottom = one.y + one.height, other.y
    words = (Word("time", _one_line(step), x + 14, (top + bottom) / 2 + 4),) if step else ()
    return Arrow(((x, top), (x, bottom)), words, step is None)


def _around(one: Box, other: Box, step: PathStepView | None) -> Arrow:
    """From the end of a row to the beginning of the next."""
    start, end = one.x + one.width / 2, other.x + other.width / 2
    top, bottom = one.y + one.height, other.y
    middle = (top + bottom) / 2
    words = (Word("time", _one_line(step), end + 14, middle - 6),) if step else ()
    return Arrow(((start, top), (start, middle), (end, middle), (end, bottom)), words, step is None)


def _two_lines(step: PathStepView | None) -> tuple[str, ...]:
    if step is None:
        return ()
    if step.duration is None:
        return "time not", "known"
    least, most = both_ends(step.duration)
    return (least,) if least == most else (least, f"to {most}")


def _one_line(step: PathStepView) -> str:
    takes = duration_range(step.duration) if step.duration else "time not known"
    return f"{takes}, ↻ restarts" if step.restarts_nodes else takes
