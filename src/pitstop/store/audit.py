"""The audit log. Nothing here changes or removes an entry, and the database refuses it by triggers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from pitstop.model.audit import AuditEntry
from pitstop.store.database import Database
from pitstop.store.tables import audit_log


class SqlAuditLog:
    """Implements :class:`pitstop.ports.records.AuditLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def audit(self, entry: AuditEntry) -> None:
        with self._database.writing() as connection:
            connection.execute(
                insert(audit_log).values(
                    at=entry.at,
                    who=entry.who,
                    what=entry.what,
                    subject=entry.subject,
                    origin=entry.origin,
                    outcome=entry.outcome,
                )
            )

    def entries(self, limit: int = 200) -> Sequence[AuditEntry]:
        query = select(audit_log).order_by(audit_log.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [AuditEntry(row.at, row.who, row.what, row.subject, row.origin, row.outcome) for row in rows]
