"""``/api/v1/accounts``: who may sign in, and one's own password."""

from __future__ import annotations

from litestar import get, post
from litestar.params import JSONBody

from pitstop.api.security import DeskHere, SignedIn
from pitstop.model.accounts import Role
from pitstop.model.errors import InvalidInput
from pitstop.wire.views import AccountView, NewAccount, PasswordChange


@get("/accounts", operation_id="listAccounts", summary="All accounts", sync_to_thread=True)
def list_accounts(desk: DeskHere, actor: SignedIn) -> tuple[AccountView, ...]:
    return desk.accounts.list(actor)


@post("/accounts", operation_id="addAccount", summary="Add an account", sync_to_thread=True)
def add_account(desk: DeskHere, actor: SignedIn, data: JSONBody[NewAccount]) -> AccountView:
    return desk.accounts.add(actor, data.name, _role(data.role), data.password)


@post(
    "/session/password",
    operation_id="changePassword",
    summary="Change one's own password",
    description="All sessions of the account end.",
    status_code=204,
    sync_to_thread=True,
)
def change_password(desk: DeskHere, actor: SignedIn, data: JSONBody[PasswordChange]) -> None:
    desk.accounts.change_password(actor, data.old, data.new)


def _role(name: str) -> Role:
    if name not in tuple(Role):
        raise InvalidInput(f"{name!r} is not a role", hint=f"Roles are: {', '.join(Role)}.")
    return Role(name)


HANDLERS = (list_accounts, add_account, change_password)
