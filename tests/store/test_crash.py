"""A worker killed in the middle of writing: what it was told is written, and all is consistent."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

import sqlite
from contracts.journal import FIRST, T0, new_run
from pitstop.model.releases import Catalogue, Family, PublisherKind
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Step, StepStatus
from pitstop.model.updates import UpdateState
from pitstop.ports.feeds import Source
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database, open_database
from pitstop.store.events import decode
from pitstop.store.journal import SqlJournal
from pitstop.store.tables import events

STEPS = [Step(str(number), f"Step {number}", kind="script") for number in range(1, 8)]
WORKER = Path(__file__).with_name("worker.py")


def state_with_a_run(folder: Path) -> None:
    database = open_database(sqlite.laid(folder))
    catalogues = SqlCatalogues(database)
    catalogues.add_source(Source("north", "north", PublisherKind.PLATFORM, "x", frozenset({FIRST.type})))
    known = Catalogue("north", "star", PublisherKind.PLATFORM, T0, (Family("2311", None),), (FIRST,))
    catalogues.checked("north", known, T0)
    SqlJournal(database).create(new_run("run-1"), STEPS, expected=UpdateState.READY)
    database.close()


def killed_after(folder: Path, writes: int) -> int:
    """Let a worker write, kill it, and give the last revision that it was told is written."""
    with subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), "run-1"], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        told = [worker.stdout.readline() for _ in range(writes)]
        worker.kill()
        told += worker.stdout.read().splitlines(keepends=True)
    return max(int(line) for line in told if line.endswith("\n"))


def replayed(database: Database) -> RunTree:
    """The run as its events alone say it is."""
    tree = RunTree(new_run("run-1"), STEPS)
    with database.reading() as connection:
        for row in connection.execute(select(events).order_by(events.c.sequence)):
            tree.apply(decode(row.kind, row.data))
    return tree


def test_what_was_acknowledged_survives_a_kill_and_all_is_consistent(tmp_path: Path) -> None:
    state_with_a_run(tmp_path)
    seen = 0
    for _ in range(4):
        seen = max(seen, killed_after(tmp_path, random.randint(1, 40)))
        database = open_database(tmp_path)
        journal = SqlJournal(database)
        tree, history = journal.load("run-1"), journal.history("run-1")
        assert [record.sequence for record in history] == list(range(1, tree.run.revision + 1))
        assert tree.run.revision >= seen
        by_events = replayed(database)
        assert (tree.run, tree.steps) == (by_events.run, by_events.steps)
        failed = [step for step in tree.leaves() if step.status is StepStatus.FAILED]
        assert failed == [], "a failure was written without the waiting that belongs to it"
        assert journal.unfinished() == ["run-1"]
        database.close()
    assert seen > 4
