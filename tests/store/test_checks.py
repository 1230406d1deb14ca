"""What checks have found, in the database; and whether what is kept is still what was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import postgresql
import sqlite
from contracts.checks import ChecksContract, at, found, keep
from pitstop.model.checks import CheckStatus
from pitstop.ports.checks import CheckRecords
from pitstop.store.checks import ROUNDS_KEPT, SqlChecks
from pitstop.store.database import DATABASE_NAME, Database, open_database
from pitstop.store.integrity import StoreIntegrity
from pitstop.store.payloads import FilePayloads
from pitstop.store.tables import check_changes, check_rounds
from store.packages import package

_LONG = timedelta(seconds=30)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.slow, pytest.mark.xdist_group("postgresql")]),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_file = request.param == "sqlite"
    opened = open_database(sqlite.laid(tmp_path / "state") if is_file else postgresql.new_database())
    yield opened
    opened.close()


@pytest.fixture
def records(database: Database) -> CheckRecords:
    return SqlChecks(database)


class TestSqlChecks(ChecksContract):
    pass


def test_rounds_and_changes_do_not_grow_without_end(database: Database) -> None:
    records = SqlChecks(database)
    for number in range(ROUNDS_KEPT + 5):
        records.begin("daily", (), at(number))
    for day, status in ((0, CheckStatus.PASS), (181, CheckStatus.FAIL)):
        keep(records, day * 24, found("clock", "node n1", status, day * 24))
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(check_rounds)).scalar_one() == ROUNDS_KEPT
        kept = connection.execute(select(check_changes.c.status)).scalars().all()
    assert kept == [CheckStatus.FAIL]


def test_a_whole_database_has_no_problems(database: Database, tmp_path: Path) -> None:
    integrity = StoreIntegrity(database, FilePayloads(tmp_path / "payloads"))
    assert list(integrity.database_problems(_LONG)) == []


def test_a_damaged_page_of_the_database_is_noticed(tmp_path: Path) -> None:
    state = tmp_path / "damaged"
    database = open_database(sqlite.laid(state))
    records = SqlChecks(database)
    keep(records, 0, *(found("clock", f"node n{number}", CheckStatus.FAIL) for number in range(400)))
    database.close()
    raw = bytearray((state / DATABASE_NAME).read_bytes())
    place = raw.rfind(b"node n399")
    page = place // 4096 * 4096
    raw[page + 8 : page + 4000] = bytes(3992)
    (state / DATABASE_NAME).write_bytes(raw)
    again = open_database(state)
    problems = StoreIntegrity(again, FilePayloads(tmp_path / "payloads")).database_problems(_LONG)
    again.close()
    assert problems


def test_content_is_read_again_and_what_is_damaged_is_named(database: Database, tmp_path: Path) -> None:
    payloads = FilePayloads(tmp_path / "payloads")
    made = package()
    payloads.put_documents(made.name, made.documents)
    for name, raw in made.volumes.items():
        payloads.volume(made.name, name).write_bytes(raw)
    payloads.unpack(made.name, lambda _done, _whole: None)
    integrity = StoreIntegrity(database, payloads)
    before = integrity.read_again(_LONG)
    assert (list(before.damaged), before.read) == ([], before.whole)
    assert before.whole > 0
    hurt = made.manifest.files[0]
    place = payloads.place(hurt)
    place.chmod(0o644)
    place.write_bytes(b"x" * hurt.size)
    after = integrity.read_again(_LONG)
    assert [(each.package, each.path, each.file) for each in after.damaged] == [(made.name, hurt.path, place)]
    assert place.exists(), "a check changes nothing"


def test_content_is_read_in_portions_what_was_not_read_for_longest_first(
    database: Database, tmp_path: Path
) -> None:
    payloads = FilePayloads(tmp_path / "payloads")
    made = package()
    payloads.put_documents(made.name, made.documents)
    for name, raw in made.volumes.items():
        payloads.volume(made.name, name).write_bytes(raw)
    payloads.unpack(made.name, lambda _done, _whole: None)
    ticks = iter(range(10_000))
    integrity = StoreIntegrity(database, payloads, lambda: float(next(ticks)))
    portions = [integrity.read_again(timedelta(seconds=1)).read for _ in range(2)]
    whole = integrity.read_again(_LONG).whole
    assert all(0 < portion < whole for portion in portions)
    assert sum(portions) == whole, "what the first portion left is what the second reads"
