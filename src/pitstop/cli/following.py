"""Following a run: drawn anew on a terminal, a line for each change elsewhere, JSON lines for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import NoReturn

from pitstop.cli.output import clean, coloured, note, say, say_json_line
from pitstop.cli.run_report import head_lines, inner_line, report_lines, step_line
from pitstop.client.client import PitstopClient
from pitstop.model.errors import PitstopError, RunEndedFailed
from pitstop.wire.formats import clock_time, percent, spoken
from pitstop.wire.views import RunReport, RunView, StepView, leaves

INSTALLING = "install"
"""The phase in which a failed run can be resumed; before it, the update is installed again."""


def follow(client: PitstopClient, run_id: str, *, as_json: bool) -> None:
    """Show the run until it ends.

    Raises:
        RunEndedFailed: it failed.
        Unreachable: the service stayed away.
    """
    show_reports(client.watch(run_id, lost=_lost), as_json=as_json)


def show_reports(reports: Iterator[RunReport], *, as_json: bool) -> None:
    """Show what comes, until nothing more does.

    Raises:
        RunEndedFailed: the last one says that the run failed.
    """
    if as_json:
        last = _as_json(reports)
    elif sys.stdout.isatty():
        last = _drawn(reports)
    else:
        last = _as_lines(reports)
    if last is not None and last.run.state in ("failed", "undo-failed", "cancelled", "aborted"):
        _raise_ended(last.run)


def _raise_ended(run: RunView) -> NoReturn:
    """Raises RunEndedFailed: it did not succeed, and what to do about that."""
    short, state = run.id[:8], spoken(run.state).words.lower()
    if run.state in ("cancelled", "aborted"):
        what = run.finding.what if run.finding else "nothing of it is left to do"
        raise RunEndedFailed(
            f"run {short} was {state}: {clean(what)}", hint=f"See `pitstop run show {short}`."
        )
    what = run.finding.what if run.finding else "see its steps"
    again = f"run resume {short}" if run.phase == INSTALLING else f"update install {run.update}"
    raise RunEndedFailed(
        f"run {short} {state}: {clean(what)}",
        hint=f"See `pitstop run show {short}`; mend the cause, then `pitstop {again}`.",
    )


def _lost(error: PitstopError) -> None:
    note(f"{error.message}; the run goes on without being watched, trying again ...")


def _as_json(reports: Iterator[RunReport]) -> RunReport | None:
    last = None
    for last in reports:
        say_json_line(last)
    return last


def _as_lines(reports: Iterator[RunReport]) -> RunReport | None:
    """The head of the report first, then each step that changed, then how it ended."""
    last = None
    for report in reports:
        for line in head_lines(report) if last is None else changes(last, report):
            say(line)
        last = report
    if last is not None:
        end = f"{spoken(last.run.state).words}: {last.run.update}, {percent(last.percent)}"
        say(f"{clock_time(last.run.ended)}  {end}")
    return last


def changes(before: RunReport, after: RunReport) -> list[str]:
    """A line for each step whose status, attempt or reason to wait is another now, and for inner steps."""
    known = {step.index: _marks(step) for step in _told(before)}
    changed = (step for step in _told(after) if known.get(step.index) != _marks(step))
    return [f"{clock_time(_moment(step))}{_line(step)}" for step in changed]


def _told(report: RunReport) -> Iterator[StepView]:
    """What a line is written for: inner steps before the step that they belong to, which ends after them."""
    for step in leaves(report.steps):
        yield from step.steps
        yield step


def _line(step: StepView) -> str:
    return f"{step_line(step)}{_why(step)}" if step.kind is not None else inner_line(step)


def _marks(step: StepView) -> tuple[str, int, str]:
    return step.status, step.attempt, step.waiting.reason if step.waiting else ""


def _moment(step: StepView) -> datetime | None:
    waiting = step.waiting.since if step.waiting else None
    return step.ended or waiting or step.started


def _why(step: StepView) -> str:
    if step.status == "failed" and step.finding is not None:
        return f": {clean(step.finding.what)}"
    if step.status == "waiting" and step.waiting is not None:
        return f": for {clean(step.waiting.reason)}"
    return ""


def _drawn(reports: Iterator[RunReport]) -> RunReport | None:
    """The whole report, drawn anew in place with each change."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(no_color=not coloured(), highlight=False)
    last = None
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for last in reports:
            live.update(Text.from_ansi("\n".join(report_lines(last))), refresh=True)
    return last
