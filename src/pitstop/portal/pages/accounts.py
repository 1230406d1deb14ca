"""``/accounts``: who may sign in, and as what. For administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from litestar import get, post
from litestar.params import URLEncodedBody
from litestar.response import Response

from pitstop.model.accounts import Permission, Role
from pitstop.model.errors import InvalidInput, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to
from pitstop.portal.visits import OpenVisit, Visit

MAY: Final[Mapping[str, str]] = MappingProxyType(
    {
        Role.READER: "Sees everything but logs, changes nothing.",
        Role.OPERATOR: "Sees everything, installs and resumes updates, closes alerts.",
        Role.ADMINISTRATOR: "May all that an operator may, and changes accounts, sources and settings.",
        Role.SUPPORT: "Collects and reads logs and cases, and nothing else.",
    }
)
"""What each role is for, in a sentence."""


@dataclass(frozen=True, slots=True)
class AccountForm:
    name: str
    password: str
    again: str
    role: str = ""


@get("/accounts", sync_to_thread=True)
def show(visit: OpenVisit) -> Response[str]:
    return _page(visit)


@post("/accounts", sync_to_thread=True)
def add(visit: OpenVisit, data: URLEncodedBody[AccountForm]) -> Response[str]:
    visit.actor.require(Permission.ADMINISTER)
    try:
        if data.password != data.again:
            raise InvalidInput("the password was typed differently the second time")
        visit.desk.accounts.add(visit.actor, data.name.strip(), _role(data.role), data.password)
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _page(visit, error, name=data.name, role=data.role)
    return go_to("/accounts?done=account")


def _page(
    visit: Visit, problem: PitstopError | None = None, *, name: str = "", role: str = ""
) -> Response[str]:
    accounts = visit.desk.accounts.list(visit.actor)
    chosen = role or Role.READER
    return visit.page(
        "accounts.html", problem=problem, accounts=accounts, roles=MAY, typed_name=name, chosen=chosen
    )


def _role(name: str) -> Role:
    if name not in tuple(Role):
        raise InvalidInput("no role was chosen", hint="Choose one of the roles.")
    return Role(name)
