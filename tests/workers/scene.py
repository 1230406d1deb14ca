"""A run that takes a while, on real nodes, and workers that are processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import rack
from crash.plan import CATALOGUE, EARLY, RELEASE
from pitstop.model.expansion import expand, group, leaf, numbered
from pitstop.model.packages import PackageType
from pitstop.model.plans import GroupMode, Plan, PlanGroup, PlanStep
from pitstop.model.releases import PublisherKind
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step
from pitstop.model.updates import UpdateState
from pitstop.nodes.declared import read_system
from pitstop.ports.feeds import Source
from pitstop.ports.journal import Recorded
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database
from pitstop.store.journal import SqlJournal

RUN = "2a0d3f52-30a2-4d5c-8f53-6a3b8a4bb8d1"
LIMIT_SECONDS = 120


def plan(steps: int, seconds: float) -> Plan:
    """Steps that leave a line in their node's log each time they are done, one node after the other."""
    each = tuple(
        PlanStep(f"step {n}", "command", args={"shell": f"sleep {seconds}; echo 'step {n}' >> log"})
        for n in range(steps)
    )
    return Plan("Slow", (PlanGroup("roll", GroupMode.ROLLING, each, role="*"),))


@dataclass(frozen=True)
class Process:
    """A running ``pitstop service worker``."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def said(self) -> str:
        return self.log.read_text()


@dataclass
class Scene:
    """One database, one rack, a folder for each worker."""

    folder: Path
    made: rack.Rack
    address: str
    database: Database
    steps: int
    workers: list[Process] = field(default_factory=list)

    @property
    def journal(self) -> SqlJournal:
        return SqlJournal(self.database)

    def lay(self) -> None:
        """Write the nodes file and the settings."""
        text = self.made.system_file.read_text()
        for node in self.made.nodes:
            (self.root(node) / "var").mkdir(parents=True)
            text = text.replace(json.dumps(str(node.root)), json.dumps(str(self.root(node))))
        text = text.replace('"keys/operator"', json.dumps(str(self.made.operator_key)))
        (self.folder / "system.toml").write_text(text)
        (self.folder / "pitstop.toml").write_text('system = "system.toml"\n')

    def begin(self, seconds: float) -> None:
        """Write the run, for whoever takes it."""
        now = datetime.now(UTC)
        catalogues = SqlCatalogues(self.database)
        catalogues.add_source(
            Source("northstar", "northstar", PublisherKind.PLATFORM, "", frozenset(PackageType))
        )
        catalogues.checked("northstar", CATALOGUE, now)
        run = Run(RUN, RELEASE.name, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, now, "operator")
        self.journal.create(run, self._tree(seconds), expected=UpdateState.READY)

    def _tree(self, seconds: float) -> tuple[Step, ...]:
        """All phases of an apply; in the early ones there is nothing to do."""
        system = read_system(self.folder / "system.toml")
        nothing = PlanStep("Nothing", "command", args={"shell": "true"})
        early = [leaf(nothing, system.nodes[0].name, phase=phase) for phase in EARLY]
        install = group("Install", expand(plan(self.steps, seconds), system), phase=Phase.INSTALL)
        return tuple(numbered([*early, install]))

    def root(self, node: rack.Node) -> Path:
        return self.folder / "nodes" / node.name

    def start_workers(self, count: int) -> None:
        workers = [self._start_worker() for _ in range(count)]
        until(lambda: all("Pitstop works as" in worker.said() for worker in workers), "the workers start")

    def _start_worker(self) -> Process:
        name = f"worker{len(self.workers)}"
        log = self.folder / f"{name}.log"
        with log.open("w") as to:
            process = subprocess.Popen(
                [sys.executable, "-m", "pitstop", "service", "worker"],
                env={
                    **os.environ,
                    "PITSTOP_SETTINGS": str(self.folder / "pitstop.toml"),
                    "PITSTOP_STATE": str(self.folder / name),
                    "PITSTOP_DATABASE": self.address,
                },
                stdout=to,
                stderr=to,
                text=True,
            )
        worker = Process(process, log)
        self.workers.append(worker)
        return worker

    def driver(self) -> Process:
        """The worker that has the run, as the run's history says."""
        by = next(event.text for event in reversed(self.taken()))
        return next(worker for worker in self.workers if by.endswith(f":{worker.pid}"))

    def taken(self) -> list[Recorded]:
        return [event for event in self.journal.history(RUN) if event.kind == "run-taken"]

    def succeeded(self, epoch: int) -> int:
        """How many steps have succeeded under this epoch."""
        history = self.journal.history(RUN)
        return sum(event.kind == "step-succeeded" and event.epoch == epoch for event in history)

    def epoch(self) -> int:
        return self.journal.load(RUN).run.epoch

    def ended(self) -> bool:
        return self.journal.load(RUN).run.state is not RunState.IN_PROGRESS

    def done_once_everywhere(self) -> None:
        """The run has succeeded, and every node was changed exactly once by each step."""
        assert self.journal.load(RUN).run.state is RunState.SUCCEEDED
        for node in self.made.nodes:
            done = Counter((self.root(node) / "log").read_text().splitlines())
            assert done == Counter(f"step {number}" for number in range(self.steps))


def until(holds: Callable[[], bool], what: str) -> float:
    """Wait until it holds; the seconds that it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < LIMIT_SECONDS, f"not within {LIMIT_SECONDS} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


@contextmanager
def ending(scene: Scene) -> Iterator[Scene]:
    """Ends the scene's processes, stopped ones too."""
    try:
        yield scene
    finally:
        for worker in scene.workers:
            worker.process.kill()
        for worker in scene.workers:
            worker.process.wait()
