"""The database: opened, migrated, and refused where it is not this Pitstop's to write."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, update

from pitstop.model.errors import Conflict, InvalidInput, StateUnusable
from pitstop.store.database import DATABASE_NAME, Database, open_database
from pitstop.store.lock import LOCK_NAME, state_lock
from pitstop.store.tables import counters, metadata

EPOCH = select(counters.c.value).where(counters.c.name == "epoch")


def test_the_migrations_make_the_tables(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_sqlite_is_set_up_so_that_what_is_committed_stays(database: Database) -> None:
    with database.reading() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    first = open_database(tmp_path)
    with first.writing() as connection:
        connection.execute(update(counters).values(value=7))
    first.close()
    again = open_database(tmp_path)
    with again.reading() as connection:
        assert connection.execute(EPOCH).scalar_one() == 7
    again.close()


def test_others_on_the_machine_cannot_read_it(tmp_path: Path) -> None:
    open_database(tmp_path / "state").close()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / DATABASE_NAME).stat().st_mode) == 0o600


def test_a_database_of_a_newer_pitstop_is_refused_and_left_alone(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StateUnusable, match="newer Pitstop: schema 9999") as caught:
        open_database(tmp_path)
    assert "newer Pitstop" in caught.value.hint
    with sqlite3.connect(tmp_path / DATABASE_NAME) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    raw.close()


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE_NAME) as raw:
        raw.execute("CREATE TABLE things (a)")
    raw.close()
    with pytest.raises(StateUnusable, match="none of Pitstop's"):
        open_database(tmp_path)


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StateUnusable, match="not a database") as caught:
        open_database(tmp_path)
    assert "backup" in caught.value.hint


def test_a_folder_that_cannot_be_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateUnusable, match="file"):
        open_database(tmp_path / "file")
    with pytest.raises(StateUnusable, match="file"), state_lock(tmp_path / "file"):
        pass


@pytest.mark.parametrize("address", ["nonsense", "nosuch://x", "sqlite://user@host/x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="address"):
        open_database(address)


def test_an_address_works_as_a_folder_does(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/by-address.db")
    with opened.reading() as connection:
        assert connection.execute(select(counters.c.name)).scalars().all() == ["epoch", "leave"]
    opened.close()


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    def cut_short() -> None:
        with database.writing() as connection:
            connection.execute(update(counters).values(value=99))
            raise RuntimeError("cut short")

    with pytest.raises(RuntimeError, match="cut short"):
        cut_short()
    with database.reading() as connection:
        assert connection.execute(EPOCH).scalar_one() == 0


def test_writers_take_turns(database: Database) -> None:
    def rise() -> None:
        for _ in range(25):
            with database.writing() as connection:
                now = connection.execute(EPOCH).scalar_one()
                connection.execute(update(counters).where(counters.c.name == "epoch").values(value=now + 1))

    threads = [threading.Thread(target=rise) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.execute(EPOCH).scalar_one() == 100


def test_a_database_that_stays_busy_is_said(database: Database) -> None:
    with database.engine.connect() as waiting:
        waiting.exec_driver_sql("PRAGMA busy_timeout = 10")
    holder = sqlite3.connect(database.engine.url.database or "", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Conflict, match="busy"), database.writing():
        pass
    holder.close()


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.reading() as reader:
        assert reader.execute(EPOCH).scalar_one() == 0
        with database.writing() as writer:
            writer.execute(update(counters).values(value=5))
        assert reader.execute(EPOCH).scalar_one() == 0


# --- the lock --------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from pitstop.store.lock import state_lock
with state_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_services_never_share_a_state_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StateUnusable, match=f"pid {other.pid}"), state_lock(tmp_path):
            pass
        other.kill()
        other.wait()
        with state_lock(tmp_path):
            assert (tmp_path / LOCK_NAME).read_text().strip().isdigit()


def test_the_lock_ends_with_its_block(tmp_path: Path) -> None:
    with state_lock(tmp_path), pytest.raises(StateUnusable, match="in use"), state_lock(tmp_path):
        pass
    with state_lock(tmp_path):
        pass
