"""``pitstop fact``: what rules may ask of this system, and what nobody has said yet."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidInput
from pitstop.wire.formats import count
from pitstop.wire.policy_views import FactView

app = noun_app("Facts of the system: list, set, forget.")

_SOURCES = {
    "recorded": "recorded",
    "system-file": "the system's file",
    "nodes": "all nodes",
    "system": "the system",
}


@app.command("list")
def list_facts(as_json: AsJson = False) -> None:
    """List the facts that are known, and those that a rule asks for and nobody has said."""
    with connect() as client:
        facts = client.facts()
    _show(facts, as_json)


@app.command("set")
def set_facts(
    facts: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Such as connected=no.")],
    as_json: AsJson = False,
) -> None:
    """Record facts. Content that was brought is recorded as content.NAME=present."""
    values: dict[str, str | None] = {}
    for item in facts:
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            raise InvalidInput(f"{item!r} is not NAME=VALUE", hint="Such as connected=no.")
        values[name] = value
    _record(values, as_json)


@app.command()
def forget(names: Annotated[list[str], typer.Argument(metavar="NAME...")], as_json: AsJson = False) -> None:
    """Forget what was recorded under these names."""
    _record(dict.fromkeys(names), as_json)


def _record(values: dict[str, str | None], as_json: bool) -> None:
    with connect() as client:
        facts = client.set_facts(values)
    if not as_json:
        note(f"{count(len(values), 'fact')} recorded or forgotten.")
    _show(facts, as_json)


def _show(facts: tuple[FactView, ...], as_json: bool) -> None:
    if as_json:
        say_json(facts)
        return
    for line in fact_lines(facts):
        say(line)


def fact_lines(facts: tuple[FactView, ...]) -> list[str]:
    rows = (
        (
            fact.name,
            fact.value if fact.value is not None else fact.problem or "not known",
            f"recorded by {fact.recorded_by}" if fact.recorded_by else _SOURCES.get(fact.source, ""),
            ", ".join(fact.asked_by),
        )
        for fact in facts
    )
    return table(("FACT", "VALUE", "SAID BY", "ASKED BY"), rows)
