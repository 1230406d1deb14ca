"""What ``pitstop.toml`` says about whom to ask: each ``[[contact]]``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

import msgspec

from pitstop.daemon.settings_words import said as _said
from pitstop.model.cases import Contact
from pitstop.model.errors import InvalidInput


class ContactSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A ``[[contact]]``."""

    name: Annotated[str, _said("Who it is, as cases name it.", min_length=1, max_length=100)]
    party: Annotated[
        Literal["platform", "oem", "service-provider"], _said("Whose support it is, among those of a system.")
    ]
    asks: Annotated[
        tuple[Literal["deployment", "update", "hardware"], ...],
        _said("What they are asked.", min_length=1),
    ]
    phone: Annotated[str, _said("Their number, with the country's.")] = ""
    mail: Annotated[str, _said("Their address.")] = ""
    url: Annotated[str, _said("Their site, where cases are opened.")] = ""
    hours: Annotated[str, _said("When somebody answers, such as `24 hours` or `Mon-Fri 8-18 CET`.")] = ""
    number: Annotated[str, _said("What they know this system by: a contract, a customer.")] = ""
    until: Annotated[date | None, _said("The last day of what this system is entitled to there.")] = None


def contacts_of(said: Sequence[ContactSettings]) -> tuple[Contact, ...]:
    """Raises InvalidInput: two have one name."""
    names = [contact.name for contact in said]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"contact: the name {name!r} is given {names.count(name)} times")
    return tuple(Contact(**msgspec.structs.asdict(contact)) for contact in said)
