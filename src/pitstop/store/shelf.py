"""Packages' small files in the database, where several machines share it: what one of them found out, or was
handed, all of them can explain and begin."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, select

from pitstop.store.database import Database
from pitstop.store.tables import documents


class SqlShelf:
    """Implements :class:`pitstop.store.payloads.Shelf`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, package: str, files: Mapping[str, bytes]) -> None:
        if self.get(package) == files:
            return
        rows = [{"package": package, "name": name, "content": raw} for name, raw in files.items()]
        with self._database.writing() as connection:
            connection.execute(delete(documents).where(documents.c.package == package))
            connection.execute(insert(documents), rows)

    def get(self, package: str) -> Mapping[str, bytes]:
        query = select(documents.c.name, documents.c.content).where(documents.c.package == package)
        with self._database.reading() as connection:
            return {row.name: bytes(row.content) for row in connection.execute(query)}
