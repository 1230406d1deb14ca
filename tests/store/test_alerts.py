"""Alerts in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contracts.alerts import DISK, AlertsBench, AlertsContract, HoldingBackContract
from contracts.journal import BROKEN, FIRST, Bench, at
from contracts.outbox import MAIL, OutboxContract, said
from pitstop.model.alerts import CLOSED, QUIET, Verdict
from pitstop.model.findings import Severity
from pitstop.model.run_events import RunSucceeded
from pitstop.model.runs import Phase
from pitstop.policy.alert_kinds import SUPPORT
from pitstop.ports.alert_channels import Outbox
from pitstop.ports.records import Alerts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.database import Database
from pitstop.store.outbox import SqlOutbox


def sql_alerts(runs: Bench, database: Database) -> AlertsBench:
    def begin() -> None:
        runs.to_phase(runs.begin(), Phase.INSTALL)

    def end(at: datetime) -> None:
        runs.journal.append(runs.journal.load("run-1"), RunSucceeded(at))

    return AlertsBench(SqlAlerts(database), begin, end)


class TestSqlAlerts(AlertsContract, HoldingBackContract):
    @pytest.fixture(name="bench")
    def alerts_bench(self, bench: Bench, database: Database) -> AlertsBench:
        return sql_alerts(bench, database)


class TestSqlOutbox(OutboxContract):
    @pytest.fixture
    def alerts(self, database: Database) -> Alerts:
        return SqlAlerts(database)

    @pytest.fixture
    def outbox(self, database: Database) -> Outbox:
        return SqlOutbox(database)


@pytest.fixture
def alerts(database: Database) -> SqlAlerts:
    return SqlAlerts(database)


class TestFailedRuns:
    def failed(self, bench: Bench) -> None:
        tree = bench.begin()
        bench.to_phase(tree, Phase.INSTALL)
        bench.fail(tree)

    def test_channels_are_told_once_it_is_known_how_bad_it_is(
        self, bench: Bench, alerts: SqlAlerts, database: Database
    ) -> None:
        self.failed(bench)
        (alert,) = alerts.undecided()
        outbox = SqlOutbox(database)
        assert (alert.verdict, alert.update, alert.active) == (Verdict.FAILED, FIRST.name, True)
        assert outbox.owed(MAIL, at(5)) == []
        alerts.decide(alert.id, Severity.WARNING)
        (owed,) = outbox.owed(MAIL, at(5))
        assert (owed.state, owed.alert.verdict) == ("Warning", Verdict.NEEDS_ATTENTION)
        assert alerts.undecided() == []

    def test_they_are_told_all_the_same_if_nobody_finds_out(
        self, bench: Bench, alerts: SqlAlerts, database: Database
    ) -> None:
        self.failed(bench)
        outbox, late = SqlOutbox(database), at(4) + QUIET
        owed = outbox.owed(MAIL, late)
        assert [each.state for each in owed] == ["Critical"]
        outbox.took("mail", owed, late)
        alerts.decide(alerts.undecided()[0].id, Severity.WARNING)
        (again,) = outbox.owed(MAIL, late)
        assert (again.state, again.before) == ("Warning", "Critical")

    def test_of_what_was_resumed_before_anybody_was_told_nobody_hears(
        self, bench: Bench, alerts: SqlAlerts, database: Database
    ) -> None:
        self.failed(bench)
        bench.journal.resume("run-1", "ada", at(6))
        assert alerts.undecided() == []
        assert SqlOutbox(database).owed(MAIL, at(600)) == []

    def test_closed_by_hand_it_comes_again_after_a_day_as_it_was(
        self, bench: Bench, alerts: SqlAlerts
    ) -> None:
        self.failed(bench)
        (alert,) = alerts.undecided()
        alerts.decide(alert.id, Severity.WARNING)
        alerts.raise_of_run(BROKEN, FIRST.name, at(9))
        assert len(alerts.alerts()) == 1
        alerts.close_alert(alert.id, "ada", at(10), "tomorrow")
        day = int(timedelta(days=1).total_seconds())
        alerts.raise_of_run(BROKEN, FIRST.name, at(day))
        assert alerts.alerts(active_only=True) == []
        alerts.raise_of_run(BROKEN, FIRST.name, at(day + 10))
        (again,) = alerts.alerts(active_only=True)
        assert (again.verdict, again.update) == (Verdict.NEEDS_ATTENTION, FIRST.name)


def test_what_stands_for_long_is_left_closed_for_a_day(alerts: SqlAlerts) -> None:
    alerts.settle(SUPPORT, [DISK], at(0))
    alerts.close_alert(alerts.alerts()[0].id, "ada", at(1), "we know")
    alerts.settle(SUPPORT, [DISK], at(86_400))
    assert alerts.alerts(active_only=True) == []
    alerts.settle(SUPPORT, [DISK], at(86_402))
    assert len(alerts.alerts(active_only=True)) == 1


def test_what_closed_by_itself_comes_again_at_once(alerts: SqlAlerts) -> None:
    for second, findings in enumerate([[DISK], [], [DISK]]):
        alerts.settle(SUPPORT, findings, at(second))
    assert len(alerts.alerts(active_only=True)) == 1


def test_the_outbox_outlives_the_service(alerts: SqlAlerts, database: Database) -> None:
    alerts.raise_alert(DISK, at(0))
    SqlOutbox(database).took("mail", SqlOutbox(database).owed(MAIL, at(1)), at(1))
    alerts.close_alerts(DISK.code, DISK.subject, "pitstop", at(2))
    assert said(SqlOutbox(database), MAIL, 3) == [(DISK.code, CLOSED, "Critical")]
