"""What workers share beside the journal: turns, the board, the shelf, host keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

import postgresql
import sqlite
from pitstop.engine.progress import Portion, Progress
from pitstop.model.errors import DigestMismatch, NotFound
from pitstop.package.fileset import METADATA, NOTES, PLAN
from pitstop.ports.progress import Told
from pitstop.store.board import FRESH_SECONDS, SqlBoard
from pitstop.store.database import Database, open_database
from pitstop.store.host_keys import SqlHostKeys
from pitstop.store.payloads import FilePayloads
from pitstop.store.shelf import SqlShelf
from pitstop.store.tables import portions, turns
from pitstop.store.turns import SqlTurns
from store.packages import package

_EVERY = timedelta(hours=1)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.slow, pytest.mark.xdist_group("postgresql")]),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = open_database(sqlite.laid(tmp_path / "database"))
    else:
        opened = open_database(postgresql.new_database())
    yield opened
    opened.close()


def aged(database: Database, by: float) -> None:
    """Let time pass on what lies there."""
    with database.writing() as connection:
        for table in (turns, portions):
            connection.execute(update(table).values(at=table.c.at - by))


def test_a_turn_is_taken_once_in_its_time(database: Database) -> None:
    one, other = SqlTurns(database), SqlTurns(database)
    assert [one.take("look", _EVERY), other.take("look", _EVERY), other.take("tidy", _EVERY)] == [
        True,
        False,
        True,
    ]
    aged(database, 3590)
    assert not one.take("look", _EVERY)
    aged(database, 20)
    assert [other.take("look", _EVERY), one.take("look", _EVERY)] == [True, False]


def test_a_turn_does_not_wait_where_the_clock_was_set_back(database: Database) -> None:
    one, other = SqlTurns(database), SqlTurns(database)
    assert one.take("look", _EVERY)
    aged(database, -86_400)
    assert [other.take("look", _EVERY), one.take("look", _EVERY)] == [True, False]


def test_what_a_worker_tells_is_seen_through_another_ones_face(database: Database) -> None:
    working, looking = (Progress(SqlBoard(database, name)) for name in ("one", "other"))
    working.reporter("run", "1.1")(10, 100)
    working.reporter("run", "1.2")(30, 100)
    working.reporter("another run", "1")(1, 2)
    working.put_up()
    assert looking.of_steps("run") == {"1.1": Portion(10, 100), "1.2": Portion(30, 100)}
    assert looking.of_run("run") == Portion(40, 200)
    working.forget("run", "1.1")
    working.put_up()
    assert looking.of("run", "1.1") is None
    working.forget("run", "1.2")
    working.forget("another run", "1")
    working.put_up()
    assert looking.of_run("run") is None


def test_what_a_dead_worker_told_last_is_not_shown_for_ever(database: Database) -> None:
    dead, living = SqlBoard(database, "dead"), SqlBoard(database, "living")
    dead.put([Told("run", "1", 1, 2, None)])
    aged(database, FRESH_SECONDS + 1)
    assert living.read("run") == []
    living.put([Told("run", "1", 2, 2, 0.5)])
    assert living.read("run") == [Told("run", "1", 2, 2, 0.5)]


def test_documents_that_one_machine_was_given_are_on_all(database: Database, tmp_path: Path) -> None:
    star, shelf = package(), SqlShelf(database)
    here, there = (FilePayloads(tmp_path / name, shelf=shelf) for name in ("here", "there"))
    here.put_documents(star.name, {**star.documents, NOTES: b"first"})
    assert there.metadata(star.name) == star.metadata
    assert there.plan(star.name) == star.plan
    assert len(there.missing_content(star.name)) == len(star.manifest.files)
    here.put_documents(star.name, {**star.documents, NOTES: b"corrected"})
    assert there.document(star.name, NOTES) == b"corrected"
    for name in ("Other1.0", star.name):
        with pytest.raises(NotFound):
            there.document(name, "article.md")


def test_documents_on_the_shelf_that_are_not_those_that_were_signed_are_refused(
    database: Database, tmp_path: Path
) -> None:
    star, shelf = package(), SqlShelf(database)
    shelf.put(star.name, {**star.documents, PLAN: star.documents[PLAN] + b" "})
    with pytest.raises(DigestMismatch):
        FilePayloads(tmp_path / "here", shelf=shelf).document(star.name, METADATA)


def test_a_host_key_is_pinned_for_all_workers(database: Database) -> None:
    one, other = SqlHostKeys(database), SqlHostKeys(database)
    assert one.pin("n1", "ssh-ed25519 AAAA") == "ssh-ed25519 AAAA"
    assert other.pin("n1", "ssh-ed25519 BBBB") == "ssh-ed25519 AAAA", "who comes second holds to the first"
    other.forget("n1")
    assert one.pinned("n1") is None
