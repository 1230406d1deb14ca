"""Maintenance windows as faces send and show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from pitstop.model.errors import InvalidInput
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.ports.records import DeclaredTimes
from pitstop.service.policy_paths import Times
from pitstop.wire.policy_views import BlackoutView, WindowsChange, WindowsView, WindowView

_MOST = 50
_LONGEST_NAME = 64
_EARLIEST_YEAR = 2000
_SHOWN = 5


def times_of(change: WindowsChange, now: datetime) -> Times:
    """What was sent, as values; every window is tried out.

    Raises:
        InvalidInput: with all that is wrong, or with what a window's rule, zone or length lacks.
    """
    problems = list(_problems(change))
    if problems:
        raise InvalidInput("; ".join(problems[:10]), hint="See docs/policy.md for how windows are written.")
    times = Times(
        tuple(_window(window) for window in change.windows),
        tuple(Blackout(item.first_day, item.last_day, item.reason) for item in change.blackouts),
    )
    times.next_openings(now, _SHOWN)
    return times


def windows_view(declared: DeclaredTimes, now: datetime) -> WindowsView:
    """What is declared, with the next openings."""
    times = Times(declared.windows, declared.blackouts)
    return WindowsView(
        windows=tuple(_window_view(window) for window in declared.windows),
        blackouts=tuple(
            BlackoutView(first_day=item.first_day, last_day=item.last_day, reason=item.reason)
            for item in declared.blackouts
        ),
        revision=declared.revision,
        changed_by=declared.by,
        changed_at=declared.at,
        next=times.next_openings(now, _SHOWN),
    )


def _problems(change: WindowsChange) -> Iterator[str]:
    if len(change.windows) > _MOST or len(change.blackouts) > _MOST:
        yield f"at most {_MOST} windows and {_MOST} blackouts can be declared"
    for name, count in Counter(window.name for window in change.windows).items():
        if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
            yield f"{name!r} is no name of a window: one line of text, at most {_LONGEST_NAME} characters"
        if count > 1:
            yield f"{count} windows are named {name!r}"
    for window in change.windows:
        if window.first.year < _EARLIEST_YEAR:
            yield f"window {window.name}: its first start is before {_EARLIEST_YEAR}"
    for item in change.blackouts:
        if item.last_day < item.first_day:
            yield f"the blackout from {item.first_day} ends before it begins, on {item.last_day}"


def _window(view: WindowView) -> MaintenanceWindow:
    try:
        length = timedelta(seconds=view.seconds)
    except (OverflowError, ValueError) as error:
        raise InvalidInput(f"window {view.name}: {view.seconds!r} is no length in seconds") from error
    return MaintenanceWindow(view.name, view.first, view.recurrence.strip(), length, view.zone)


def _window_view(window: MaintenanceWindow) -> WindowView:
    return WindowView(
        name=window.name,
        first=window.first,
        recurrence=window.recurrence,
        seconds=window.length.total_seconds(),
        zone=window.zone,
    )
