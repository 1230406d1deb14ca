"""The board on which several workers tell how far their steps have come; times by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, or_, select

from pitstop.ports.progress import Told
from pitstop.store.database import Database
from pitstop.store.tables import portions
from pitstop.store.turns import seconds_now

FRESH_SECONDS = 10.0
"""What is older is of a worker that is gone."""


class SqlBoard:
    """Implements :class:`pitstop.ports.progress.Board` for one worker, by its name."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    def put(self, told: Sequence[Told]) -> None:
        with self._database.writing() as connection:
            now = seconds_now(connection)
            stale = or_(portions.c.worker == self._worker, portions.c.at < now - FRESH_SECONDS)
            connection.execute(delete(portions).where(stale))
            rows = [
                {
                    "worker": self._worker,
                    "run_id": each.run_id,
                    "place": each.index,
                    "done": each.done,
                    "whole": each.whole,
                    "rate": each.rate,
                    "at": now,
                }
                for each in told
            ]
            if rows:
                connection.execute(insert(portions), rows)

    def read(self, run_id: str) -> Sequence[Told]:
        query = select(portions).where(portions.c.run_id == run_id)
        with self._database.reading() as connection:
            oldest = seconds_now(connection) - FRESH_SECONDS
            rows = connection.execute(query.where(portions.c.at >= oldest)).all()
        return [Told(row.run_id, row.place, row.done, row.whole, row.rate) for row in rows]
