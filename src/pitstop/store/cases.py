"""Cases, and what was said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from pitstop.model.cases import Case, CaseEntry
from pitstop.model.errors import NotFound
from pitstop.store.database import Database
from pitstop.store.tables import case_entries, cases


class SqlCases:
    """Implements :class:`pitstop.ports.cases.Cases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_case(self, case: Case) -> Case:
        with self._database.writing() as connection:
            last = connection.execute(select(func.max(cases.c.number))).scalar_one()
            numbered = replace(case, number=(last or 0) + 1)
            connection.execute(insert(cases).values(_row_of(numbered)))
        return numbered

    def cases(self) -> Sequence[Case]:
        with self._database.reading() as connection:
            rows = connection.execute(select(cases).order_by(cases.c.number.desc())).all()
        return [_case_of(row) for row in rows]

    def case(self, number: int) -> Case:
        with self._database.reading() as connection:
            row = connection.execute(select(cases).where(cases.c.number == number)).one_or_none()
        if row is None:
            raise NotFound(f"there is no case {number}", hint="See `pitstop case list`.")
        return _case_of(row)

    def change(self, case: Case, entry: CaseEntry | None = None) -> None:
        with self._database.writing() as connection:
            connection.execute(update(cases).where(cases.c.number == case.number).values(_row_of(case)))
            if entry is not None:
                connection.execute(insert(case_entries).values(case_number=case.number, **asdict(entry)))

    def entries(self, number: int) -> Sequence[CaseEntry]:
        query = select(case_entries).where(case_entries.c.case_number == number)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(case_entries.c.number)).all()
        return [CaseEntry(row.at, row.by, row.text, row.theirs) for row in rows]


_NAMES = tuple(field.name for field in fields(Case))


def _row_of(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in _NAMES}


def _case_of(row: Row[Any]) -> Case:
    return Case(**{name: getattr(row, name) for name in _NAMES})
