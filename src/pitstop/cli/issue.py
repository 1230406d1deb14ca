"""``pitstop issue``: known issues as the service knows them, what a failure may be, and measuring a list."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.asking import confirm
from pitstop.cli.assumed import read_bytes
from pitstop.cli.connection import connect
from pitstop.cli.issue_report import issue_lines, offers_lines
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import clean, note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.errors import NotFound
from pitstop.wire.issue_views import IssueView

if TYPE_CHECKING:
    from pitstop.client.client import PitstopClient as Client
    from pitstop.policy.known_issues.evaluation import Case, Judged

app = noun_app("Known issues: list, show, match, consent, evaluate.")

Name = Annotated[
    str, typer.Argument(metavar="ISSUE", help="Source and id, such as northstar/stale-lock; or the id alone.")
]


@app.command("list")
def list_issues(as_json: AsJson = False) -> None:
    """List what the publishers know goes wrong."""
    with connect() as client:
        issues = client.issues()
    if as_json:
        say_json(issues)
        return
    rows = ((issue.name, issue.occurrence, _mends(issue), issue.title) for issue in issues)
    for line in table(("ISSUE", "MET", "MEND", "TITLE"), rows):
        say(line)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one known issue: symptom, cause, what to do, and its mend."""
    with connect() as client:
        issue = _named(client, name)
    if as_json:
        say_json(issue)
        return
    for line in issue_lines(issue):
        say(line)


@app.command()
def match(
    file: Annotated[
        Path, typer.Argument(help="The failure: JSON, as a case's; - reads it from standard input.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say which known issues a failure may be, with what speaks for each. Failed runs show it anyway."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else read_bytes(file)
    with connect() as client:
        offers = client.match(raw)
    if as_json:
        say_json(offers)
        return
    for line in offers_lines(offers):
        say(line)
    if not offers:
        note("It is none of the known issues.")


@app.command()
def consent(
    name: Name,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="No longer agree to it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Agree to an issue's mend for whenever it is met: the service then mends and resumes by itself."""
    with connect() as client:
        issue = _named(client, name)
        if not withdraw and issue.mend is not None:
            confirm(f"Mend {issue.name} whenever it is met? {issue.mend.says} Go on?", yes=yes)
        issue = client.consent(issue.name, given=not withdraw)
    if as_json:
        say_json(issue)
        return
    note(f"{issue.name} is mended {'only when it is asked for' if withdraw else 'whenever it is met'}.")


def _named(client: Client, name: str) -> IssueView:
    if "/" in name:
        return client.issue(name)
    found = [issue for issue in client.issues() if issue.id == name]
    if len(found) != 1:
        said = ", ".join(issue.name for issue in found)
        raise NotFound(
            f"several issues are called {name}: {said}" if found else f"there is no known issue {name}",
            hint="`pitstop issue list` lists them.",
        )
    return found[0]


def _mends(issue: IssueView) -> str:
    if issue.mend is None:
        return ""
    return f"agreed by {issue.mend.consent_by}" if issue.mend.consent_by else "offered"


class CaseSet(StrEnum):
    """Which cases are looked at."""

    DEV = "dev"
    HELD_OUT = "held-out"


class Shown(StrEnum):
    """What is said beside the figures."""

    NOTHING = "nothing"
    MISSES = "misses"


@app.command()
def evaluate(
    catalogue: Annotated[Path, typer.Argument(help="A list of known issues, JSON or TOML, of any format.")],
    cases: Annotated[
        Path, typer.Argument(help="Failures with the issue that each is: a JSON object a line.")
    ],
    only: Annotated[CaseSet | None, typer.Option("--set", help="Only these cases.")] = None,
    show: Annotated[Shown, typer.Option(help="What to say beside the figures.")] = Shown.NOTHING,
) -> None:
    """Measure how well failures are matched with a list. The last line is JSON."""
    from pitstop.policy.known_issues.evaluation import evaluate as evaluated
    from pitstop.publish.documents import read_issues_list

    issues = read_issues_list(catalogue)
    chosen = [case for case in _cases(cases) if only is None or case.set == only.value]
    score, judged = evaluated(issues, chosen)
    if show is Shown.MISSES:
        for one in judged:
            if not one.is_within(1) or one.false_mends:
                say(_miss(one))
    typer.echo(json.dumps(asdict(score)))


def _cases(path: Path) -> list[Case]:
    from pitstop.model.errors import InvalidInput
    from pitstop.package.failure_cases_format import read_cases
    from pitstop.policy.known_issues.evaluation import Case

    try:
        return [
            Case(line.id, line.set, line.failure.failure(), line.expected)
            for line in read_cases(read_bytes(path))
        ]
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error.message}", hint=error.hint) from error


def _miss(judged: Judged) -> str:
    offers = ", ".join(
        f"{offer.issue.id} ({offer.likeness}{', mend' if offer.mend else ''} {offer.score:.2f})"
        for offer in judged.offers
    )
    wanted = judged.case.expected or "nothing"
    said = "; ".join(f"{item.place}: {item.text}" for offer in judged.offers[:1] for item in offer.evidence)
    return clean(f"{judged.case.id}: {wanted} is expected, offered: {offers or 'nothing'} [{said}]")
