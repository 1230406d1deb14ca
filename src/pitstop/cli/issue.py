"""``pitstop issue``: known issues, as the service knows them, and how well a list is matched."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.assumed import read_bytes
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import clean, say

if TYPE_CHECKING:
    from pitstop.policy.known_issues.evaluation import Case, Judged

app = noun_app("Known issues: evaluate a list.")


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
