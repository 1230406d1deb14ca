"""A whole update on two machines of the demo: who takes the run over has none of the package's content, and
brings it itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import postgresql
from demo import processes, stage
from demo.processes import Part
from demo.smoke import UPDATE, versions
from pitstop.client.client import PitstopClient
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, RunState, StepStatus
from pitstop.model.updates import Verb
from pitstop.store.database import open_database
from pitstop.store.journal import SqlJournal
from workers.scene import until

VERSION = "1.2601.1.15"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]


@contextmanager
def second_machine(folder: Path) -> Iterator[Part]:
    """A worker with a state folder of its own, beside the stage's service."""
    log = folder / "logs" / "worker.log"
    arguments = ["service", "worker", "--settings", str(folder / "pitstop.toml")]
    worker = processes.start("worker", arguments, log, {"PITSTOP_STATE": str(folder / "state-2")})
    try:
        until(lambda: "Pitstop works as" in log.read_text(), "the worker starts")
        yield worker
    finally:
        worker.stop()


def is_halfway(tree: RunTree) -> bool:
    """The install has begun on some node, and not ended on the last."""
    done = sum(leaf.status is StepStatus.SUCCEEDED for leaf in tree.leaves())
    return tree.run.phase is Phase.INSTALL and done > len(list(tree.leaves())) // 3


def test_who_takes_over_brings_the_content_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, folder = postgresql.new_database(), tmp_path / "demo"
    monkeypatch.setenv("PITSTOP_DATABASE", address)
    stage.build(folder)
    database = open_database(address)
    journal = SqlJournal(database)
    with stage.running(folder) as running, second_machine(folder) as worker:
        with PitstopClient(running.url) as anonymous:
            token = anonymous.sign_in("admin", running.password).token
        with PitstopClient(running.url, token=token) as client:
            run = client.start(UPDATE, Verb.APPLY).id
        until(lambda: is_halfway(journal.load(run)), "the install is halfway")
        assert running.service is not None
        driver, state = _driver(journal, run, {"state": running.service, "state-2": worker})
        os.kill(driver.process.pid, signal.SIGKILL)
        other = folder / ({"state", "state-2"} - {state}).pop()
        assert not any(path.is_file() for path in (other / "content").rglob("*"))
        until(lambda: not journal.unfinished(), "the run ends")
        tree = journal.load(run)
        assert (tree.run.state, tree.run.finding) == (RunState.SUCCEEDED, None)
        assert any(path.is_file() for path in (other / "content").rglob("*"))
        assert set(versions(running).values()) == {VERSION}
    database.close()


def _driver(journal: SqlJournal, run: str, parts: dict[str, Part]) -> tuple[Part, str]:
    """Who drives the run, as its history says, and the name of its state folder."""
    (taken,) = (event for event in journal.history(run) if event.kind == "run-taken")
    return next((part, state) for state, part in parts.items() if taken.text.endswith(f":{part.process.pid}"))
