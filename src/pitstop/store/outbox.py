"""What channels took of alerts, and what they are still owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from pitstop.model.alerts import CLOSED, Owed
from pitstop.policy.alert_kinds import CHANNELS, channel_subject
from pitstop.policy.alerting import owed
from pitstop.ports.alert_channels import Channel, ChannelStanding
from pitstop.store.alerts import ACTIVE, alert_of
from pitstop.store.database import Database
from pitstop.store.tables import alerts, channels, told


class SqlOutbox:
    """Implements :class:`pitstop.ports.alert_channels.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owed(self, channel: Channel, at: datetime) -> Sequence[Owed]:
        its_own = and_(alerts.c.source == CHANNELS, alerts.c.subject == channel_subject(channel.name))
        took = and_(told.c.alert == alerts.c.number, told.c.channel == channel.name)
        query = (
            select(alerts, told.c.state, told.c.at)
            .outerjoin(told, took)
            .where(or_(ACTIVE, told.c.state != CLOSED), ~its_own)
            .where(or_(alerts.c.quiet_until.is_(None), alerts.c.quiet_until <= at, told.c.state.is_not(None)))
            .order_by(alerts.c.number)
        )
        fades = at - channel.again if channel.again is not None else None
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = []
        for row in rows:
            before = row.state or ""
            state = owed(alert_of(row), before, channel.at_least)
            if (
                not state
                and fades is not None
                and before != CLOSED
                and row.at is not None
                and row.at <= fades
            ):
                state = before
            if state:
                found.append(Owed(alert_of(row), state, before))
        return found

    def took(self, channel: str, owed: Sequence[Owed], at: datetime) -> None:
        with self._database.writing() as connection:
            for each in owed:
                number = select(alerts.c.number).where(alerts.c.id == each.alert.id)
                found = connection.execute(number).scalar_one_or_none()
                if found is not None:
                    same = and_(told.c.alert == found, told.c.channel == channel)
                    known = connection.execute(select(told.c.state).where(same)).scalar_one_or_none()
                    if (known or "") != each.before:  # another worker has told it more since
                        continue
                    connection.execute(delete(told).where(same))
                    connection.execute(
                        insert(told).values(alert=found, channel=channel, state=each.state, at=at)
                    )
            _keep(connection, channel, {"failures": 0, "due": None, "problem": "", "took": at})

    def failed(self, channel: str, problem: str, due: datetime) -> None:
        with self._database.writing() as connection:
            query = select(channels.c.failures).where(channels.c.name == channel)
            failures = connection.execute(query).scalar_one_or_none() or 0
            _keep(connection, channel, {"failures": failures + 1, "due": due, "problem": problem})

    def standings(self) -> Mapping[str, ChannelStanding]:
        with self._database.reading() as connection:
            rows = connection.execute(select(channels)).all()
        return {row.name: ChannelStanding(row.failures, row.problem, row.due, row.took) for row in rows}


def _keep(connection: Connection, channel: str, values: dict[str, Any]) -> None:
    known = update(channels).where(channels.c.name == channel).values(values)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(channels).values(name=channel, **values))
