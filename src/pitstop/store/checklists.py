"""Ticks of checklists, and the lists as they stood when a run began."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Delete, delete, insert, select

from pitstop.policy.checklist import Item, Tick
from pitstop.store.database import Database
from pitstop.store.tables import checklist_ticks, checklists


class SqlChecklists:
    """Implements :class:`pitstop.ports.records.Checklists`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ticks(self, subject: str) -> Sequence[Tick]:
        query = select(checklist_ticks).where(checklist_ticks.c.subject == subject)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(checklist_ticks.c.item)).all()
        return [Tick(row.item, row.by, row.at, row.note) for row in rows]

    def tick(self, subject: str, tick: Tick) -> None:
        values = {"subject": subject, "item": tick.item, "by": tick.by, "at": tick.at, "note": tick.note}
        with self._database.writing() as connection:
            connection.execute(_of(subject, tick.item))
            connection.execute(insert(checklist_ticks).values(values))

    def untick(self, subject: str, item: str) -> None:
        with self._database.writing() as connection:
            connection.execute(_of(subject, item))

    def keep(self, run_id: str, items: Sequence[Item]) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(checklists).where(checklists.c.run_id == run_id))
            connection.execute(insert(checklists).values(run_id=run_id, items=tuple(items)))

    def kept(self, run_id: str) -> Sequence[Item]:
        with self._database.reading() as connection:
            query = select(checklists.c["items"]).where(checklists.c.run_id == run_id)
            found = connection.execute(query).scalar_one_or_none()
        return found or ()


def _of(subject: str, item: str) -> Delete:
    same = (checklist_ticks.c.subject == subject) & (checklist_ticks.c.item == item)
    return delete(checklist_ticks).where(same)
