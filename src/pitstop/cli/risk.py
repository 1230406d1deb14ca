"""``pitstop risk``: named risks that releases carry, and taking one knowingly."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.explain import risk_lines
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import note, say, say_json
from pitstop.cli.system import AsJson
from pitstop.wire.policy_views import RiskView

app = noun_app("Named risks of releases: list, accept, revoke.")

Name = Annotated[str, typer.Argument(help="The risk's name, as `pitstop risk list` shows it.")]


@app.command("list")
def list_risks(as_json: AsJson = False) -> None:
    """List the risks, and whether this system is affected."""
    with connect() as client:
        risks = client.risks()
    if as_json:
        say_json(risks)
        return
    if not risks:
        note("No release carries a named risk.")
        return
    for line in risk_lines(risks):
        say(line)


@app.command()
def accept(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why this system may take it; written to the audit log.")],
    as_json: AsJson = False,
) -> None:
    """Accept a risk by its name: releases that carry it can be installed."""
    with connect() as client:
        risk = client.accept_risk(name, reason)
    _said(risk, f"The risk {risk.name} is accepted.", as_json)


@app.command()
def revoke(name: Name, as_json: AsJson = False) -> None:
    """No longer accept a risk."""
    with connect() as client:
        risk = client.revoke_risk(name)
    _said(risk, f"The risk {risk.name} is not accepted any longer.", as_json)


def _said(risk: RiskView, text: str, as_json: bool) -> None:
    if as_json:
        say_json(risk)
        return
    note(text)
    for line in risk_lines((risk,)):
        say(line)
