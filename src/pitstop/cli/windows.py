"""``pitstop windows``: when work may be done."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import field, note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.errors import NotFound
from pitstop.wire.formats import duration, instant
from pitstop.wire.policy_formats import local_text
from pitstop.wire.policy_views import BlackoutView, OpeningView, WindowsChange, WindowsView, WindowView

app = noun_app("Maintenance windows: list, set, blackout, clear.")

_DAY = ["%Y-%m-%d"]
Name = Annotated[str, typer.Argument(help="The window's name.")]


@app.command("list")
def list_windows(as_json: AsJson = False) -> None:
    """List the windows, the blackouts, and the next openings."""
    with connect() as client:
        windows = client.windows()
    _show(windows, as_json)


@app.command("set")
def set_window(
    name: Name,
    *,
    first: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="The first start, local time."),
    ],
    hours: Annotated[float, typer.Option(min=0.25, max=744, help="How long it is open.")],
    zone: Annotated[str, typer.Option(help="Time zone, such as Europe/Berlin.")],
    rule: Annotated[
        str, typer.Option(help="RFC 5545 recurrence, such as FREQ=WEEKLY;BYDAY=SA; once when left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Declare a window, or put another in place of the one of this name."""
    window = WindowView(name=name, first=first, recurrence=rule, seconds=hours * 3600, zone=zone)
    with connect() as client:
        now = client.windows()
        others = tuple(other for other in now.windows if other.name != name)
        change = WindowsChange(windows=(*others, window), blackouts=now.blackouts, revision=now.revision)
        windows = client.set_windows(change)
    _show(windows, as_json)


@app.command()
def blackout(
    first: Annotated[datetime, typer.Argument(metavar="FIRST_DAY", formats=_DAY)],
    last: Annotated[datetime, typer.Argument(metavar="LAST_DAY", formats=_DAY)],
    reason: Annotated[str, typer.Option(help="Why, as others will read it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Declare days, both included, on which nothing may be done."""
    closed = BlackoutView(first_day=first.date(), last_day=last.date(), reason=reason)
    with connect() as client:
        now = client.windows()
        change = WindowsChange(windows=now.windows, blackouts=(*now.blackouts, closed), revision=now.revision)
        windows = client.set_windows(change)
    _show(windows, as_json)


@app.command()
def clear(
    name: Annotated[
        str | None, typer.Argument(help="Only this window; all, with blackouts, unless told.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take back a window, or all windows and blackouts."""
    with connect() as client:
        now = client.windows()
        kept = tuple(other for other in now.windows if name is not None and other.name != name)
        if name is not None and len(kept) == len(now.windows):
            raise NotFound(f"there is no window {name!r}", hint="See `pitstop windows list`.")
        blackouts = now.blackouts if name is not None else ()
        change = WindowsChange(windows=kept, blackouts=blackouts, revision=now.revision)
        windows = client.set_windows(change)
    _show(windows, as_json)


def _show(windows: WindowsView, as_json: bool) -> None:
    if as_json:
        say_json(windows)
        return
    if not windows.windows and not windows.blackouts:
        note("No maintenance window is declared.")
    for line in window_lines(windows):
        say(line)


def window_lines(windows: WindowsView) -> list[str]:
    lines: list[str] = []
    if windows.windows:
        rows = (
            (
                window.name,
                f"{window.first:%Y-%m-%d %H:%M}",
                duration(window.seconds),
                window.zone,
                _rule(window),
            )
            for window in windows.windows
        )
        lines += table(("WINDOW", "FIRST START", "OPEN FOR", "ZONE", "RECURS"), rows)
    for closed in windows.blackouts:
        why = f": {closed.reason}" if closed.reason else ""
        lines += field("blackout", f"{closed.first_day} to {closed.last_day}{why}")
    if windows.next:
        lines += ["", "Next openings"]
        lines += [line for opening in windows.next for line in _opening(opening)]
    if windows.changed_by:
        lines += ["", f"Declared by {windows.changed_by}, {instant(windows.changed_at)}"]
    return lines


def _rule(window: WindowView) -> str:
    return window.recurrence or "once"


def _opening(opening: OpeningView) -> list[str]:
    closed = f" - closed: {opening.closed_by}" if opening.closed_by else ""
    start, end = (local_text(at, opening.zone) for at in (opening.start, opening.end))
    return field(opening.window, f"{start} to {end}{closed}")
