"""Whose turn it is, by the database's clock: one row for each thing that is done now and then.

A turn that was taken in the time to come was taken before that clock was set back: it is over.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, insert, or_, select, text, update

from pitstop.model.errors import Conflict
from pitstop.store.database import Database
from pitstop.store.tables import turns

_POSTGRESQL = text("SELECT extract(epoch FROM clock_timestamp())::float8")
_SQLITE = text("SELECT (julianday('now') - 2440587.5) * 86400.0")


def seconds_now(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock: the same for all who ask it."""
    is_sqlite = connection.dialect.name == "sqlite"
    now: float = connection.execute(_SQLITE if is_sqlite else _POSTGRESQL).scalar_one()
    return now


class SqlTurns:
    """Implements :class:`pitstop.ports.jobs.Turns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, every: timedelta) -> bool:
        if not self._is_due(name, every):
            return False
        try:
            with self._database.writing() as connection:
                return _taken(connection, name, every)
        except Conflict:  # another one was quicker to take the first turn of all
            return False

    def _is_due(self, name: str, every: timedelta) -> bool:
        """Asked far more often than it is so; needs no write."""
        with self._database.reading() as connection:
            at = connection.execute(select(turns.c.at).where(turns.c.name == name)).scalar_one_or_none()
            now = seconds_now(connection)
            return at is None or not now - every.total_seconds() < at <= now


def _taken(connection: Connection, name: str, every: timedelta) -> bool:
    now = seconds_now(connection)
    is_over = or_(turns.c.at <= now - every.total_seconds(), turns.c.at > now)
    due = update(turns).where(turns.c.name == name, is_over)
    if connection.execute(due.values(at=now)).rowcount == 1:
        return True
    if connection.execute(select(turns.c.at).where(turns.c.name == name)).first() is not None:
        return False
    connection.execute(insert(turns).values(name=name, at=now))
    return True
