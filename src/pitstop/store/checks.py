"""What checks have found. A round is kept in one piece; what has changed with it is its history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select, update

from pitstop.model.checks import (
    CheckChange,
    CheckOrigin,
    CheckResult,
    CheckRound,
    CheckSkip,
    CheckStatus,
    KeptResult,
)
from pitstop.model.errors import NotFound
from pitstop.store.columns import read
from pitstop.store.database import Database
from pitstop.store.tables import check_changes, check_results, check_rounds, check_skips

ROUNDS_KEPT = 200
CHANGES_KEPT = timedelta(days=180)


class SqlChecks:
    """Implements :class:`pitstop.ports.checks.CheckRecords`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def results(self) -> Sequence[KeptResult]:
        with self._database.reading() as connection:
            return list(_kept(connection).values())

    def problems(self) -> Sequence[KeptResult]:
        with self._database.reading() as connection:
            return list(_kept(connection, check_results.c.status != CheckStatus.PASS).values())

    def changes(self, check: str, target: str = "") -> Sequence[CheckChange]:
        query = select(check_changes).where(check_changes.c.name == check)
        if target:
            query = query.where(check_changes.c.target == target)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(check_changes.c.number.desc())).all()
        return [
            CheckChange(row.name, row.target, row.at, row.status, row.severity, row.description)
            for row in rows
        ]

    def begin(self, why: str, checks: Sequence[str], at: datetime) -> CheckRound:
        values = {"began": at, "why": why, "checks": tuple(checks)}
        with self._database.writing() as connection:
            number = connection.execute(
                insert(check_rounds).values(values).returning(check_rounds.c.number)
            ).scalar_one()
            connection.execute(delete(check_rounds).where(check_rounds.c.number <= number - ROUNDS_KEPT))
        return CheckRound(number, at, why, tuple(checks))

    def end(self, number: int, results: Sequence[CheckResult], at: datetime) -> None:
        with self._database.writing() as connection:
            mine = check_rounds.c.number == number
            asked = set(connection.execute(select(check_rounds.c.checks).where(mine)).scalar_one())
            known = {key: kept for key, kept in _kept(connection).items() if not asked or key[0] in asked}
            new = {result.key: _taken(result, known.get(result.key)) for result in results}
            _forget(connection, check_results, known)
            if new:
                connection.execute(insert(check_results), [_row(kept) for kept in new.values()])
            _note_changes(connection, known, new.values(), at)
            connection.execute(update(check_rounds).where(mine).values(ended=at))

    def rounds(self, limit: int = 20) -> Sequence[CheckRound]:
        query = select(check_rounds).order_by(check_rounds.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [
            CheckRound(row.number, row.began, row.why, row.checks, row.ended) for row, _ in map(read, rows)
        ]

    def skips(self) -> Sequence[CheckSkip]:
        query = select(check_skips).order_by(check_skips.c.name, check_skips.c.target)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [CheckSkip(row.name, row.target, row.reason, row.by, row.at) for row in rows]

    def skip(self, skip: CheckSkip) -> None:
        values = {"reason": skip.reason, "by": skip.by, "at": skip.at}
        with self._database.writing() as connection:
            connection.execute(delete(check_skips).where(_named(check_skips, skip.check, skip.target)))
            connection.execute(insert(check_skips).values(name=skip.check, target=skip.target, **values))

    def unskip(self, check: str, target: str) -> None:
        with self._database.writing() as connection:
            gone = connection.execute(delete(check_skips).where(_named(check_skips, check, target)))
            if gone.rowcount == 0:
                where = f" of {target}" if target else ""
                raise NotFound(f"the check {check!r}{where} is not skipped", hint="See `pitstop check list`.")


def _kept(connection: Connection, *which: ColumnElement[bool]) -> dict[tuple[str, str], KeptResult]:
    query = select(check_results).where(*which).order_by(check_results.c.name, check_results.c.target)
    return {(row.name, row.target): _kept_of(row) for row in connection.execute(query)}


def _kept_of(kept: Row[Any]) -> KeptResult:
    """One that cannot be read is as unknown as if it had not been asked; the next round asks it anew."""
    row, unread = read(kept)
    if unread is None:
        return KeptResult(row.result, row.since)
    result = CheckResult(
        row.name,
        unread.code,
        CheckOrigin.BUILT_IN,
        row.name,
        row.target,
        CheckStatus.UNKNOWN,
        unread.severity,
        unread.what,
        unread.remedy,
        row.since,
        timedelta(),
        unread.detail,
    )
    return KeptResult(result, row.since)


def _taken(result: CheckResult, before: KeptResult | None) -> KeptResult:
    lasts = before is not None and before.result.status is result.status
    return KeptResult(result, before.since if lasts and before is not None else result.at)


def _row(kept: KeptResult) -> dict[str, object]:
    result = kept.result
    return {
        "name": result.check,
        "target": result.target,
        "status": result.status,
        "result": result,
        "since": kept.since,
    }


def _note_changes(
    connection: Connection,
    before: dict[tuple[str, str], KeptResult],
    after: Iterable[KeptResult],
    at: datetime,
) -> None:
    changed = [
        {
            "name": kept.result.check,
            "target": kept.result.target,
            "at": kept.since,
            "status": kept.result.status,
            "severity": kept.result.severity,
            "description": kept.result.description,
        }
        for kept in after
        if (known := before.get(kept.result.key)) is None or known.result.status is not kept.result.status
    ]
    if changed:
        connection.execute(insert(check_changes), changed)
    connection.execute(delete(check_changes).where(check_changes.c.at < at - CHANGES_KEPT))


def _forget(connection: Connection, table: Table, keys: Iterable[tuple[str, str]]) -> None:
    for name, target in keys:
        connection.execute(delete(table).where(_named(table, name, target)))


def _named(table: Table, name: str, target: str) -> Any:
    return (table.c.name == name) & (table.c.target == target)
