"""The database: opened, brought to this Pitstop's schema, and entered in short transactions.

On SQLite every writer begins with BEGIN IMMEDIATE, so that it waits for its turn before it has read
anything; a reader sees one moment of the database (WAL). ``synchronous=FULL``: what was committed survives
the loss of power. On PostgreSQL several processes may have it open.
Foreign exceptions end here: what comes out is a :class:`PitstopError`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from pitstop.model.errors import Conflict, InvalidInput, NoSpace, NotFound, PitstopError, StateUnusable
from pitstop.store.migrations import migrate, require_newest

DATABASE_NAME = "pitstop.db"
BUSY_SECONDS = 10
_WRITES = "pitstop_writes"
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
POSTGRESQL = "postgresql"
SESSION = {
    "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=5s",
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Of every connection to PostgreSQL. A worker that stands still in the middle of a transaction, or whose
machine is cut off, must not hold the rows of a run from who takes it over: the server ends its session."""

_MIGRATING = 0x70697473746F
_PG_NO_SPACE = "53100"
_PG_BUSY = ("40001", "40P01", "55P03")


class Database:
    """An open database. Connections are pooled and may be used from any thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the database, to read from.

        Raises:
            StateUnusable: it cannot be read.
        """
        with self._translating(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is durable when the block ends, or none.

        Raises:
            NoSpace: the disk is full.
            Conflict: the database was busy for too long, or a constraint refuses it.
            StateUnusable: it cannot be written.
        """
        with self._translating(), self.engine.connect() as connection:
            writer = connection.execution_options(**{_WRITES: True})
            with writer.begin():
                yield writer

    def require_writable(self) -> None:
        """Write, and take it back.

        Raises:
            NoSpace, Conflict, StateUnusable: it cannot be written.
        """
        with self._translating(), self.engine.connect() as connection:
            writer = connection.execution_options(**{_WRITES: True})
            with writer.begin() as transaction:
                writer.exec_driver_sql("CREATE TABLE pitstop_try (number INTEGER)")
                transaction.rollback()

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise _translated(error, self.engine.url.render_as_string(hide_password=True)) from error


def open_database(where: Path | str) -> Database:
    """Open the database of a state folder, or at a database address; made and migrated as needed.

    Args:
        where: the state folder (made if need be), or an address such as ``postgresql://...``.

    Raises:
        StateUnusable: it was written by a newer Pitstop, is no database of Pitstop's, or cannot be used.
        InvalidInput: the address is none.
    """
    database = Database(_engine(where))
    try:
        with database.writing() as connection:
            if connection.dialect.name == POSTGRESQL:  # whoever else starts now waits for its turn
                connection.execute(text("SELECT pg_advisory_xact_lock(:of)"), {"of": _MIGRATING})
            migrate(connection)
    except BaseException:
        database.close()
        raise
    return database


def open_beside(where: Path | str) -> Database:
    """Open a database that is there, beside whoever uses it, and as it is: nothing is made and migrated.

    Raises:
        NotFound: there is none.
        StateUnusable: it has another schema, or cannot be read.
        InvalidInput: the address is none.
    """
    if isinstance(where, Path) and not (where / DATABASE_NAME).is_file():
        raise NotFound(
            f"there is no database in the state folder {where}",
            hint="Name the settings of the service by --settings; where it was never started, start it.",
        )
    database = Database(_engine(where if isinstance(where, str) else _url_of(where)))
    try:
        with database.reading() as connection:
            require_newest(connection)
    except BaseException:
        database.close()
        raise
    return database


def open_copy(folder: Path, to: Path) -> Database:
    """Open a copy of the database of a state folder, for where that one can only be read.

    Args:
        to: a folder that can be written, for the copy.

    Raises:
        StateUnusable: it cannot be copied, or what was copied cannot be read.
    """
    try:
        for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, to / name)
    except OSError as error:
        raise StateUnusable(
            f"the database in {folder} cannot be copied to {to}: {error.strerror}",
            hint="Make room below TMPDIR, or set it to a folder that has room.",
        ) from error
    copy = open_beside(to)
    event.listen(copy.engine, "connect", _only_to_be_read)
    copy.engine.dispose()
    return copy


def _engine(where: Path | str) -> Engine:
    try:
        url = make_url(where if isinstance(where, str) else _sqlite_in(where))
        if url.get_backend_name() == POSTGRESQL:
            engine = create_engine(url.set(drivername=f"{POSTGRESQL}+psycopg"), connect_args=SESSION)
        else:
            engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InvalidInput(
            f"the database address cannot be used: {error}",
            hint="Leave it out to keep the database in the state folder.",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sqlite_in(folder: Path) -> str:
    file = folder / DATABASE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateUnusable(
            f"the state folder {folder} cannot be used: {error.strerror}",
            hint="Give a folder that this user may write, by PITSTOP_STATE.",
        ) from error
    return _url_of(folder)


def _url_of(folder: Path) -> str:
    return f"sqlite:///{(folder / DATABASE_NAME).absolute()}"


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: it would begin them without IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _only_to_be_read(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """What was written to a copy would be lost without a word."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _translated(error: DBAPIError | PoolTimeout, where: str) -> PitstopError:
    origin = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(origin, "sqlite_errorcode", None)
    state = getattr(origin, "sqlstate", None)
    says = str(origin or error).strip()
    if code == sqlite3.SQLITE_FULL or state == _PG_NO_SPACE:
        return NoSpace(f"there is no room left for the database {where}")
    # An extended code, such as SQLITE_BUSY_SNAPSHOT, has the plain one in its low byte.
    busy = code is not None and code & 0xFF in _BUSY
    if busy or state in _PG_BUSY or isinstance(error, PoolTimeout):
        return Conflict(
            f"the database {where} is busy: {says}", hint="Try again; if it stays, see what else uses it."
        )
    if isinstance(error, IntegrityError):
        return Conflict(f"the database {where} refuses it: {says}")
    return StateUnusable(
        f"the database {where} cannot be used: {says}",
        hint="Check the disk and the file's owner; if it is damaged, restore it from a backup.",
    )
