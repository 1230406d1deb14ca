"""Signing in, and who may. Passwords are kept as argon2 hashes, session tokens as digests."""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pitstop.model.accounts import Account, Actor, Permission, Role
from pitstop.model.errors import InvalidInput, NotSignedIn
from pitstop.ports.clock import Clock
from pitstop.ports.records import Accounts
from pitstop.service.audited import Audited
from pitstop.wire.views import AccountView, Session

SESSION_LASTS = timedelta(hours=12)
MIN_PASSWORD = 12
_TRIES = 10
_TRIES_WITHIN = timedelta(minutes=5)
_NAME_LIMIT = 64
_WRONG = "name or password is wrong"

FIRST_ACCOUNT = "admin"


@dataclass(slots=True)
class AccountsService:
    """Implements :class:`pitstop.service.desk.AccountsDesk`."""

    records: Accounts
    audited: Audited
    clock: Clock
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _failures: dict[str, deque[datetime]] = field(default_factory=dict)

    def first_start(self) -> str | None:
        """Make the first administrator, if there is no account yet: the password, shown this once."""
        if self.records.accounts():
            return None
        password = "-".join(secrets.token_hex(3) for _ in range(4))
        self.records.add_account(
            FIRST_ACCOUNT, Role.ADMINISTRATOR, self.hasher.hash(password), self.clock.now()
        )
        self.audited.write("pitstop", "make the first account", FIRST_ACCOUNT, "first start", "done")
        return password

    def sign_in(self, name: str, password: str, origin: str) -> Session:
        now = self.clock.now()
        self._refuse_guessing(name, now)
        account = next((item for item in self.records.accounts() if item.name == name), None)
        if account is None or not self._matches(name, password):
            self._failures.setdefault(name[:_NAME_LIMIT], deque(maxlen=_TRIES)).append(now)
            self.audited.write(name[:_NAME_LIMIT], "sign in", name[:_NAME_LIMIT], origin, "refused: wrong")
            raise NotSignedIn(
                _WRONG, hint="Check both; after ten wrong tries the account waits five minutes."
            )
        self._failures.pop(name, None)
        token = secrets.token_urlsafe(32)
        self.records.open_session(_digest(token), name, now, now + SESSION_LASTS)
        self.audited.write(name, "sign in", name, origin, "done")
        return Session(token=token, name=name, role=account.role, until=now + SESSION_LASTS)

    def actor(self, token: str, origin: str) -> Actor:
        account = self.records.session(_digest(token), self.clock.now()) if token else None
        if account is None:
            raise NotSignedIn("not signed in, or the session has ended")
        return Actor(account.name, account.role, origin)

    def sign_out(self, token: str) -> None:
        self.records.close_session(_digest(token))

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

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        with self.audited.change(actor, Permission.SEE, "change own password", actor.name):
            if not self._matches(actor.name, old):
                raise NotSignedIn("the old password is wrong", hint="Type the password you signed in with.")
            _check_password(new)
            self.records.set_password_hash(actor.name, self.hasher.hash(new))

    def _matches(self, name: str, password: str) -> bool:
        stored = self.records.password_hash(name)
        try:
            return self.hasher.verify(stored or "", password)
        except (VerificationError, InvalidHashError):
            return False

    def _refuse_guessing(self, name: str, now: datetime) -> None:
        failures = self._failures.get(name[:_NAME_LIMIT])
        if failures and len(failures) == _TRIES and now - failures[0] < _TRIES_WITHIN:
            raise NotSignedIn("too many wrong tries", hint="Wait five minutes, then try again.")


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
