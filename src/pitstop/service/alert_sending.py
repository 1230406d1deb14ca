"""Sending alerts on: each channel by itself, until it has taken what it is owed.

A channel that fails is left alone for longer and longer, up to a quarter of an hour; from the fifth failure
in a row on, it is an alert of its own. Nobody waits for any of this: it is background work.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from pitstop.model.accounts import Actor, Permission
from pitstop.model.alerts import Owed
from pitstop.model.errors import NotFound, PitstopError
from pitstop.model.findings import Finding, Severity
from pitstop.policy.alert_kinds import CHANNELS, channel_subject
from pitstop.policy.alerting import DEAD_AFTER, pause_after
from pitstop.ports.alert_channels import Channel, ChannelStanding, Message, Outbox
from pitstop.ports.records import Alerts
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.audited import Audited
from pitstop.wire.alert_views import ChannelView

log = logging.getLogger(__name__)

NOT_SENT = "alerts-not-sent"


@dataclass(frozen=True, slots=True)
class AlertSending:
    """Implements :class:`pitstop.service.desk.ChannelsDesk`."""

    channels: Sequence[Channel]
    outbox: Outbox
    alerts: Alerts
    messages: AlertMessages
    audited: Audited

    def send(self, name: str) -> None:
        """Send a channel what it is owed, unless it is to be left alone. Blocks; never raises for what the
        channel does."""
        channel = self._channel(name)
        now = self.audited.clock.now()
        standing = self.outbox.standings().get(name, ChannelStanding())
        if standing.due is not None and now < standing.due:
            return
        sent: set[tuple[str, str]] = set()
        while batch := self._next(channel, now, sent):
            problem = self._try(channel, [self.messages.message(each) for each in batch])
            if problem is not None:
                self._failed(channel, standing, problem)
                return
            self.outbox.took(name, batch, self.audited.clock.now())
            if standing.failures:
                standing = ChannelStanding()
                self.look()

    def _next(self, channel: Channel, now: datetime, sent: set[tuple[str, str]]) -> Sequence[Owed]:
        """As much as the channel takes at once of what it is owed still: another worker may have sent some,
        if this one was paused. What was ``sent`` is noted, and not sent again."""
        owed = self.outbox.owed(channel, now)
        batch = [each for each in owed if (each.alert.id, each.state) not in sent][: channel.most]
        sent.update((each.alert.id, each.state) for each in batch)
        return batch

    def look(self) -> None:
        """Settle the alerts about the channels themselves."""
        standings = self.outbox.standings()
        dead = [
            _dead(channel, standings[channel.name])
            for channel in self.channels
            if channel.name in standings and standings[channel.name].failures >= DEAD_AFTER
        ]
        self.alerts.settle(CHANNELS, dead, self.audited.clock.now())

    def list(self, actor: Actor) -> tuple[ChannelView, ...]:
        actor.require(Permission.SEE)
        standings = self.outbox.standings()
        return tuple(
            _view(channel, standings.get(channel.name, ChannelStanding())) for channel in self.channels
        )

    def test(self, actor: Actor, name: str) -> ChannelView:
        with self.audited.change(actor, Permission.OPERATE, "test alert channel", name):
            channel = self._channel(name)
            channel.send([self._test(actor)])
            self.outbox.took(name, [], self.audited.clock.now())
            self.look()
        return next(view for view in self.list(actor) if view.name == name)

    def _try(self, channel: Channel, messages: Sequence[Message]) -> PitstopError | None:
        try:
            channel.send(messages)
        except PitstopError as error:
            return error
        except Exception as error:
            log.exception("alert channel %s broke", channel.name)
            return PitstopError(f"it broke: {type(error).__name__}")
        return None

    def _failed(self, channel: Channel, standing: ChannelStanding, problem: PitstopError) -> None:
        failures = standing.failures + 1
        due = self.audited.clock.now() + pause_after(failures)
        log.warning("alert channel %s: %s; tried again at %s", channel.name, problem.message, due)
        self.outbox.failed(channel.name, f"{problem.message}. {problem.hint}".strip(), due)
        if failures >= DEAD_AFTER:
            self.look()

    def _channel(self, name: str) -> Channel:
        for channel in self.channels:
            if channel.name == name:
                return channel
        known = ", ".join(channel.name for channel in self.channels) or "none: see docs/alerts.md"
        raise NotFound(f"there is no alert channel {name!r}", hint=f"The settings name {known}.")

    def _test(self, actor: Actor) -> Message:
        return Message(
            id=str(uuid4()),
            system=self.messages.system,
            code="test",
            severity=Severity.INFORMATIONAL,
            subject="this channel",
            what=f"{actor.name} tries whether alerts arrive here.",
            impact="",
            steps=(),
            links=(),
            detail="",
            raised=self.audited.clock.now(),
            page=f"{self.messages.portal}/alerts",
            is_test=True,
        )


def _dead(channel: Channel, standing: ChannelStanding) -> Finding:
    return Finding(
        NOT_SENT,
        Severity.WARNING,
        channel_subject(channel.name),
        f"Alerts are not sent on by {channel.says}: it has failed {DEAD_AFTER} times in a row and more.",
        f"Mend what it fails with. See whether it works: pitstop alert channel test {channel.name}",
        impact="Whoever is told by this channel alone hears of nothing. What it is owed is kept, and tried "
        "again every quarter of an hour.",
        detail=standing.problem,
    )


def _view(channel: Channel, standing: ChannelStanding) -> ChannelView:
    return ChannelView(
        name=channel.name,
        says=channel.says,
        at_least=channel.at_least,
        failures=standing.failures,
        problem=standing.problem,
        due=standing.due,
        took=standing.took,
    )
