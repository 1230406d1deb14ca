"""Alerts. At most one of a code, a subject, a source and an update is open; the same again refreshes it.

The alert that a failed run raised is tied to its update: it is active exactly while the update's newest
run is failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, select, update

from pitstop.model.alerts import ITSELF, Alert
from pitstop.model.errors import NotFound
from pitstop.model.findings import Finding, Severity
from pitstop.model.runs import DRIVEN
from pitstop.policy.alert_kinds import FAILED_RUN, held_back, rest_of
from pitstop.policy.alerting import each_once
from pitstop.store.database import Database
from pitstop.store.tables import alerts, events, runs

_OPEN = alerts.c.closed.is_(None)
ACTIVE = _OPEN & ~alerts.c.held
_GONE = "its cause is gone"


class SqlAlerts:
    """Implements :class:`pitstop.ports.records.Alerts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        query = select(alerts).order_by(alerts.c.number.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query.where(ACTIVE) if active_only else query).all()
        return [alert_of(row) for row in rows]

    def alert(self, alert_id: str) -> Alert:
        with self._database.reading() as connection:
            return _require(connection, alert_id)

    def settle(self, source: str, findings: Sequence[Finding], at: datetime) -> None:
        holding = each_once(findings)
        with self._database.writing() as connection:
            for finding in holding.values():
                raise_in(connection, finding, at, source=source)
            of_source = select(alerts).where(_OPEN, alerts.c.source == source)
            for row in connection.execute(of_source).all():
                if (row.code, row.subject) not in holding:
                    _close(connection, alerts.c.number == row.number, ITSELF, at, _GONE)

    def raise_alert(self, finding: Finding, at: datetime) -> None:
        with self._database.writing() as connection:
            raise_in(connection, finding, at)

    def close_alerts(self, code: str, subject: str, by: str, at: datetime) -> None:
        same = (alerts.c.code == code) & (alerts.c.subject == subject) & (alerts.c.source == "")
        with self._database.writing() as connection:
            _close(connection, same, by, at, _GONE if by == ITSELF else "")

    def close_alert(self, alert_id: str, by: str, at: datetime, reason: str = "") -> Alert:
        with self._database.writing() as connection:
            connection.execute(
                update(alerts)
                .where(alerts.c.id == alert_id, _OPEN)
                .values(closed=at, closed_by=by, reason=reason, held=False)
            )
            return _require(connection, alert_id)

    def release(self, quiet_since: datetime, at: datetime) -> None:
        held = _OPEN & alerts.c.held
        with self._database.reading() as connection:  # asked often, and nearly always there is none
            if not connection.execute(select(exists().where(held))).scalar_one():
                return
        with self._database.writing() as connection:
            if not _updating(connection) and not _moved_since(connection, quiet_since):
                connection.execute(update(alerts).where(held).values(held=False, raised=at))

    def undecided(self) -> Sequence[Alert]:
        query = select(alerts).where(_OPEN, alerts.c.quiet_until.is_not(None)).order_by(alerts.c.number)
        with self._database.reading() as connection:
            return [alert_of(row) for row in connection.execute(query).all()]

    def decide(self, alert_id: str, severity: Severity) -> None:
        with self._database.writing() as connection:
            found = connection.execute(
                select(alerts.c.finding).where(alerts.c.id == alert_id, _OPEN).with_for_update()
            ).scalar_one_or_none()
            if found is not None:
                values = {"finding": replace(found, severity=severity), "quiet_until": None}
                connection.execute(update(alerts).where(alerts.c.id == alert_id).values(values))

    def raise_of_run(self, finding: Finding, update_name: str, at: datetime) -> None:
        last = (
            select(alerts)
            .where(alerts.c.update_name == update_name)
            .order_by(alerts.c.number.desc())
            .limit(1)
        )
        with self._database.writing() as connection:
            row = connection.execute(last).one_or_none()
            if row is None or (row.closed is not None and row.closed <= at - FAILED_RUN.rest):
                again = finding if row is None else replace(finding, severity=row.finding.severity)
                raise_in(connection, again, at, update_name)

    def forget(self, before: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(alerts).where(alerts.c.closed < before))


def raise_in(
    connection: Connection,
    finding: Finding,
    at: datetime,
    update_name: str | None = None,
    *,
    source: str = "",
    quiet_until: datetime | None = None,
) -> None:
    """Raise or refresh within a transaction; ``update_name``: a run of this update failed so."""
    known = {"code": finding.code, "subject": finding.subject, "source": source, "update_name": update_name}
    held = update_name is None and held_back(source, finding) and _updating(connection)
    same = and_(_OPEN, *(alerts.c[name].is_not_distinct_from(value) for name, value in known.items()))
    if not held:
        connection.execute(update(alerts).where(same, alerts.c.held).values(held=False, raised=at))
    values: dict[str, Any] = {"finding": finding, "refreshed": at}
    if connection.execute(update(alerts).where(same).values(values)).rowcount == 0:
        if _rests(connection, finding, source, at):
            return
        values |= known | {"id": str(uuid4()), "raised": at, "held": held, "quiet_until": quiet_until}
        connection.execute(insert(alerts).values(values | {"closed_by": "", "reason": ""}))


def _rests(connection: Connection, finding: Finding, source: str, at: datetime) -> bool:
    """Whether somebody has closed the same by hand, and it is to be left closed for a while."""
    rest = rest_of(source, finding)
    if not rest:
        return False
    same = and_(alerts.c.code == finding.code, alerts.c.subject == finding.subject)
    by_hand = and_(alerts.c.source == source, alerts.c.closed_by != ITSELF, alerts.c.closed > at - rest)
    return bool(connection.execute(select(exists().where(same, by_hand))).scalar_one())


def close_of_update(connection: Connection, update_name: str, by: str, at: datetime) -> None:
    """Close what failed runs of this update raised, within a transaction."""
    _close(connection, alerts.c.update_name == update_name, by, at)


def _close(
    connection: Connection, which: ColumnElement[bool], by: str, at: datetime, reason: str = ""
) -> None:
    """What was held back has never come: of that nothing stays."""
    connection.execute(delete(alerts).where(which & _OPEN, alerts.c.held))
    connection.execute(update(alerts).where(which & _OPEN).values(closed=at, closed_by=by, reason=reason))


def _updating(connection: Connection) -> bool:
    return bool(connection.execute(select(exists().where(runs.c.state.in_(DRIVEN)))).scalar_one())


def _moved_since(connection: Connection, since: datetime) -> bool:
    return bool(connection.execute(select(exists().where(events.c.at > since))).scalar_one())


def _require(connection: Connection, alert_id: str) -> Alert:
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no alert {alert_id!r}", hint="List the alerts and check the id.")
    return alert_of(row)


def alert_of(row: Row[Any]) -> Alert:
    return Alert(
        row.id,
        row.finding,
        row.raised,
        row.refreshed,
        row.closed,
        row.closed_by,
        row.reason,
        row.source,
        row.update_name,
        row.held,
    )
