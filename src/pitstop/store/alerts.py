"""Alerts. At most one of a code, a subject and an update is active; raising it again refreshes that one.

The alert that a failed run raised is tied to its update: it is active exactly while the update's newest
run is failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from pitstop.model.alerts import Alert
from pitstop.model.errors import NotFound
from pitstop.model.findings import Finding
from pitstop.store.database import Database
from pitstop.store.tables import alerts

_ACTIVE = alerts.c.closed.is_(None)


class SqlAlerts:
    """Implements :class:`pitstop.ports.records.Alerts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        query = select(alerts).order_by(alerts.c.number.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query.where(_ACTIVE) if active_only else query).all()
        return [_alert_of(row) for row in rows]

    def raise_alert(self, finding: Finding, at: datetime) -> None:
        with self._database.writing() as connection:
            raise_in(connection, finding, at)

    def close_alerts(self, code: str, subject: str, by: str, at: datetime) -> None:
        with self._database.writing() as connection:
            _close(connection, (alerts.c.code == code) & (alerts.c.subject == subject), by, at)

    def close_alert(self, alert_id: str, by: str, at: datetime) -> Alert:
        with self._database.writing() as connection:
            _close(connection, alerts.c.id == alert_id, by, at)
            row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no alert {alert_id!r}", hint="List the alerts and check the id.")
        return _alert_of(row)


def raise_in(connection: Connection, finding: Finding, at: datetime, update_name: str | None = None) -> None:
    """Raise or refresh within a transaction; ``update_name``: a run of this update failed so."""
    known = {"code": finding.code, "subject": finding.subject, "update_name": update_name}
    values: dict[str, Any] = {"finding": finding, "refreshed": at}
    same = and_(_ACTIVE, *(alerts.c[name].is_not_distinct_from(value) for name, value in known.items()))
    if connection.execute(update(alerts).where(same).values(values)).rowcount == 0:
        values |= known | {"id": str(uuid4()), "raised": at, "closed_by": ""}
        connection.execute(insert(alerts).values(values))


def close_of_update(connection: Connection, update_name: str, by: str, at: datetime) -> None:
    """Close what failed runs of this update raised, within a transaction."""
    _close(connection, alerts.c.update_name == update_name, by, at)


def _close(connection: Connection, which: ColumnElement[bool], by: str, at: datetime) -> None:
    connection.execute(update(alerts).where(which & _ACTIVE).values(closed=at, closed_by=by))


def _alert_of(row: Row[Any]) -> Alert:
    return Alert(row.id, row.finding, row.raised, row.refreshed, row.closed, row.closed_by)
