"""The journal in the database."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from contracts.journal import STEPS, T0, Bench, JournalContract, at, new_run
from pitstop.model.errors import Conflict, NoSpace
from pitstop.model.run_events import StepStarted, StepSucceeded
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step
from pitstop.model.updates import UpdateState
from pitstop.store.database import Database
from pitstop.store.events import decode
from pitstop.store.tables import events


class TestSqlJournal(JournalContract):
    pass


def test_a_step_event_is_a_few_statements(bench: Bench, database: Database) -> None:
    tree = bench.begin()
    said: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement.split(maxsplit=1)[0])

    bench.journal.append(tree, StepStarted("1.1", at(1)))
    assert said == ["BEGIN", "UPDATE", "UPDATE", "INSERT"]


def test_the_stored_events_replayed_make_the_stored_tree(bench: Bench, database: Database) -> None:
    tree = bench.begin()
    bench.to_phase(tree, Phase.INSTALL)
    bench.fail(tree)
    bench.journal.resume("run-1", "bob", at(5))
    again = bench.journal.take("run-1", "w2", at(6))
    bench.journal.append(again, StepStarted("2", at(7)), StepSucceeded("2", at(8), "done", {"a": "b"}))
    replayed = RunTree(new_run("run-1"), STEPS)
    with database.reading() as connection:
        for row in connection.execute(select(events).order_by(events.c.sequence)):
            replayed.apply(decode(row.kind, row.data))
    assert (replayed.run, replayed.steps) == (again.run, again.steps)


def test_the_database_itself_refuses_a_second_run_in_progress(bench: Bench, database: Database) -> None:
    bench.begin()
    with pytest.raises(Conflict), database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO runs (number, id, update_name, publisher, product, version, purpose, state, created,"
            " requested_by, from_version, to_version, plan_sha256, epoch, attempt, revision, occupies)"
            " SELECT 99, 'run-9', update_name, publisher, product, version, purpose, state, created,"
            " requested_by, from_version, to_version, plan_sha256, epoch, attempt, revision, occupies"
            " FROM runs"
        )


def test_a_full_disk_is_said_and_leaves_the_tree_as_it_was(bench: Bench, database: Database) -> None:
    tree = bench.begin()
    bench.journal.append(tree, StepStarted("1.1", at(1)))
    inside, before = (tree.run, dict(tree.steps)), bench.picture()
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(NoSpace, match="no room"):
        bench.journal.append(tree, StepSucceeded("1.1", at(2), "x" * 100_000))
    assert (tree.run, tree.steps) == inside
    assert bench.picture() == before
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    bench.journal.append(tree, StepSucceeded("1.1", at(2), "x" * 100_000))
    assert bench.journal.load("run-1").steps["1.1"].ended == at(2)


def test_a_run_is_created_with_a_tree_of_thousands(bench: Bench) -> None:
    many = [*STEPS, *(Step(str(number), "s", kind="k") for number in range(3, 3000))]
    bench.journal.create(new_run("run-1"), many, expected=UpdateState.READY)
    tree = bench.journal.take("run-1", "w", T0)
    assert list(tree.steps) == [step.index for step in many]
