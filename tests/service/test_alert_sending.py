"""Sending on: each channel by itself, with back-off, never twice, and a dead one is an alert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

import sqlite
from channels.receiver import receiver
from contracts.alerts import CHECKS, CLOCK, DISK
from pitstop.channels.http import Endpoint, Webhook
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import InvalidInput, NotFound, NotPermitted, Unreachable
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.alert_sending import AlertSending
from pitstop.service.audited import Audited
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.database import Database, open_database
from pitstop.store.outbox import SqlOutbox
from pitstop.store.runs import SqlRuns
from simulators.clock import SimulatedClock

ADA = Actor("ada", Role.OPERATOR, "api test")
REA = Actor("rea", Role.READER, "api test")
PORTAL = "https://pitstop.example"


@dataclass
class Line:
    """A channel that fails with what it is given, once each, and then takes everything."""

    name: str = "line"
    at_least: Severity = Severity.INFORMATIONAL
    most: int = 2
    again: timedelta | None = None
    says: str = "a line"
    failing: list[Exception] = field(default_factory=list)
    batches: list[list[Message]] = field(default_factory=list)

    def send(self, messages: Sequence[Message]) -> None:
        if self.failing:
            raise self.failing.pop(0)
        self.batches.append(list(messages))

    @property
    def took(self) -> list[tuple[str, str]]:
        return [
            (message.code, "closed" if message.closed else message.severity)
            for batch in self.batches
            for message in batch
        ]


@dataclass
class Bench:
    database: Database
    clock: SimulatedClock
    channels: Sequence[Line | Webhook]

    @property
    def alerts(self) -> SqlAlerts:
        return SqlAlerts(self.database)

    @property
    def sending(self) -> AlertSending:
        """As after a new start: nothing is remembered but in the database."""
        messages = AlertMessages(SqlRuns(self.database), "Rack 7", PORTAL, lambda _run: ())
        audited = Audited(SqlAuditLog(self.database), self.clock)
        return AlertSending(self.channels, SqlOutbox(self.database), self.alerts, messages, audited)

    def send(self, name: str = "line", after: int = 0) -> None:
        self.clock.advance(timedelta(seconds=after))
        self.sending.send(name)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def bench(tmp_path: Path, line: Line) -> Iterator[Bench]:
    database = open_database(sqlite.laid(tmp_path))
    yield Bench(database, SimulatedClock(), [line, Line("other")])
    database.close()


def test_what_is_raised_is_sent_once_and_so_is_its_end(bench: Bench, line: Line) -> None:
    bench.alerts.settle(CHECKS, [CLOCK, DISK], bench.clock.now())
    for _ in range(3):
        bench.send(after=5)
    bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
    for _ in range(3):
        bench.send(after=5)
    assert line.took == [("clock-off", "Warning"), ("disk-full", "Critical"), ("clock-off", "closed")]


def test_as_many_at_once_as_it_takes(bench: Bench, line: Line) -> None:
    for code in range(5):
        bench.alerts.settle(f"source {code}", [DISK], bench.clock.now())
    bench.send()
    assert [len(batch) for batch in line.batches] == [2, 2, 1]


def test_a_message_has_the_steps_and_links_that_lead_somewhere(bench: Bench, line: Line) -> None:
    bench.alerts.settle(CHECKS, [CLOCK], bench.clock.now())
    bench.send()
    (message,) = line.batches[0]
    assert (message.system, message.steps, message.source) == ("Rack 7", ("Set it.",), CHECKS)
    assert message.page.startswith(f"{PORTAL}/alerts/")
    assert [(link.words, link.url) for link in message.links] == [
        ("Node n1", f"{PORTAL}/nodes/n1"),
        ("Runbook", f"{PORTAL}/runbooks/clock-off"),
    ]


def test_one_that_fails_is_left_alone_for_longer_and_longer_and_loses_nothing(
    bench: Bench, line: Line
) -> None:
    line.failing = [Unreachable("nobody there")] * 3
    bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
    tries: list[int] = []
    for second in range(0, 100, 5):
        left = len(line.failing)
        bench.send(after=5)
        if len(line.failing) < left or (line.took and not line.failing and len(tries) < 4):
            tries.append(second)
    assert tries == [0, 10, 30, 70]
    assert line.took == [("disk-full", "Critical")]


def test_one_that_fails_keeps_nobody_else_waiting(bench: Bench, line: Line) -> None:
    line.failing = [Unreachable("nobody there")]
    bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
    bench.send()
    bench.send("other")
    assert [message.code for batch in _other(bench).batches for message in batch] == ["disk-full"]
    assert line.took == []


def test_what_is_over_before_it_could_be_sent_is_not_sent(bench: Bench, line: Line) -> None:
    line.failing = [Unreachable("nobody there")]
    bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
    bench.send()
    bench.alerts.settle(CHECKS, [], bench.clock.now())
    bench.send(after=60)
    assert line.took == []


def test_a_dead_one_is_an_alert_that_goes_by_the_others_and_closes_by_itself(
    bench: Bench, line: Line
) -> None:
    line.failing = [Unreachable("nobody there"), RuntimeError("broken"), *[InvalidInput("no")] * 3]
    bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
    for _ in range(5):
        bench.send(after=1000)
    (dead, _) = bench.alerts.alerts(active_only=True)
    assert (dead.finding.code, dead.finding.subject) == ("alerts-not-sent", "channel line")
    bench.send("other")
    assert [message.code for batch in _other(bench).batches for message in batch] == [
        "disk-full",
        "alerts-not-sent",
    ]
    bench.send(after=1000)
    assert line.took == [("disk-full", "Critical")]
    assert [alert.finding.code for alert in bench.alerts.alerts(active_only=True)] == ["disk-full"]


def test_a_channel_that_the_settings_no_longer_name_is_no_alert(bench: Bench, line: Line) -> None:
    line.failing = [Unreachable("nobody there")] * 5
    bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
    for _ in range(5):
        bench.send(after=1000)
    bench.channels = [Line("other")]
    bench.sending.look()
    assert [alert.finding.code for alert in bench.alerts.alerts(active_only=True)] == ["disk-full"]


def test_a_test_message_says_that_it_is_one_and_is_audited(bench: Bench, line: Line) -> None:
    view = bench.sending.test(ADA, "line")
    assert (view.name, view.failures, view.took) == ("line", 0, bench.clock.now())
    ((message,),) = line.batches
    assert (message.is_test, message.severity) == (True, Severity.INFORMATIONAL)
    (entry, *_) = SqlAuditLog(bench.database).entries()
    assert (entry.who, entry.what, entry.subject) == ("ada", "test alert channel", "line")
    line.failing = [Unreachable("nobody there")]
    with pytest.raises(Unreachable):
        bench.sending.test(ADA, "line")
    with pytest.raises(NotPermitted):
        bench.sending.test(REA, "line")
    with pytest.raises(NotFound, match="nothing"):
        bench.sending.test(ADA, "nothing")


def test_a_real_receiver_that_fails_at_first_gets_each_state_once(bench: Bench) -> None:
    with receiver() as kept:
        kept.answers = [503, 500]
        endpoint = Endpoint(f"http://127.0.0.1:{kept.port}/")
        bench.channels = [Webhook("hook", endpoint, Severity.WARNING, PORTAL)]
        bench.alerts.settle(CHECKS, [DISK], bench.clock.now())
        for _ in range(6):
            bench.send("hook", after=30)
        bench.alerts.settle(CHECKS, [], bench.clock.now())
        for _ in range(3):
            bench.send("hook", after=30)
        assert [body["status"] for body in kept.bodies] == ["firing", "resolved"]
        fingerprints = {alert["fingerprint"] for body in kept.bodies for alert in body["alerts"]}
        assert len(fingerprints) == 1


def _other(bench: Bench) -> Line:
    other = bench.channels[1]
    assert isinstance(other, Line)
    return other
