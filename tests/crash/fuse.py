"""A fuse before and behind every write of the journal and every act on a node.

The adapters are the real ones; the fuse only counts, and at the chosen point sends its own process a signal.
By SIGKILL no handler runs and nothing is tidied up; by SIGSTOP the process is paused until somebody lets it
go on, by when another has taken its run.

A point has a name: before or behind which write or act, of which step (``behind operate n1 4.2.1``). Of steps
side by side it is chance which comes first; the names are the same each time.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from pitstop.model.run_events import RunEvent, RunRequest
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Run, Step
from pitstop.model.system import Node
from pitstop.model.updates import UpdateState
from pitstop.ports.journal import Journal, Recorded
from pitstop.ports.nodes import Answer, NodeDriver, Operation
from pitstop.store.events import index_of, kind_of

BLOWN_NAME = "blown"
EPOCH = "OF_EPOCH"
"""Each operation finds here, and keeps on its node, the epoch that it was sent with."""


@dataclass(frozen=True, slots=True)
class Blow:
    """When a fuse blows: at the points of these numbers, and at those that have one of these names.

    Attributes:
        anywhere: also while another thread is in the middle of a transaction.
    """

    at: frozenset[int] = frozenset()
    named: frozenset[str] = frozenset()
    by: signal.Signals = signal.SIGKILL
    anywhere: bool = False


NEVER = Blow()


def after(points: int, by: signal.Signals = signal.SIGKILL) -> Blow:
    """At this point only."""
    return Blow(frozenset({points}), by=by)


@dataclass(slots=True)
class Fuse:
    """Counts points. The journal is written in a thread of its own, beside the acts on nodes: each point is
    counted once, whichever thread passes it.

    Attributes:
        folder: where the name of the point is left at which it blows.
        passed: their names; one that comes again has its number behind it.
        writing: held while a transaction is under way. A process that is paused in one keeps a SQLite shut
            for all others.
    """

    blow: Blow
    folder: Path
    passed: list[str] = field(default_factory=list)
    writing: Lock = field(default_factory=Lock)
    _times: Counter[str] = field(default_factory=Counter)
    _counting: Lock = field(default_factory=Lock)

    def pass_by(self, point: str) -> None:
        with self._counting:
            self._times[point] += 1
            name = point if self._times[point] == 1 else f"{point} #{self._times[point]}"
            self.passed.append(name)
            blows = len(self.passed) in self.blow.at or name in self.blow.named
            if blows:
                (self.folder / BLOWN_NAME).write_text(name)
            if blows and self.blow.by is signal.SIGKILL:
                os.kill(os.getpid(), signal.SIGKILL)
        if blows:
            with nullcontext() if self.blow.anywhere else self.writing:
                os.kill(os.getpid(), self.blow.by)

    @contextmanager
    def around(self, *what: str) -> Iterator[None]:
        """A point before each of these, and one behind."""
        for each in what:
            self.pass_by(f"before {each}")
        yield
        for each in what:
            self.pass_by(f"behind {each}")


def blown_at(folder: Path) -> str:
    """The name of the point at which a fuse blew last."""
    return (folder / BLOWN_NAME).read_text()


@dataclass(frozen=True, slots=True)
class FusedJournal:
    """The journal, with a fuse before and behind each event. How many of them go to the disk together differs
    from time to time; how many there are does not."""

    journal: Journal
    fuse: Fuse

    def create(self, run: Run, steps: Sequence[Step], *, expected: UpdateState) -> None:
        self.journal.create(run, steps, expected=expected)

    def take(self, run_id: str, worker: str, at: datetime) -> RunTree:
        with self.fuse.around("run-taken"), self.fuse.writing:
            return self.journal.take(run_id, worker, at)

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        names = [f"{kind_of(type(event))} {index_of(event) or ''}".strip() for event in events]
        with self.fuse.around(*names), self.fuse.writing:
            self.journal.append(tree, *events)

    def resume(self, run_id: str, by: str, at: datetime, void: Sequence[str] = ()) -> None:
        with self.fuse.around("run-resumed"), self.fuse.writing:
            self.journal.resume(run_id, by, at, void)

    def refresh(self, tree: RunTree) -> None:
        with self.fuse.writing:
            self.journal.refresh(tree)

    def request(self, run_id: str, wanted: RunRequest) -> Run:
        with self.fuse.around(kind_of(type(wanted))), self.fuse.writing:
            return self.journal.request(run_id, wanted)

    def load(self, run_id: str) -> RunTree:
        return self.journal.load(run_id)

    def unfinished(self) -> Sequence[str]:
        return self.journal.unfinished()

    def history(self, run_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        return self.journal.history(run_id, after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class FusedNodes:
    """The nodes, with a fuse before and behind each act. Questions change nothing and have none."""

    nodes: NodeDriver
    fuse: Fuse

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        return await self.nodes.ask(node, script, deadline=deadline)

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        marked = replace(operation, environment={**operation.environment, EPOCH: str(operation.epoch)})
        with self.fuse.around(_act("operate", node, operation.id)):
            return await self.nodes.operate(node, marked, deadline=deadline)

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        with self.fuse.around(_act("attach", node, operation)):
            return await self.nodes.attach(node, operation, epoch=epoch, deadline=deadline)

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        with self.fuse.around(_act("abandon", node, operation)):
            return await self.nodes.abandon(node, operation, epoch=epoch)

    async def close(self) -> None:
        await self.nodes.close()


def _act(verb: str, node: Node, operation: str) -> str:
    return f"{verb} {node.name} {operation.rsplit('-', 2)[1]}"
