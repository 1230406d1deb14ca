"""Pinned host keys in the database: alike for every worker."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from pitstop.model.errors import Conflict
from pitstop.store.database import Database
from pitstop.store.tables import host_keys


class SqlHostKeys:
    """Implements :class:`pitstop.ports.host_keys.HostKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pinned(self, name: str) -> str | None:
        with self._database.reading() as connection:
            return pinned_in(connection, name)

    def all_pinned(self) -> Mapping[str, str]:
        with self._database.reading() as connection:
            return all_in(connection)

    def pin(self, name: str, key: str) -> str:
        try:
            with self._database.writing() as connection:
                present = pinned_in(connection, name)
                if present is None:
                    connection.execute(insert(host_keys).values(node=name, key=key))
        except Conflict:  # another worker was first, between the question and the answer
            present = self.pinned(name)
        return present or key

    def trust(self, name: str, key: str) -> None:
        with self._database.writing() as connection:
            trust_in(connection, name, key)

    def forget(self, name: str) -> None:
        with self._database.writing() as connection:
            forget_in(connection, name)


def all_in(connection: Connection) -> dict[str, str]:
    return {row.node: row.key for row in connection.execute(select(host_keys))}


def pinned_in(connection: Connection, name: str) -> str | None:
    query = select(host_keys.c.key).where(host_keys.c.node == name)
    key: str | None = connection.execute(query).scalar_one_or_none()
    return key


def trust_in(connection: Connection, name: str, key: str) -> None:
    forget_in(connection, name)
    connection.execute(insert(host_keys).values(node=name, key=key))


def forget_in(connection: Connection, name: str) -> None:
    connection.execute(delete(host_keys).where(host_keys.c.node == name))
