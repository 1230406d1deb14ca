"""Accounts and their sessions. Of a password only its hash is kept, of a session token only its digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Row, delete, insert, select, update

from pitstop.model.accounts import Account, Role
from pitstop.model.errors import Conflict, NotFound
from pitstop.store.database import Database
from pitstop.store.tables import accounts, sessions


class SqlAccounts:
    """Implements :class:`pitstop.ports.records.Accounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self) -> Sequence[Account]:
        """By name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name)).all()
        return [_account_of(row) for row in rows]

    def add_account(self, name: str, role: Role, password_hash: str, at: datetime) -> None:
        with self._database.writing() as connection:
            if connection.execute(select(accounts).where(accounts.c.name == name)).first() is not None:
                raise Conflict(f"there is an account {name!r} already", hint="Choose another name.")
            connection.execute(
                insert(accounts).values(name=name, role=role, created=at, password_hash=password_hash)
            )

    def password_hash(self, name: str) -> str | None:
        query = select(accounts.c.password_hash).where(accounts.c.name == name)
        with self._database.reading() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found

    def set_password_hash(self, name: str, password_hash: str) -> None:
        change = update(accounts).where(accounts.c.name == name).values(password_hash=password_hash)
        with self._database.writing() as connection:
            _require_one(connection.execute(change), name)
            connection.execute(delete(sessions).where(sessions.c.account == name))

    def set_role(self, name: str, role: Role) -> None:
        """What was granted under the former role ends with its sessions."""
        with self._database.writing() as connection:
            _require_one(
                connection.execute(update(accounts).where(accounts.c.name == name).values(role=role)), name
            )
            connection.execute(delete(sessions).where(sessions.c.account == name))

    def remove_account(self, name: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.account == name))
            _require_one(connection.execute(delete(accounts).where(accounts.c.name == name)), name)

    def ever_signed_in(self) -> bool:
        query = select(accounts.c.name).where(accounts.c.signed_in.is_not(None)).limit(1)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def open_session(self, token_sha256: str, name: str, at: datetime, until: datetime) -> None:
        """Sessions that have ended by then go.

        Raises:
            NotFound: there is no such account.
        """
        with self._database.writing() as connection:
            _require_one(
                connection.execute(update(accounts).where(accounts.c.name == name).values(signed_in=at)), name
            )
            connection.execute(delete(sessions).where(sessions.c.until <= at))
            connection.execute(
                insert(sessions).values(token_sha256=token_sha256, account=name, opened=at, until=until)
            )

    def session(self, token_sha256: str, at: datetime) -> Account | None:
        query = (
            select(accounts)
            .join(sessions, sessions.c.account == accounts.c.name)
            .where(sessions.c.token_sha256 == token_sha256, sessions.c.until > at)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _account_of(row)

    def close_session(self, token_sha256: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_sha256 == token_sha256))


def _require_one(changed: CursorResult[Any], name: str) -> None:
    """Raises NotFound: no account was changed."""
    if changed.rowcount != 1:
        raise NotFound(f"there is no account {name!r}", hint="Check the name.")


def _account_of(row: Row[Any]) -> Account:
    return Account(row.name, row.role, row.created)
