"""``/api/v1/sessions``: signing in and out, and who one is."""

from __future__ import annotations

from litestar import delete, get, post
from litestar.params import JSONBody

from pitstop.api.security import AnyRequest, DeskHere, SignedIn, origin_of, token_of
from pitstop.wire.views import Session, SignIn, WhoAmI


@post(
    "/sessions",
    operation_id="signIn",
    summary="Sign in",
    description="Answers with a bearer token, shown this once.",
    sync_to_thread=True,
)
def sign_in(request: AnyRequest, desk: DeskHere, data: JSONBody[SignIn]) -> Session:
    return desk.accounts.sign_in(data.name, data.password, origin_of(request))


@delete("/sessions", operation_id="signOut", summary="End this session", sync_to_thread=True)
def sign_out(request: AnyRequest, desk: DeskHere, actor: SignedIn) -> None:
    desk.accounts.sign_out(token_of(request), actor.origin)


@get("/session", operation_id="whoAmI", summary="Whose session this is", sync_to_thread=False)
def who_am_i(actor: SignedIn) -> WhoAmI:
    return WhoAmI(name=actor.name, role=actor.role, origin=actor.origin)


HANDLERS = (sign_in, sign_out, who_am_i)
