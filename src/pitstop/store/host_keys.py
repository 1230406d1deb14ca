"""The host keys that nodes showed at first contact, for workers on several machines: a node that one of them
has met shows the same key to all."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from pitstop.model.system import Node
from pitstop.store.database import Database
from pitstop.store.tables import host_keys


class SqlHostKeys:
    """Implements :class:`pitstop.ports.host_keys.PinnedKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self) -> str:
        return f"its row in the table {host_keys.name} of the database"

    def pinned(self, node: Node) -> str | None:
        if node.host_key is not None:
            return node.host_key
        query = select(host_keys.c.key).where(host_keys.c.node == node.name)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def pin(self, node: Node, key: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(host_keys).where(host_keys.c.node == node.name))
            connection.execute(insert(host_keys).values(node=node.name, key=key))

    def forget(self, name: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(host_keys).where(host_keys.c.node == name))
