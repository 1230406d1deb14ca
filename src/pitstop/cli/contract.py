"""``pitstop contract``: the hardware support contract, as far as somebody has recorded it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import say, say_json
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidInput
from pitstop.wire.formats import instant
from pitstop.wire.policy_formats import contract_text
from pitstop.wire.policy_views import ContractChange, ContractView

app = noun_app("The hardware support contract: show, set.")


class Standing(StrEnum):
    VALID = "valid"
    NONE = "none"
    UNKNOWN = "unknown"


_VALID = {Standing.VALID: True, Standing.NONE: False, Standing.UNKNOWN: None}


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show what is recorded."""
    with connect() as client:
        contract = client.contract()
    _show(contract, as_json)


@app.command("set")
def set_contract(
    standing: Annotated[Standing, typer.Argument(help="Whether there is one; unknown: record nothing.")],
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its last day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record whether this system has a hardware support contract, and until when."""
    if until is not None and standing is not Standing.VALID:
        raise InvalidInput("only a contract that is there has a last day", hint="Say `valid --until DATE`.")
    change = ContractChange(valid=_VALID[standing], last_day=until.date() if until else None)
    with connect() as client:
        contract = client.set_contract(change)
    _show(contract, as_json)


def _show(contract: ContractView, as_json: bool) -> None:
    if as_json:
        say_json(contract)
        return
    say(contract_text(contract))
    if contract.recorded_by:
        say(f"Recorded by {contract.recorded_by}, {instant(contract.recorded_at)}")
