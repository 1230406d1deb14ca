"""``pitstop path``: the ordered updates to a target, how long they take, and in which windows they fit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pitstop.cli.assumed import CatalogueFiles, Facts, Hardware, InstalledBuilds, Nodes, assumed, read_bytes
from pitstop.cli.connection import connect
from pitstop.cli.nouns import verb_app
from pitstop.cli.output import field, finding_lines, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidInput
from pitstop.package.typed import from_json
from pitstop.wire.formats import duration_range
from pitstop.wire.policy_formats import OBJECTIVE_WORDS, known_text, local_text, path_headline, total_text
from pitstop.wire.policy_views import CalendarView, PathStepView, PathView, WindowsChange

if TYPE_CHECKING:
    from pitstop.service.policy_paths import Times

To = Annotated[str, typer.Option(metavar="TARGET", help="newest, supported, or a release by name or build.")]
ForLeast = Annotated[str, typer.Option(help="What to have least of: time, restarts or windows.")]
Recommended = Annotated[
    bool | None,
    typer.Option(
        "--recommended/--required",
        help="With the newest hotfixes though no gate asks for them, or without. Unless told: with, except "
        "on the way back into support.",
        show_default=False,
    ),
]
WindowsFile = Annotated[
    Path | None, typer.Option("--windows", help="With --catalogue and --calendar: the windows (JSON).")
]


def path(
    *,
    to: To = "newest",
    objective: ForLeast = "time",
    recommended: Recommended = None,
    calendar: Annotated[
        bool, typer.Option("--calendar", help="Lay it into the maintenance windows.")
    ] = False,
    catalogue: CatalogueFiles = None,
    installed: InstalledBuilds = None,
    fact: Facts = None,
    hardware: Hardware = "",
    nodes: Nodes = None,
    windows: WindowsFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the ordered updates to a target: why each, how long, which nodes restart, what was left out."""
    from pitstop.service.policy_paths import calendar_view, path_view
    from pitstop.service.question import PathQuestion, objective_of

    question = PathQuestion(to, objective_of(objective), recommended)
    system = assumed(catalogue, installed, facts=fact, hardware=hardware, nodes=nodes)
    answer: PathView | CalendarView
    if system is not None and calendar:
        answer = calendar_view(system.graph, system.facts, question, _times_in(windows))
    elif system is not None:
        answer = path_view(system.graph, system.facts, question)
    else:
        with connect() as client:
            ask = client.calendar if calendar else client.path
            answer = ask(to, objective, recommended=recommended)
    if as_json:
        say_json(answer)
        return
    for line in calendar_lines(answer) if isinstance(answer, CalendarView) else path_lines(answer):
        say(line)


def path_lines(path: PathView) -> list[str]:
    lines = [f"To {path.target}: {path_headline(path)}"]
    if path.steps:
        lines += field("chosen for", OBJECTIVE_WORDS.get(path.objective, path.objective))
        lines += field("takes", total_text(path))
        lines += field("restarts", _restarts(path))
    lines += field("knowledge", known_text(path.as_known_on))
    if path.steps:
        lines += ["", *step_lines(path)]
    if path.why_not:
        lines += ["", "What stands in the way"]
        lines += [f"  {line}" for finding in path.why_not for line in finding_lines(finding)]
    if path.left_out:
        rows = ((finding.subject, finding.what) for finding in path.left_out)
        lines += ["", *table(("LEFT OUT", "WHY"), rows)]
    notes = [finding for step in path.steps for finding in step.findings]
    if notes:
        lines += ["", "To know"]
        lines += [f"  {line}" for finding in notes for line in finding_lines(finding)]
    return lines


def step_lines(path: PathView) -> list[str]:
    """The steps as a table; nothing where there are none."""
    if not path.steps:
        return []
    rows = (
        (str(step.number), step.name, step.package_type, _takes(step), _restart(step), _why(step))
        for step in path.steps
    )
    return table(("#", "UPDATE", "TYPE", "TAKES", "RESTART", "WHY"), rows)


def _takes(step: PathStepView) -> str:
    measured = ", here" if step.duration_source == "measured" else ""
    return f"{duration_range(step.duration)}{measured}"


def _restart(step: PathStepView) -> str:
    return "yes" if step.restarts_nodes else "no"


def _why(step: PathStepView) -> str:
    return f"{step.why} {step.rides} goes on in the same run." if step.rides else step.why


def _restarts(path: PathView) -> str:
    if not path.restarts:
        return "no node restarts"
    return f"nodes restart in {path.restarts} of {len(path.steps)} updates"


def calendar_lines(calendar: CalendarView) -> list[str]:
    lines = path_lines(calendar.path)
    if calendar.path.steps:
        lines += ["", "Calendar"]
    if calendar.deadline is not None:
        sure = "a fixed day" if calendar.deadline_certain else "a forecast, at the soonest"
        lines += field("deadline", f"{calendar.deadline}: the last day of support as the system is, {sure}")
    if calendar.bookings:
        rows = (
            (
                str(booking.number),
                booking.name,
                booking.opening.window,
                local_text(booking.start, booking.opening.zone),
                local_text(booking.end_most or booking.opening.end, booking.opening.zone)
                + (" - after the deadline" if booking.after_deadline else ""),
            )
            for booking in calendar.bookings
        )
        lines += table(("#", "UPDATE", "WINDOW", "STARTS", "ENDS BY"), rows)
    for opening in calendar.closed:
        starts = local_text(opening.start, opening.zone)
        lines += field("closed", f"{opening.window}, {starts}: {opening.closed_by}")
    for finding in calendar.findings:
        lines += [f"  {line}" for line in finding_lines(finding)]
    return lines


def _times_in(file: Path | None) -> Times:
    """The windows in a file of the form that the API takes; none without one."""
    from pitstop.service.maintenance import times_of
    from pitstop.service.policy_paths import Times

    if file is None:
        return Times()
    try:
        change = from_json(read_bytes(file), WindowsChange)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{file}: {error}", hint="The form is that of GET /api/v1/windows.") from error
    return times_of(change, datetime.now(UTC))


app = verb_app(path)
