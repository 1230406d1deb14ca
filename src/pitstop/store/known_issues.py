"""What the publishers know goes wrong, as they signed it, and which mends were agreed to beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from pitstop.model.errors import NotFound
from pitstop.ports.records import MendConsent
from pitstop.store.database import Database
from pitstop.store.tables import issue_lists, mend_consents, sources


class SqlKnownIssues:
    """Implements :class:`pitstop.ports.records.KnownIssueLists`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue_lists(self) -> Sequence[tuple[str, bytes]]:
        with self._database.reading() as connection:
            rows = connection.execute(select(issue_lists).order_by(issue_lists.c.source)).all()
        return [(row.source, row.content) for row in rows]

    def keep_issue_list(self, source: str, content: bytes, at: datetime) -> None:
        with self._database.writing() as connection:
            known = select(sources.c.name).where(sources.c.name == source)
            if connection.execute(known).first() is None:
                raise NotFound(f"there is no source {source!r}", hint="`pitstop source list` lists them.")
            connection.execute(delete(issue_lists).where(issue_lists.c.source == source))
            connection.execute(insert(issue_lists).values(source=source, content=content, at=at))

    def consents(self) -> Sequence[MendConsent]:
        with self._database.reading() as connection:
            rows = connection.execute(select(mend_consents).order_by(mend_consents.c.issue)).all()
        return [MendConsent(row.issue, row.by, row.at) for row in rows]

    def consent(self, issue: str, by: str, at: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(mend_consents).where(mend_consents.c.issue == issue))
            connection.execute(insert(mend_consents).values(issue=issue, by=by, at=at))

    def withdraw_consent(self, issue: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(mend_consents).where(mend_consents.c.issue == issue))
