"""The audit log. Nothing here changes or removes an entry, and the database refuses it by triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from pitstop.model.audit import AuditEntry
from pitstop.store.database import Database
from pitstop.store.tables import audit_log


class SqlAuditLog:
    """Implements :class:`pitstop.ports.records.AuditLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def audit(self, entry: AuditEntry) -> int:
        with self._database.writing() as connection:
            written = connection.execute(
                insert(audit_log).values(
                    at=entry.at,
                    who=entry.who,
                    what=entry.what,
                    subject=entry.subject,
                    origin=entry.origin,
                    outcome=entry.outcome,
                    completes=entry.completes,
                )
            )
            (number,) = written.inserted_primary_key or (0,)
        return int(number)

    def entries(self, limit: int = 200) -> Sequence[AuditEntry]:
        query = select(audit_log).order_by(audit_log.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_entry_of(row) for row in rows]


def _entry_of(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        row.at, row.who, row.what, row.subject, row.origin, row.outcome, row.number, row.completes
    )
