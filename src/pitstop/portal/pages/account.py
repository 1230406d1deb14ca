"""``/account``: who one is here, and one's own password."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, post
from litestar.params import URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import InvalidInput, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to
from pitstop.portal.sessions import ended_cookie
from pitstop.portal.visits import OpenVisit


@dataclass(frozen=True, slots=True)
class PasswordForm:
    old: str
    new: str
    again: str


@get("/account", sync_to_thread=True)
def show(visit: OpenVisit) -> Response[str]:
    return visit.page("account.html")


@post("/account", sync_to_thread=True)
def change_password(visit: OpenVisit, data: URLEncodedBody[PasswordForm]) -> Response[str]:
    """Ends all sessions of the account, this one too."""
    try:
        if data.new != data.again:
            raise InvalidInput("the new password was typed differently the second time")
        visit.desk.accounts.change_password(visit.actor, data.old, data.new)
    except NotSignedIn as error:  # here it says that the old password is wrong, not that nobody is here
        return visit.page("account.html", problem=InvalidInput(error.message, hint=error.hint))
    except PitstopError as error:
        return visit.page("account.html", problem=error)
    return go_to("/sign-in?done=password", [ended_cookie()])
