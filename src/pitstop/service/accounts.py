"""Signing in, and who may. Passwords are kept as argon2 hashes, session tokens as digests.

A name that is not known takes as long to refuse as a wrong password: the time tells nobody which accounts
there are. Who guesses is slowed down (:mod:`pitstop.service.guessing`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pitstop.model.accounts import Account, Actor, Permission, Role
from pitstop.model.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn
from pitstop.ports.clock import Clock
from pitstop.ports.records import Accounts
from pitstop.service.audited import Audited
from pitstop.service.guessing import Guessing
from pitstop.wire.views import AccountView, Session

SESSION_LASTS = timedelta(hours=12)
MIN_PASSWORD = 12
_NAME_LIMIT = 64
_WRONG = "name or password is wrong"
_AT_ONCE = 4
"""Passwords that are looked at together: each takes 64 MiB."""

FIRST_ACCOUNT = "admin"
HERE = "command line"
"""From where comes what is done on the service's own machine."""


@dataclass(slots=True)
class AccountsService:
    """Implements :class:`pitstop.service.desk.AccountsDesk`."""

    records: Accounts
    audited: Audited
    clock: Clock
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _failures: Guessing = field(init=False)
    _nobodys: str = field(init=False)
    _looking: Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._failures = Guessing(self.clock.monotonic)
        self._nobodys = self.hasher.hash(secrets.token_hex())
        self._looking = Semaphore(_AT_ONCE)

    # --- on the machine itself ---------------------------------------------------------------------------

    def first_start(self, *, again: bool = False) -> str | None:
        """Make the first administrator, if there is no account yet: the password, shown this once.

        Args:
            again: while nobody has ever signed in, give the first administrator a new password: the first
                one may have been lost on its way to whom it was for.
        """
        known = [account.name for account in self.records.accounts()]
        if not known:
            return self._make_first()
        if again and FIRST_ACCOUNT in known and not self.records.ever_signed_in():
            return self.reset_password(FIRST_ACCOUNT)
        return None

    def reset_password(self, name: str) -> str:
        """Give an account a new password, which is shown this once; its sessions end.

        Raises:
            NotFound: there is no such account.
        """
        with self.audited.act("pitstop", "reset password", name, HERE):
            password = _new_password()
            self.records.set_password_hash(name, self.hasher.hash(password))
        return password

    def _make_first(self) -> str:
        with self.audited.act("pitstop", "make the first account", FIRST_ACCOUNT, "first start"):
            password = _new_password()
            self.records.add_account(
                FIRST_ACCOUNT, Role.ADMINISTRATOR, self.hasher.hash(password), self.clock.now()
            )
        return password

    # --- sessions ----------------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str, origin: str) -> Session:
        shown = name[:_NAME_LIMIT]
        try:
            self._failures.begin(name, origin)
        except NotSignedIn:
            self.audited.refused(shown, "sign in", shown, origin, "too many tries")
            raise
        account = self._account(name)
        if not self._matches(name, password) or account is None:
            self.audited.refused(shown, "sign in", shown, origin, "wrong")
            raise NotSignedIn(_WRONG, hint="Check both; after ten wrong tries you wait five minutes.")
        self._failures.right(name, origin)
        with self.audited.act(name, "sign in", name, origin):
            now = self.clock.now()
            token = secrets.token_urlsafe(32)
            self.records.open_session(_digest(token), name, now, now + SESSION_LASTS)
        return Session(token=token, name=name, role=account.role, until=now + SESSION_LASTS)

    def actor(self, token: str, origin: str) -> Actor:
        account = self.records.session(_digest(token), self.clock.now()) if token else None
        if account is None:
            raise NotSignedIn("not signed in, or the session has ended")
        return Actor(account.name, account.role, origin)

    def sign_out(self, token: str, origin: str = "") -> None:
        """A session that has ended already is no harm."""
        account = self.records.session(_digest(token), self.clock.now())
        if account is None:
            return
        with self.audited.act(account.name, "sign out", account.name, origin):
            self.records.close_session(_digest(token))

    # --- accounts ----------------------------------------------------------------------------------------

    def list(self, actor: Actor) -> tuple[AccountView, ...]:
        actor.require(Permission.ADMINISTER)
        return tuple(_view(account) for account in self.records.accounts())

    def add(self, actor: Actor, name: str, role: Role, password: str) -> AccountView:
        with self.audited.change(actor, Permission.ADMINISTER, f"add account as {role}", name):
            _check_name(name)
            _check_password(password)
            now = self.clock.now()
            self.records.add_account(name, role, self.hasher.hash(password), now)
            return _view(Account(name, role, now))

    def set_role(self, actor: Actor, name: str, role: Role) -> AccountView:
        """Its sessions end.

        Raises:
            NotFound: there is no such account. NotAllowed: it is the last administrator's.
        """
        with self.audited.change(actor, Permission.ADMINISTER, f"make {role}", name):
            if role is not Role.ADMINISTRATOR:
                self._require_another_administrator(name)
            self.records.set_role(name, role)
            return _view(self._known(name))

    def remove(self, actor: Actor, name: str) -> None:
        """Its sessions end.

        Raises:
            NotFound: there is no such account. NotAllowed: it is the last administrator's.
        """
        with self.audited.change(actor, Permission.ADMINISTER, "remove account", name):
            self._require_another_administrator(name)
            self.records.remove_account(name)

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        with self.audited.change(actor, Permission.SEE, "change own password", actor.name):
            self._failures.begin(actor.name, actor.origin)
            if not self._matches(actor.name, old):
                raise NotSignedIn("the old password is wrong", hint="Type the password you signed in with.")
            self._failures.right(actor.name, actor.origin)
            _check_password(new)
            self.records.set_password_hash(actor.name, self.hasher.hash(new))

    def _account(self, name: str) -> Account | None:
        return next((account for account in self.records.accounts() if account.name == name), None)

    def _known(self, name: str) -> Account:
        account = self._account(name)
        if account is None:
            raise NotFound(f"there is no account {name!r}", hint="Check the name.")
        return account

    def _require_another_administrator(self, name: str) -> None:
        administrators = [item.name for item in self.records.accounts() if item.role is Role.ADMINISTRATOR]
        if administrators == [name]:
            raise NotAllowed(
                f"{name} is the only administrator", hint="Make another account administrator first."
            )

    def _matches(self, name: str, password: str) -> bool:
        stored = self.records.password_hash(name)
        with self._looking:
            try:
                self.hasher.verify(stored or self._nobodys, password)
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None


def _new_password() -> str:
    return "-".join(secrets.token_hex(3) for _ in range(4))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_name(name: str) -> None:
    if not (name.isascii() and name.replace("-", "").replace(".", "").isalnum() and len(name) <= _NAME_LIMIT):
        raise InvalidInput(f"{name!r} is not an account name: letters, digits, dots and dashes are allowed")


def _check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise InvalidInput(f"the password is too short: {MIN_PASSWORD} characters at least")


def _view(account: Account) -> AccountView:
    return AccountView(name=account.name, role=account.role, created=account.created)
