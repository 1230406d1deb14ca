"""``/sign-in`` and signing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import get, post
from litestar.params import FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import NotSignedIn, PitstopError
from pitstop.portal.problems import shown
from pitstop.portal.rendering import go_to
from pitstop.portal.sessions import ended_cookie, origin_of, safe_way_back, session_cookie, token_of
from pitstop.portal.visits import DONE, OpenDesk, PortalRequest, anonymous_page


@dataclass(frozen=True, slots=True)
class SignInForm:
    name: str
    password: str
    next: str = "/"


@get("/sign-in", sync_to_thread=True)
def show(
    request: PortalRequest,
    desk: OpenDesk,
    way_back: Annotated[str, QueryParameter(name="next")] = "/",
    done: FromQuery[str] = "",
) -> Response[str]:
    try:
        desk.accounts.actor(token_of(request), origin_of(request))
    except NotSignedIn:
        facts = {"name": "", "way_back": safe_way_back(way_back), "said": DONE.get(done, "")}
        return anonymous_page("sign_in.html", 200, facts)
    return go_to(safe_way_back(way_back))


@post("/sign-in", sync_to_thread=True)
def sign_in(request: PortalRequest, desk: OpenDesk, data: URLEncodedBody[SignInForm]) -> Response[str]:
    try:
        session = desk.accounts.sign_in(data.name, data.password, origin_of(request))
    except PitstopError as error:
        problem = shown(error)
        facts = {"name": data.name, "way_back": safe_way_back(data.next), "problem": problem}
        return anonymous_page("sign_in.html", problem.status, facts)
    return go_to(safe_way_back(data.next), [session_cookie(request, session.token)])


@post("/sign-out", sync_to_thread=True)
def sign_out(request: PortalRequest, desk: OpenDesk) -> Response[str]:
    desk.accounts.sign_out(token_of(request), origin_of(request))
    return go_to("/sign-in?done=signed-out", [ended_cookie()])
