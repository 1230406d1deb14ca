"""What every outbox must hold to. A subclass gives the fixtures ``alerts`` and ``outbox``, of one store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from contracts.alerts import CHECKS, CLOCK, DISK, T0, later
from pitstop.model.alerts import CLOSED
from pitstop.model.findings import Finding, Severity
from pitstop.policy.alert_kinds import CHANNELS, channel_subject
from pitstop.ports.alert_channels import ChannelStanding, Message, Outbox
from pitstop.ports.records import Alerts


@dataclass
class Known:
    """A channel by what an outbox asks of it."""

    name: str = "mail"
    at_least: Severity = Severity.WARNING
    again: timedelta | None = None
    most: int = 10
    says: str = "mail"

    def send(self, messages: Sequence[Message]) -> None:
        raise NotImplementedError


MAIL = Known()
PAGER = Known("pager", Severity.CRITICAL)


def said(outbox: Outbox, channel: Known, second: int = 0) -> list[tuple[str, str, str]]:
    return [
        (each.alert.finding.code, each.state, each.before) for each in outbox.owed(channel, later(second))
    ]


class OutboxContract:
    def test_each_channel_is_owed_what_is_active_until_it_took_it(
        self, alerts: Alerts, outbox: Outbox
    ) -> None:
        alerts.settle(CHECKS, [CLOCK, DISK], T0)
        assert said(outbox, MAIL) == [("clock-off", "Warning", ""), ("disk-full", "Critical", "")]
        assert said(outbox, PAGER) == [("disk-full", "Critical", "")]
        outbox.took("mail", outbox.owed(MAIL, T0)[:1], T0)
        assert said(outbox, MAIL) == [("disk-full", "Critical", "")]
        outbox.took("mail", outbox.owed(MAIL, T0), T0)
        alerts.settle(CHECKS, [CLOCK, DISK], later(5))
        assert said(outbox, MAIL, 5) == []
        assert said(outbox, PAGER, 5) == [("disk-full", "Critical", "")]

    def test_it_is_told_of_the_end_of_what_it_was_told_of_and_of_nothing_else(
        self, alerts: Alerts, outbox: Outbox
    ) -> None:
        alerts.settle(CHECKS, [DISK], T0)
        outbox.took("mail", outbox.owed(MAIL, T0), T0)
        alerts.settle(CHECKS, [], later(1))
        assert said(outbox, MAIL, 2) == [("disk-full", CLOSED, "Critical")]
        assert said(outbox, PAGER, 2) == []
        outbox.took("mail", outbox.owed(MAIL, later(2)), later(2))
        assert said(outbox, MAIL, 3) == []

    def test_it_is_told_when_it_gets_worse_and_better(self, alerts: Alerts, outbox: Outbox) -> None:
        for severity, of_pager in (
            (Severity.WARNING, []),
            (Severity.CRITICAL, [("clock-off", "Critical", "")]),
            (Severity.INFORMATIONAL, [("clock-off", CLOSED, "Critical")]),
        ):
            alerts.settle(CHECKS, [replace(CLOCK, severity=severity)], T0)
            assert said(outbox, PAGER) == of_pager
            outbox.took("pager", outbox.owed(PAGER, T0), T0)
            assert said(outbox, PAGER) == []

    def test_of_itself_it_is_told_nothing(self, alerts: Alerts, outbox: Outbox) -> None:
        dead = Finding("alerts-not-sent", Severity.CRITICAL, channel_subject("mail"), "It fails.", "Mend it.")
        alerts.settle(CHANNELS, [dead], T0)
        assert said(outbox, MAIL) == []
        assert said(outbox, PAGER) == [("alerts-not-sent", "Critical", "")]

    def test_who_forgets_is_told_again(self, alerts: Alerts, outbox: Outbox) -> None:
        forgetful = Known("manager", again=timedelta(minutes=1))
        alerts.settle(CHECKS, [DISK], T0)
        outbox.took("manager", outbox.owed(forgetful, T0), T0)
        assert said(outbox, forgetful, 59) == []
        assert said(outbox, forgetful, 60) == [("disk-full", "Critical", "Critical")]
        alerts.settle(CHECKS, [], later(61))
        outbox.took("manager", outbox.owed(forgetful, later(61)), later(61))
        assert said(outbox, forgetful, 500) == []

    def test_what_was_forgotten_is_owed_no_more(self, alerts: Alerts, outbox: Outbox) -> None:
        alerts.settle(CHECKS, [DISK], T0)
        owed = outbox.owed(MAIL, T0)
        outbox.took("mail", owed, T0)
        alerts.settle(CHECKS, [], later(1))
        alerts.forget(later(2))
        assert said(outbox, MAIL, 3) == []
        outbox.took("mail", owed, later(3))

    def test_how_a_channel_does(self, outbox: Outbox) -> None:
        assert outbox.standings() == {}
        outbox.failed("mail", "nobody there", later(10))
        outbox.failed("mail", "still nobody", later(30))
        assert outbox.standings() == {"mail": ChannelStanding(2, "still nobody", later(30))}
        outbox.took("mail", [], later(40))
        assert outbox.standings() == {"mail": ChannelStanding(took=later(40))}
        outbox.failed("mail", "gone again", later(60))
        assert outbox.standings()["mail"] == ChannelStanding(1, "gone again", later(60), later(40))

    def test_what_was_told_later_is_not_forgotten_for_what_was_told_before(
        self, alerts: Alerts, outbox: Outbox
    ) -> None:
        """A worker was paused while it sent; another has sent the same, and the end of it."""
        alerts.settle(CHECKS, [DISK], T0)
        late = outbox.owed(MAIL, T0)
        outbox.took("mail", late, T0)
        alerts.settle(CHECKS, [], later(1))
        outbox.took("mail", outbox.owed(MAIL, later(2)), later(2))
        outbox.took("mail", late, later(3))
        assert said(outbox, MAIL, 4) == []
