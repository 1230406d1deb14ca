"""The same journal on PostgreSQL, and what several processes share there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import postgresql
from contracts.alerts import AlertsBench, AlertsContract, HoldingBackContract
from contracts.declared_nodes import NodesBench, NodesContract
from contracts.journal import Bench, JournalContract, at
from contracts.outbox import OutboxContract
from pitstop.model.audit import AuditEntry
from pitstop.model.errors import EpochLost, StateUnusable
from pitstop.model.run_events import StepStarted
from pitstop.ports.alert_channels import Outbox
from pitstop.ports.records import Alerts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.database import Database, open_database
from pitstop.store.outbox import SqlOutbox
from pitstop.store.turns import SqlTurns
from store.test_alerts import sql_alerts
from store.test_nodes import sql_bench, who_began

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]


@pytest.fixture
def address() -> str:
    return postgresql.new_database()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """A database of its own."""
    opened = open_database(address)
    yield opened
    opened.close()


class TestSqlJournalOnPostgresql(JournalContract):
    pass


class TestSqlNodesOnPostgresql(NodesContract):
    @pytest.fixture(name="bench")
    def nodes_bench(self, bench: Bench, database: Database) -> NodesBench:
        return sql_bench(database)


class TestSqlAlertsOnPostgresql(AlertsContract, HoldingBackContract):
    @pytest.fixture(name="bench")
    def alerts_bench(self, bench: Bench, database: Database) -> AlertsBench:
        return sql_alerts(bench, database)


class TestSqlOutboxOnPostgresql(OutboxContract):
    @pytest.fixture
    def alerts(self, database: Database) -> Alerts:
        return SqlAlerts(database)

    @pytest.fixture
    def outbox(self, database: Database) -> Outbox:
        return SqlOutbox(database)


def test_of_a_run_and_a_change_that_begin_together_one_begins(bench: Bench, database: Database) -> None:
    """Of two workers at the same moment, again and again."""
    who_began(sql_bench(database), rounds=40)


def test_a_worker_that_was_overtaken_writes_nothing_here_either(bench: Bench) -> None:
    tree = bench.begin()
    bench.journal.take("run-1", "other", at(1))
    with pytest.raises(EpochLost):
        bench.journal.append(tree, StepStarted("1.1", at(2)))


def test_the_audit_log_cannot_be_changed_here_either(database: Database) -> None:
    log = SqlAuditLog(database)
    log.audit(AuditEntry(at(0), "bob", "start apply", "U", "api", "refused: not-permitted"))
    with pytest.raises(StateUnusable, match="append-only"), database.writing() as connection:
        connection.execute(text("UPDATE audit_log SET outcome = 'done'"))
    assert [item.outcome for item in log.entries()] == ["refused: not-permitted"]


def test_a_worker_that_stands_still_in_a_transaction_does_not_hold_its_run(
    bench: Bench, address: str
) -> None:
    """Its machine was paused in the middle of a write: the server ends its session within seconds."""
    tree = bench.begin()
    paused = open_database(address)
    with paused.engine.connect() as connection:
        connection.execute(text("UPDATE runs SET revision = revision + 1"))
        began = monotonic()
        taken = bench.journal.take("run-1", "other", at(1))
        assert monotonic() - began < 10
        with pytest.raises(DBAPIError, match=r"terminat|closed"):
            connection.execute(text("SELECT 1"))
    paused.close()
    assert (taken.run.epoch, taken.run.revision) == (tree.run.epoch + 1, tree.run.revision + 1)


def test_several_that_start_at_once_migrate_once() -> None:
    address, at_once = postgresql.new_database(empty=True), Barrier(4)

    def start() -> None:
        at_once.wait()
        open_database(address).close()

    with ThreadPoolExecutor(4) as starting:
        for started in [starting.submit(start) for _ in range(4)]:
            started.result()


def test_a_turn_is_taken_by_one(address: str) -> None:
    every, at_once = timedelta(seconds=30), Barrier(4)

    def take() -> bool:
        database = open_database(address)
        at_once.wait()
        try:
            return SqlTurns(database).take("look", every)
        finally:
            database.close()

    with ThreadPoolExecutor(4) as workers:
        taken = [working.result() for working in [workers.submit(take) for _ in range(4)]]
    assert taken.count(True) == 1
