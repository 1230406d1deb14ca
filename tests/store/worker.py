"""A worker that drives a run without pause and says each event that it has written; to be killed.

Run as a program: ``worker.py <state folder> <run id>``. Each line on standard output is the revision that an
append came back with.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitstop.model.findings import Finding, Severity
from pitstop.model.run_events import RunEvent, StepFailedOnce, StepStarted, StepWaited
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import StepStatus
from pitstop.ports.journal import Journal
from pitstop.store.database import open_database
from pitstop.store.journal import SqlJournal

FINDING = Finding("step-failed", Severity.CRITICAL, "node n1", "it broke", "mend it")


def next_events(tree: RunTree, number: int) -> tuple[RunEvent, ...]:
    """One event for a step that begins, two at once for one that fails: they must come together."""
    index = str(1 + number // 2 % len(tree.steps))
    now = datetime.now(UTC)
    if tree.steps[index].status is not StepStatus.IN_PROGRESS:
        return (StepStarted(index, now),)
    failed = StepFailedOnce(index, now, FINDING, "x" * (number % 5000))
    return failed, StepWaited(index, now, "again", now + timedelta(seconds=1))


def work(journal: Journal, run_id: str) -> None:
    tree = journal.take(run_id, "to be killed", datetime.now(UTC))
    number = 0
    while True:
        journal.append(tree, *next_events(tree, number))
        number += 1
        print(tree.run.revision, flush=True)


if __name__ == "__main__":
    work(SqlJournal(open_database(Path(sys.argv[1]))), sys.argv[2])
