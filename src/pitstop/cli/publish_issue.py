"""``pitstop publish issue``: the signed list of known issues; the page of common issues is made from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pitstop.cli.nouns import noun_app
from pitstop.cli.publishing import (
    HERE,
    AsJson,
    PassphraseFile,
    Publisher,
    now,
    opened,
    opened_with_keys,
    tell_people,
)

app = noun_app("Known issues: check, add, remove, list.")


@app.command()
def add(
    file: Annotated[
        Path, typer.Argument(help="TOML with one [[issue]] or more, such as common-issues.toml.")
    ],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Put issues into the signed list; one of the same id takes the place of the older."""
    from pitstop.publish.documents import add_issues, read_issues_file

    repository, keys = opened_with_keys(publisher, passphrase_file)
    issues = read_issues_file(file)
    add_issues(repository, keys, issues, now())
    tell_people(repository)
    typer.echo(f"Signed {len(issues)} known issues: {', '.join(issue.id for issue in issues)}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Known issues, TOML as publishers write them or signed JSON.")],
) -> None:
    """Check a list of issues: its form, its patterns, and every step of its mends; nothing is signed."""
    from pitstop.publish.documents import read_issues_list

    issues = read_issues_list(file)
    mends = sum(issue.mend is not None for issue in issues)
    told = sum(bool(issue.signatures) for issue in issues)
    typer.echo(
        f"{file}: {len(issues)} issues hold; {told} are recognised by signatures, {mends} can be mended."
    )


@app.command()
def remove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The issue's id.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Take an issue out of the signed list."""
    from pitstop.publish.documents import remove_issue

    repository, keys = opened_with_keys(publisher, passphrase_file)
    remove_issue(repository, keys, id_, now())
    tell_people(repository)
    typer.echo(f"Removed {id_}.")


@app.command("list")
def list_issues(publisher: Publisher = HERE, *, as_json: AsJson = False) -> None:
    """List the issues as they are signed."""
    from pitstop.package.known_issues_format import issue_builtins
    from pitstop.publish.documents import known_issues
    from pitstop.publish.pages import applicable_words

    repository = opened(publisher)
    issues = known_issues(repository, repository.read())
    if as_json:
        typer.echo(json.dumps(list(map(issue_builtins, issues)), indent=2))
        return
    for issue in issues:
        typer.echo(f"{issue.id}  {issue.occurrence.value}  {applicable_words(issue)}: {issue.title}")
    if not issues:
        typer.echo("No known issues.")
