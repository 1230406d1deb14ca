"""What people declare, in the database."""

from __future__ import annotations

from pathlib import Path

import pytest

import sqlite
from contracts.declarations import LATER, NIGHTS, T0, DeclarationsContract
from pitstop.ports.records import Declarations
from pitstop.store.database import Database, open_database
from pitstop.store.declarations import SqlDeclarations


@pytest.fixture
def declarations(database: Database) -> Declarations:
    return SqlDeclarations(database)


class TestSqlDeclarations(DeclarationsContract):
    pass


def test_what_is_declared_outlives_the_service(tmp_path: Path) -> None:
    first = open_database(sqlite.laid(tmp_path))
    SqlDeclarations(first).set_facts({"connected": "no"}, "ada", T0)
    SqlDeclarations(first).set_times([NIGHTS], [], "ada", LATER)
    said = SqlDeclarations(first).declared()
    first.close()
    again = open_database(tmp_path)
    assert SqlDeclarations(again).declared() == said
    assert said.times.windows == (NIGHTS,)
    again.close()
