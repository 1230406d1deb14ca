"""Alerts in the database."""

from __future__ import annotations

from datetime import datetime

import pytest

from contracts.alerts import AlertsBench, AlertsContract, HoldingBackContract
from contracts.journal import Bench
from pitstop.model.runs import Phase, RunSucceeded
from pitstop.store.alerts import SqlAlerts
from pitstop.store.database import Database


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
