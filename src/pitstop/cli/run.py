"""``pitstop run``: what is being done and was done, following it, and going on after a failure."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.asking import confirm
from pitstop.cli.connection import connect, run_id_of
from pitstop.cli.following import follow
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import note, say, say_json, table
from pitstop.cli.run_report import report_lines
from pitstop.cli.system import AsJson
from pitstop.model.errors import NotAllowed
from pitstop.model.run_actions import RunVerb, run_action
from pitstop.wire.formats import duration, instant, spoken
from pitstop.wire.issue_views import IssueView
from pitstop.wire.views import EventView, RunReport, RunView

app = noun_app("Runs: list, show, watch, resume, mend, stop, abort, cancel.")

RunId = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="The run's id or its beginning; the newest when left out."),
]


Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the run's history.")]
Now = Annotated[
    bool, typer.Option("--now", help="End what is under way on the nodes too, instead of waiting for it.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_runs(
    update: Annotated[str | None, typer.Option("--update", help="Only runs of this update.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most this many.")] = 200,
    before: Annotated[
        str | None, typer.Option(metavar="RUN", help="Only runs that began before this one: the next page.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first."""
    with connect() as client:
        older = run_id_of(client, before) if before else None
        runs = client.runs(update, limit=limit, before=older)
    if as_json:
        say_json(runs)
        return
    for line in run_lines(runs):
        say(line)


@app.command()
def show(
    run: RunId = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all steps, done and pending ones too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where a run is, how long it takes, what it waits for, and what failed."""
    with connect() as client:
        report = client.run(run_id_of(client, run))
    if as_json:
        say_json(report)
        return
    for line in report_lines(report, everything=everything):
        say(line)


@app.command()
def watch(run: RunId = None, as_json: AsJson = False) -> None:
    """Follow a run until it ends. Ends with 0 when it succeeded, with 8 when it failed.

    On a terminal the report is drawn anew with each change; elsewhere each change is a line.
    """
    with connect() as client:
        follow(client, run_id_of(client, run), as_json=as_json)


@app.command()
def resume(
    run: RunId = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="Follow the run until it ends.")] = False,
    again_on: Annotated[
        list[str] | None,
        typer.Option(
            "--again-on",
            metavar="NODE",
            help="A replaced node: what was done on the machine before is done again.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that failed or stopped, from there; finished steps are not done again."""
    with connect() as client:
        resumed = client.resume(run_id_of(client, run), again_on or ())
        if watch_it:
            note(f"Run {resumed.id} goes on, attempt {resumed.attempt}.")
            follow(client, resumed.id, as_json=as_json)
        elif as_json:
            say_json(resumed)
        else:
            say(resumed.id)
            note(f"The run goes on, attempt {resumed.attempt}. Follow it: pitstop run watch {resumed.id[:8]}")


@app.command()
def mend(
    run: RunId = None,
    issue: Annotated[
        str | None, typer.Option("--issue", help="Which known issue; needed where several are offered.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Mend what a run failed with, on the nodes where it failed, as a known issue says; then resume it."""
    with connect() as client:
        run_id = run_id_of(client, run)
        offer = _offered(client.run(run_id), issue)
        confirm(f"Mend {offer.name} on the nodes where the run failed? {_says(offer)} Go on?", yes=yes)
        mended = client.mend(run_id, offer.name)
    if as_json:
        say_json(mended)
        return
    say(mended.id)
    note(f"It is mended. Follow it: pitstop run watch {mended.id[:8]}")


def _offered(report: RunReport, issue: str | None) -> IssueView:
    """The issue whose mend is offered. Raises NotAllowed: none is, or several are and none is named."""
    offered = {
        o.issue.name: o.issue for o in report.issues if o.mend and issue in (None, o.issue.name, o.issue.id)
    }
    if len(offered) != 1:
        names = ", ".join(offered) or "none"
        raise NotAllowed(
            f"which mend is to be done is not said; offered for run {report.run.id[:8]}: {names}",
            hint="`pitstop run show` says what is offered, and why; name one with --issue.",
        )
    return next(iter(offered.values()))


def _says(issue: IssueView) -> str:
    return issue.mend.says if issue.mend else ""


@app.command()
def stop(run: RunId = None, reason: Reason = "", now: Now = False, as_json: AsJson = False) -> None:
    """Stop a run at the next safe point: when the batch that has begun is done. It can go on later."""
    _ask(run, RunVerb.STOP, reason, now=now, as_json=as_json)


@app.command()
def abort(
    run: RunId = None, reason: Reason = "", now: Now = False, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Stop a run and take back what it has done, until all nodes are as before."""
    _ask(run, RunVerb.ABORT, reason, now=now, as_json=as_json, yes=yes)


@app.command()
def cancel(
    run: RunId = None, reason: Reason = "", now: Now = False, yes: Yes = False, as_json: AsJson = False
) -> None:
    """End a run for good where it is; nodes out of service are put back, nothing is undone."""
    _ask(run, RunVerb.CANCEL, reason, now=now, as_json=as_json, yes=yes)


def _ask(run: str | None, verb: RunVerb, reason: str, *, now: bool, as_json: bool, yes: bool = True) -> None:
    with connect() as client:
        run_id = run_id_of(client, run)
        says = run_action(verb).says
        confirm(f"{run_action(verb).label} run {run_id[:8]}? {says} Go on?", yes=yes)
        asked = client.ask_of_run(run_id, verb, reason, now=now)
    if as_json:
        say_json(asked)
        return
    say(asked.id)
    note(f"The run is {spoken(asked.state).words.lower()}. Follow it: pitstop run watch {asked.id[:8]}")


@app.command()
def events(run: RunId = None, as_json: AsJson = False) -> None:
    """Print a run's journal, oldest first."""
    with connect() as client:
        journal = tuple(client.events(run_id_of(client, run)))
    if as_json:
        say_json(journal)
        return
    for line in event_lines(journal):
        say(line)


def run_lines(runs: tuple[RunView, ...]) -> list[str]:
    rows = (
        (
            run.id[:8],
            spoken(run.state).words,
            spoken(run.purpose).words,
            instant(run.started),
            duration(run.seconds),
            run.requested_by,
            run.update,
        )
        for run in runs
    )
    return table(("RUN", "STATE", "WHAT", "STARTED", "TOOK", "BY", "UPDATE"), rows)


def event_lines(journal: tuple[EventView, ...]) -> list[str]:
    rows = (
        (str(event.sequence), instant(event.at), event.kind, event.index or "", event.text)
        for event in journal
    )
    return table(("#", "AT", "WHAT", "STEP", "DETAIL"), rows)
