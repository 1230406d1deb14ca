"""``pitstop audit``: who did what, when, from where, and how it ended."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.wire.formats import instant
from pitstop.wire.views import AuditView

app = noun_app("The audit log: list.")


@app.command("list")
def list_entries(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many entries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was done, newest first."""
    with connect() as client:
        entries = client.audit(limit)
    if as_json:
        say_json(entries)
        return
    for line in audit_lines(entries):
        say(line)


def audit_lines(entries: tuple[AuditView, ...]) -> list[str]:
    rows = (
        (instant(entry.at), entry.who, entry.what, entry.outcome, entry.origin, entry.subject)
        for entry in entries
    )
    return table(("AT", "WHO", "WHAT", "OUTCOME", "FROM", "SUBJECT"), rows)
