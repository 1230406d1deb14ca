"""A path laid into maintenance windows: which update in which window, and what does not fit anywhere.

Updates go in order, several into one window where they fit one after the other. An update is not started if
the longest that it may take does not fit into what is left of a window. One whose duration nobody knows gets
a window of its own, and the calendar says so. Once an update fits nowhere, those after it wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pitstop.model.errors import InvalidInput
from pitstop.model.findings import Finding, Severity
from pitstop.policy.path import Path, PathStep
from pitstop.policy.windows import Blackout, MaintenanceWindow, Opening, openings

HORIZON = timedelta(days=730)
"""So far ahead windows are looked for."""


@dataclass(frozen=True, slots=True)
class Booking:
    """An update in a window.

    Attributes:
        start: when it begins at the latest.
        end_least, end_most: when it ends; None: not known, it has the whole window.
        after_deadline: it may end after the day on which support ends.
    """

    step: PathStep
    opening: Opening
    start: datetime
    end_least: datetime | None
    end_most: datetime | None
    after_deadline: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """A path in its windows.

    Attributes:
        windows: the openings that are used, in order.
        closed: openings that a blackout closed before the path ends.
        findings: what does not fit anywhere and why, what is not known, what comes too late.
        deadline: the last day of support, marked.
    """

    bookings: tuple[Booking, ...]
    windows: tuple[Opening, ...]
    closed: tuple[Opening, ...]
    findings: tuple[Finding, ...]
    deadline: date | None = None

    @property
    def fits(self) -> bool:
        """Whether every update found a window."""
        return not any(finding.code in ("fits-no-window", "waits-for-other") for finding in self.findings)


def lay_out(
    path: Path,
    windows: tuple[MaintenanceWindow, ...],
    blackouts: tuple[Blackout, ...],
    since: datetime,
    *,
    deadline: date | None = None,
) -> Calendar:
    """The path's updates in the first windows that take them, from ``since`` on.

    Raises:
        InvalidInput: a window's rule, zone or length cannot be used.
    """
    found = openings(windows, blackouts, since, since + HORIZON)
    free = [_from(opening, since) for opening in found if opening.blackout is None]
    bookings, unplaced = _book(path.steps, free)
    bookings = tuple(_marked(booking, deadline) for booking in bookings)
    used = tuple(dict.fromkeys(booking.opening for booking in bookings))
    end = used[-1].end if used else since
    return Calendar(
        bookings,
        used,
        tuple(o for o in found if o.blackout is not None and o.start < end),
        (*_unplaced(unplaced, free), *_unknown(bookings), *_late(bookings, deadline)),
        deadline,
    )


def fewest_windows(
    paths: Sequence[Path],
    windows: tuple[MaintenanceWindow, ...],
    blackouts: tuple[Blackout, ...],
    since: datetime,
) -> tuple[Path, Calendar]:
    """Of several paths to one target the one that needs the fewest windows, then ends first.

    Raises:
        InvalidInput: no path was handed in, or a window cannot be used.
    """
    if not paths:
        raise InvalidInput("there is no path to lay out")
    laid = [(path, lay_out(path, windows, blackouts, since)) for path in paths]
    return min(laid, key=lambda pair: (not pair[1].fits, len(pair[1].windows), _end(pair[1], since)))


def _end(calendar: Calendar, since: datetime) -> datetime:
    last = calendar.bookings[-1] if calendar.bookings else None
    return since if last is None else last.end_most or last.opening.end


def _from(opening: Opening, since: datetime) -> Opening:
    return opening if opening.start >= since else Opening(opening.window, since, opening.end)


def _book(steps: Sequence[PathStep], free: list[Opening]) -> tuple[tuple[Booking, ...], Sequence[PathStep]]:
    """What could be placed, and the rest from the first on that could not."""
    bookings: list[Booking] = []
    place, at = 0, free[0].start if free else None
    for number, step in enumerate(steps):
        booking = None
        while at is not None and booking is None:
            booking = _try(step, free[place], at)
            if booking is None or booking.end_most is None:
                place += 1
                at = free[place].start if place < len(free) else None
            else:
                at = booking.end_most
        if booking is None:
            return tuple(bookings), steps[number:]
        bookings.append(booking)
    return tuple(bookings), ()


def _try(step: PathStep, opening: Opening, at: datetime) -> Booking | None:
    """The step at this instant of this opening, if it fits into what is left."""
    if step.duration is None:
        return Booking(step, opening, at, None, None) if at == opening.start else None
    least, most = (at + timedelta(minutes=m) for m in (step.duration.least, step.duration.most))
    return Booking(step, opening, at, least, most) if most <= opening.end else None


def _marked(booking: Booking, deadline: date | None) -> Booking:
    end = booking.end_most or booking.opening.end
    if deadline is None or end.date() <= deadline:
        return booking
    return Booking(
        booking.step, booking.opening, booking.start, booking.end_least, booking.end_most, after_deadline=True
    )


def _unplaced(steps: Sequence[PathStep], free: list[Opening]) -> list[Finding]:
    if not steps:
        return []
    first = steps[0]
    longest = max((opening.length for opening in free), default=timedelta(0))
    if first.duration is None:
        what = "There is no window left for it."
    elif timedelta(minutes=first.duration.most) > longest:
        what = f"It takes up to {_hours(first.duration.most)}; the longest window has {_hours_of(longest)}."
    else:
        what = f"The windows of the next {HORIZON.days} days are taken by what goes before it."
    found = [_finding("fits-no-window", first, what, "Open a longer window, or one more, for this update.")]
    return found + [
        _finding(
            "waits-for-other",
            step,
            f"It goes on after {first.release.name}, which fits into no window.",
            f"Find a window for {first.release.name}.",
        )
        for step in steps[1:]
    ]


def _unknown(bookings: tuple[Booking, ...]) -> list[Finding]:
    return [
        Finding(
            "duration-unknown",
            Severity.INFORMATIONAL,
            f"update {booking.step.release.name}",
            "Nobody has said how long it takes on a system of this size: it has a window of its own.",
            "Ask the publisher, or wait until one like it was timed here.",
        )
        for booking in bookings
        if booking.end_most is None
    ]


def _late(bookings: tuple[Booking, ...], deadline: date | None) -> list[Finding]:
    late = [booking for booking in bookings if booking.after_deadline]
    if not late or deadline is None:
        return []
    what = f"It may end after {deadline}, the last day of support."
    return [_finding("after-support-ends", late[0].step, what, "Open an earlier window.")]


def _finding(code: str, step: PathStep, what: str, remedy: str) -> Finding:
    return Finding(code, Severity.WARNING, f"update {step.release.name}", what, remedy)


def _hours(minutes: float) -> str:
    return f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"


def _hours_of(length: timedelta) -> str:
    return _hours(length.total_seconds() / 60)
