"""The ledger: what went on this system, in order. Written by the journal with the run that did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from pitstop.model.errors import Conflict
from pitstop.model.releases import ReleaseId
from pitstop.model.system import Installed
from pitstop.store.database import Database
from pitstop.store.tables import ledger


class SqlLedger:
    """Implements :class:`pitstop.ports.records.Ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def adopt(self, baseline: Sequence[Installed]) -> None:
        with self._database.writing() as connection:
            if connection.execute(select(ledger.c.number).limit(1)).first() is not None:
                raise Conflict(
                    "this system has its baseline already",
                    hint="A baseline is declared once; from then on the ledger follows the runs.",
                )
            for entry in baseline:
                record_in(connection, entry)

    def installed(self) -> Sequence[Installed]:
        with self._database.reading() as connection:
            rows = connection.execute(select(ledger).order_by(ledger.c.number)).all()
        return [_installed_of(row) for row in rows]


def record_in(connection: Connection, entry: Installed) -> None:
    """Write one entry within a transaction."""
    connection.execute(
        insert(ledger).values(
            publisher=entry.release.publisher,
            product=entry.release.product,
            version=entry.release.version,
            type=entry.type,
            family=entry.family,
            at=entry.at,
            by=entry.by,
            run_id=entry.run_id,
        )
    )


def _installed_of(row: Row[Any]) -> Installed:
    release = ReleaseId(row.publisher, row.product, row.version)
    return Installed(release, row.type, row.family, row.at, row.by, row.run_id)
