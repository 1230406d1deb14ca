"""``pitstop check``: how the system is, as its checks say."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import clean, field, finding_lines, note, paint, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.client.client import PitstopClient
from pitstop.model.errors import NotReady, Unreachable
from pitstop.wire.check_views import (
    CheckResultView,
    CheckRunAsked,
    ChecksView,
    CheckView,
    ReadinessView,
    is_wrong,
)
from pitstop.wire.formats import NOTHING, count, instant, spoken

app = noun_app("Checks of the system: list, show, run, skip, unskip, ready.")

Name = Annotated[str, typer.Argument(help="The check's name, as `pitstop check list` shows it.")]
Target = Annotated[str, typer.Option(help="At this target alone, such as 'node n3'; left out: at all.")]

_LOOK_SECONDS = 0.5
_LONGEST_SECONDS = 900.0


@app.command("list")
def list_checks(
    wrong: Annotated[bool, typer.Option("--wrong", help="Only what is not as it should be.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what the checks found last, and since when it is so."""
    with connect() as client:
        checks = client.checks()
    if as_json:
        say_json(checks)
    else:
        _say_checks(checks, wrong=wrong)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one check: what it looks at, what it found, and how that has changed."""
    with connect() as client:
        check = client.check(name)
    if as_json:
        say_json(check)
        return
    for line in check_lines(check):
        say(line)


@app.command("run")
def run_checks(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; none named: all.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait for what they find.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run checks now, and say what is not as it should be. Ends with 8 where something keeps updates off."""
    with connect() as client:
        asked = client.run_checks(names or ())
        if not wait:
            note("The checks will be run. See what they find with: pitstop check list")
            return
        checks = _found(client, asked)
    if as_json:
        say_json(checks)
    else:
        _say_checks(checks, wrong=True, names=names or ())
    if any(result.blocks for result in checks.results if not names or result.check in names):
        raise typer.Exit(NotReady.exit_status)


@app.command()
def skip(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why updates may go on all the same; for the audit log.")],
    target: Target = "",
    as_json: AsJson = False,
) -> None:
    """Let a check's warnings keep no update off. It goes on being run; what is critical still blocks."""
    with connect() as client:
        check = client.skip_check(name, target, reason)
    _said(check, f"The check {name} is skipped{_at(target)}.", as_json)


@app.command()
def unskip(name: Name, target: Target = "", as_json: AsJson = False) -> None:
    """No longer skip a check."""
    with connect() as client:
        check = client.unskip_check(name, target)
    _said(check, f"The check {name} is not skipped any longer{_at(target)}.", as_json)


@app.command()
def ready(
    update: Annotated[str, typer.Argument(help="The update's name, as `pitstop update list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Say whether the system is ready for an update, and what to do where it is not. Ends with 8 then."""
    with connect() as client:
        readiness = client.readiness(update)
    if as_json:
        say_json(readiness)
    else:
        for line in readiness_lines(readiness):
            say(line)
    if readiness.blockers:
        raise typer.Exit(NotReady.exit_status)


def readiness_lines(readiness: ReadinessView) -> list[str]:
    lines = [f"{readiness.update}: {readiness.says}"]
    if readiness.checked_at is not None:
        lines += field("checked", f"since {instant(readiness.checked_at)}")
    for title, findings in (("What keeps it off", readiness.blockers), ("Skipped", readiness.skipped)):
        if findings:
            lines += ["", title]
            lines += [f"  {line}" for finding in findings for line in finding_lines(finding)]
    if readiness.package:
        lines += ["", "The update's own checks, when they were run last", *_results_table(readiness.package)]
    return lines


def check_lines(check: CheckView) -> list[str]:
    lines = [f"{check.name}: {clean(check.title)}"]
    lines += field("looks at", check.says)
    lines += field("whose", check.origin)
    lines += field("a fail is", check.severity)
    for skip in check.skips:
        lines += field("skipped", f"{skip.target or 'everywhere'}, by {skip.by}: {skip.reason}")
    for result in check.results:
        lines += ["", *_result_lines(result)]
    if check.changes:
        rows = ((instant(c.at), c.target, spoken(c.status).words, c.description) for c in check.changes[:20])
        lines += ["", *table(("CHANGED", "TARGET", "TO", "WHAT WAS FOUND"), rows)]
    return lines


def _result_lines(result: CheckResultView) -> list[str]:
    said = spoken(result.status)
    lines = [f"{result.target}: {paint(said.words, said.tone)} since {instant(result.since)}"]
    lines += field("found", result.description)
    lines += field("asked", f"{instant(result.at)}, took {result.seconds:.1f} s")
    if result.remedy:
        lines += field("remedy", result.remedy)
    if result.skipped is not None:
        lines += field("skipped", f"by {result.skipped.by}: {result.skipped.reason}")
    if result.measures:
        lines += field("measured", " ".join(result.measures))
    lines += [f"    | {line}" for line in clean(result.detail).splitlines()[:12]]
    return lines


def _say_checks(checks: ChecksView, *, wrong: bool, names: Iterable[str] = ()) -> None:
    wanted = frozenset(names)
    results = [each for each in checks.results if not wanted or each.check in wanted]
    shown = [each for each in results if not wrong or is_wrong(each)]
    for line in _results_table(shown) if shown else ():
        say(line)
    note(_summary(checks, results))


def _results_table(results: Iterable[CheckResultView]) -> list[str]:
    rows = ((_status(each), each.check, each.target, instant(each.since), _what(each)) for each in results)
    return table(("STATUS", "CHECK", "TARGET", "SINCE", "WHAT WAS FOUND"), rows)


def _status(result: CheckResultView) -> str:
    words = spoken(result.status).words
    return f"{words} (blocks)" if result.blocks else words


def _what(result: CheckResultView) -> str:
    skipped = f" [skipped by {result.skipped.by}: {result.skipped.reason}]" if result.skipped else ""
    old = " [too old to count]" if result.expired else ""
    return f"{result.description}{skipped}{old}"


def _summary(checks: ChecksView, results: list[CheckResultView]) -> str:
    if not results:
        return "No check was run yet. Run them with: pitstop check run"
    last = instant(checks.last_round.ended) if checks.last_round else NOTHING
    blocking = sum(result.blocks for result in results)
    passed = sum(result.status == "pass" for result in results)
    now = "; they are being run now" if checks.running else ""
    return (
        f"{passed} of {len(results)} passed, {count(blocking, 'keeps', 'keep')} updates off. "
        f"All were last run at {last}{now}."
    )


def _found(client: PitstopClient, asked: CheckRunAsked) -> ChecksView:
    """What the round that was asked for has found.

    Raises:
        Unreachable: it has not ended for a long time.
    """
    until = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < until:
        checks = client.checks()
        if any(each.number > asked.after and each.ended is not None for each in checks.rounds):
            return checks
        time.sleep(_LOOK_SECONDS)
    raise Unreachable("the checks have not ended", hint="See the service's log; `pitstop check list` later.")


def _said(check: CheckView, text: str, as_json: bool) -> None:
    if as_json:
        say_json(check)
    else:
        note(text)


def _at(target: str) -> str:
    return f" at {target}" if target else ""
