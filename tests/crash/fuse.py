"""A fuse before and behind every write of the journal and every act on a node.

The adapters are the real ones; the fuse only counts, and at the chosen point sends its own process a signal.
By SIGKILL no handler runs and nothing is tidied up; by SIGSTOP the process is paused until somebody lets it
go on, by when another has taken its run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from pitstop.model.runs import Run, RunEvent, RunRequest, RunTree, Step
from pitstop.model.system import Node
from pitstop.model.updates import UpdateState
from pitstop.ports.journal import Journal, Recorded
from pitstop.ports.nodes import Answer, NodeDriver, Operation

EPOCH = "OF_EPOCH"
"""Each operation finds here, and keeps on its node, the epoch that it was sent with."""


@dataclass(slots=True)
class Fuse:
    """Counts points; blows at ``at`` (None: never). The journal is written in a thread of its own, beside the
    acts on nodes: each point is counted once, whichever thread passes it.

    Attributes:
        writing: held while a transaction is under way. A process that is paused in one keeps the database
            shut for all others, which is another matter than what is looked for here.
    """

    at: int | None = None
    by: signal.Signals = signal.SIGKILL
    passed: int = 0
    writing: Lock = field(default_factory=Lock)
    _counting: Lock = field(default_factory=Lock)

    def pass_by(self) -> None:
        with self._counting:
            self.passed += 1
            blows = self.passed == self.at
        if blows and self.by is signal.SIGKILL:
            os.kill(os.getpid(), signal.SIGKILL)
        elif blows:
            with self.writing:
                os.kill(os.getpid(), self.by)


@dataclass(frozen=True, slots=True)
class FusedJournal:
    """The journal, with a fuse before and behind each event. How many of them go to the disk together differs
    from time to time; how many there are does not."""

    journal: Journal
    fuse: Fuse

    def create(self, run: Run, steps: Sequence[Step], *, expected: UpdateState) -> None:
        self.journal.create(run, steps, expected=expected)

    def take(self, run_id: str, worker: str, at: datetime) -> RunTree:
        self.fuse.pass_by()
        with self.fuse.writing:
            tree = self.journal.take(run_id, worker, at)
        self.fuse.pass_by()
        return tree

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        for _ in events:
            self.fuse.pass_by()
        with self.fuse.writing:
            self.journal.append(tree, *events)
        for _ in events:
            self.fuse.pass_by()

    def resume(self, run_id: str, by: str, at: datetime, void: Sequence[str] = ()) -> None:
        self.journal.resume(run_id, by, at, void)

    def refresh(self, tree: RunTree) -> None:
        with self.fuse.writing:
            self.journal.refresh(tree)

    def request(self, run_id: str, wanted: RunRequest) -> Run:
        self.fuse.pass_by()
        with self.fuse.writing:
            run = self.journal.request(run_id, wanted)
        self.fuse.pass_by()
        return run

    def load(self, run_id: str) -> RunTree:
        return self.journal.load(run_id)

    def unfinished(self) -> Sequence[str]:
        return self.journal.unfinished()

    def history(self, run_id: str) -> Sequence[Recorded]:
        return self.journal.history(run_id)


@dataclass(frozen=True, slots=True)
class FusedNodes:
    """The nodes, with a fuse before and behind each act. Questions change nothing and have none."""

    nodes: NodeDriver
    fuse: Fuse

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        return await self.nodes.ask(node, script, deadline=deadline)

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        marked = replace(operation, environment={**operation.environment, EPOCH: str(operation.epoch)})
        self.fuse.pass_by()
        answer = await self.nodes.operate(node, marked, deadline=deadline)
        self.fuse.pass_by()
        return answer

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        self.fuse.pass_by()
        answer = await self.nodes.attach(node, operation, epoch=epoch, deadline=deadline)
        self.fuse.pass_by()
        return answer

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> None:
        self.fuse.pass_by()
        await self.nodes.abandon(node, operation, epoch=epoch)
        self.fuse.pass_by()

    async def close(self) -> None:
        await self.nodes.close()
