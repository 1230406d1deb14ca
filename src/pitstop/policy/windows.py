"""Maintenance windows: when work may be done, as recurrences in a zone's own time, less blackout days.

A window recurs by a rule of RFC 5545 (``FREQ=WEEKLY;BYDAY=SA``) counted in local time, so that 22:00 stays
22:00 when daylight saving begins and ends. A start that the clocks skip happens when they have jumped; of one
that comes twice the first counts. The length is elapsed time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from pitstop.model.errors import InvalidInput

_LONGEST = timedelta(days=31)
_WITHIN_A_DAY = re.compile(r"FREQ=(HOURLY|MINUTELY|SECONDLY)|BY(HOUR|MINUTE|SECOND)=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When work may be done, again and again.

    Attributes:
        first: the first start, local time without a zone.
        recurrence: an RFC 5545 recurrence rule; "" for a single window. ``UNTIL`` is local time.
        length: elapsed time.
        zone: name in the time zone database, such as ``Europe/Berlin``.
    """

    name: str
    first: datetime
    recurrence: str
    length: timedelta
    zone: str


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days, both included, in the zone of each window, on which nothing may be done."""

    first_day: date
    last_day: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """One occurrence of a window: instants in UTC. ``blackout``: the one that closes it, if one does."""

    window: str
    start: datetime
    end: datetime
    blackout: Blackout | None = None

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def openings(
    windows: tuple[MaintenanceWindow, ...], blackouts: tuple[Blackout, ...], since: datetime, until: datetime
) -> list[Opening]:
    """The occurrences that end after ``since`` and start before ``until``, by their start; those that a
    blackout closes are among them and say so. Where one overlaps the one before it, it begins at its end.

    Raises:
        InvalidInput: a window's rule, zone or length cannot be used.
    """
    found = [o for window in windows for o in _occurrences(window, blackouts, since, until)]
    found.sort(key=lambda opening: (opening.start, opening.end))
    return list(_apart(found))


def _occurrences(
    window: MaintenanceWindow, blackouts: tuple[Blackout, ...], since: datetime, until: datetime
) -> Iterator[Opening]:
    zone = _zone(window)
    if not timedelta(0) < window.length <= _LONGEST:
        raise InvalidInput(f"window {window.name}: its length must be more than nothing and at most 31 days")
    for local in _local_starts(window, since.astimezone(zone), until.astimezone(zone)):
        start = local.replace(tzinfo=zone).astimezone(UTC)
        end = start + window.length
        if since < end and start < until:
            yield Opening(
                window.name, start, end, _closed_by(blackouts, start.astimezone(zone), end.astimezone(zone))
            )


def _zone(window: MaintenanceWindow) -> ZoneInfo:
    try:
        return ZoneInfo(window.zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(
            f"window {window.name}: {window.zone!r} is no time zone", hint="Use a name such as Europe/Berlin."
        ) from error


def _local_starts(window: MaintenanceWindow, since: datetime, until: datetime) -> list[datetime]:
    """Starts in local time, a day more on either side for what the clocks do."""
    if window.first.tzinfo is not None:
        raise InvalidInput(f"window {window.name}: its first start is local time, without a zone")
    if not window.recurrence:
        return [window.first]
    if _WITHIN_A_DAY.search(window.recurrence):
        raise InvalidInput(f"window {window.name}: it recurs within a day; daily is the most often")
    try:
        rule = rrulestr(window.recurrence, dtstart=window.first)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidInput(
            f"window {window.name}: {window.recurrence!r} is no recurrence rule: {error}",
            hint="Write it as in RFC 5545, such as FREQ=WEEKLY;BYDAY=SA.",
        ) from error
    margin = window.length + timedelta(days=1)
    first, last = since.replace(tzinfo=None) - margin, until.replace(tzinfo=None) + timedelta(days=1)
    return list(rule.between(first, last, inc=True))


def _closed_by(blackouts: tuple[Blackout, ...], start: datetime, end: datetime) -> Blackout | None:
    """The blackout that touches any day of the opening, in the window's zone."""
    last = (end - timedelta(microseconds=1)).date()
    return next((b for b in blackouts if b.first_day <= last and start.date() <= b.last_day), None)


def _apart(found: list[Opening]) -> Iterator[Opening]:
    """Without overlaps among those that are open."""
    busy_until: datetime | None = None
    for opening in found:
        start = opening.start if busy_until is None else max(opening.start, busy_until)
        if opening.blackout is None and start < opening.end:
            busy_until = opening.end
            yield Opening(opening.window, start, opening.end)
        elif opening.blackout is not None:
            yield opening
