"""Heads of runs, for lists. What changes a run is the journal's alone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from pitstop.model.runs import Run
from pitstop.store import tables
from pitstop.store.database import Database
from pitstop.store.run_rows import require_run, run_of


class SqlRuns:
    """Implements :class:`pitstop.ports.records.Runs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> Sequence[Run]:
        query = select(tables.runs).order_by(tables.runs.c.number.desc()).limit(limit)
        if update is not None:
            query = query.where(tables.runs.c.update_name == update)
        if before is not None:
            its_own = select(tables.runs.c.number).where(tables.runs.c.id == before).scalar_subquery()
            query = query.where(tables.runs.c.number < its_own)
        with self._database.reading() as connection:
            return [run_of(row) for row in connection.execute(query)]

    def run(self, run_id: str) -> Run:
        with self._database.reading() as connection:
            return require_run(connection, run_id)
