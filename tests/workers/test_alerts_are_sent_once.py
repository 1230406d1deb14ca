"""Two workers with one PostgreSQL send alerts on: each is told once to each channel, and so is its end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

import postgresql
from contracts.alerts import CHECKS, CLOCK, DISK
from contracts.jobs import Hired, until, working
from pitstop.daemon.clock import MachineClock
from pitstop.engine.shared_jobs import Pulse, SharedJobs
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message
from pitstop.ports.jobs import Job, Recurring
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.alert_sending import AlertSending
from pitstop.service.audited import Audited
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.database import Database, open_database
from pitstop.store.outbox import SqlOutbox
from pitstop.store.runs import SqlRuns
from pitstop.store.turns import SqlTurns

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]

EVERY = timedelta(seconds=0.2)
PULSE = Pulse(beat=0.1, dead_after=3, look=0.5)
SOURCES = 6


@dataclass
class Slow:
    """A channel that takes longer than it is until the next worker's turn.

    Attributes:
        by: the workers that had a turn.
        at_once: how many were sending at the same time, at most.
    """

    name: str
    seconds: float = 0.5
    at_least: Severity = Severity.INFORMATIONAL
    most: int = 4
    again: timedelta | None = None
    says: str = "a slow line"
    took: list[tuple[str, str]] = field(default_factory=list)
    by: set[str] = field(default_factory=set)
    at_once: int = 0
    _sending: int = 0

    def send(self, messages: Sequence[Message]) -> None:
        self._sending += 1
        self.at_once = max(self.at_once, self._sending)
        time.sleep(self.seconds)
        self.took += [(message.id, "closed" if message.closed else message.severity) for message in messages]
        self._sending -= 1


@pytest.fixture
def databases() -> Iterator[tuple[str, list[Database]]]:
    """One database, opened by each of two machines."""
    address = postgresql.new_database()
    with ExitStack() as opened:
        both = [open_database(address) for _ in range(2)]
        for database in both:
            opened.callback(database.close)
        yield address, both


def worker(address: str, database: Database, channels: Sequence[Slow], name: str) -> Hired:
    """One that does nothing but send."""
    clock = MachineClock()
    messages = AlertMessages(SqlRuns(database), "Rack 7", "https://pitstop.example", lambda _run: ())
    audited = Audited(SqlAuditLog(database), clock)
    sending = AlertSending(channels, SqlOutbox(database), SqlAlerts(database), messages, audited)

    def job(channel: Slow) -> Job:
        async def send(_key: str) -> None:
            channel.by.add(name)
            await asyncio.to_thread(sending.send, channel.name)

        return Job(f"send-alerts-{channel.name}", send)

    jobs = SharedJobs(address, clock, SqlTurns(database), name=name, pulse=PULSE)
    return Hired(jobs, [], [Recurring(job(channel), EVERY) for channel in channels])


def test_each_alert_and_its_end_is_sent_once_by_each_channel(
    databases: tuple[str, list[Database]],
) -> None:
    address, both = databases
    channels = [Slow("line"), Slow("pager", seconds=0.3, at_least=Severity.CRITICAL, most=1)]
    alerts, clock = SqlAlerts(both[0]), MachineClock()

    def settle(*findings: object) -> None:
        for number in range(SOURCES):
            alerts.settle(f"{CHECKS} {number}", list(findings), clock.now())  # type: ignore[arg-type]

    def are_told(line: int, pager: int) -> bool:
        return len(channels[0].took) >= line and len(channels[1].took) >= pager

    async def scene() -> None:
        workers = [worker(address, each, channels, f"w{place}") for place, each in enumerate(both)]
        async with working(*workers):
            await asyncio.to_thread(settle, CLOCK, DISK)
            await until(lambda: are_told(2 * SOURCES, SOURCES))
            await asyncio.to_thread(settle, DISK)
            await until(lambda: are_told(3 * SOURCES, SOURCES))
            await asyncio.to_thread(settle)
            await until(lambda: are_told(4 * SOURCES, 2 * SOURCES))
            await asyncio.sleep(1.5)

    asyncio.run(scene())
    for channel in channels:
        assert max(Counter(channel.took).values()) == 1
        assert (channel.at_once, channel.by) == (1, {"w0", "w1"})
    assert [len(channel.took) for channel in channels] == [4 * SOURCES, 2 * SOURCES]
