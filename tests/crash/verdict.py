"""What a scene has come to: what was lost, repeated, or done by a worker that had lost its epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crash.fuse import EPOCH
from crash.plan import DRAINED, RELEASE, UPDATE, expected_on
from crash.scene import RUN, Scene
from crash.served_nodes import BEGUN
from pitstop.model.run_events import RunTaken
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import StepStatus
from pitstop.model.system import Node
from pitstop.model.updates import UpdateState
from pitstop.ports.journal import Recorded
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.events import kind_of
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger

_TAKEN = kind_of(RunTaken)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Attributes:
    lost: what an undisturbed run would have come to, and this one has not, in words.
    repeated: how often a step was done that was done already.
    unfenced: acts and writes under an epoch lower than one before them.
    taken: when workers have taken the run.
    """

    lost: tuple[str, ...]
    repeated: int
    unfenced: int
    taken: tuple[datetime, ...]

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.repeated and not self.unfenced


def verdict(scene: Scene) -> Verdict:
    with scene.database() as database:
        journal = SqlJournal(database)
        tree, history = journal.load(RUN), journal.history(RUN)
        states = SqlCatalogues(database).update_states()
        entered = [entry.release for entry in SqlLedger(database).installed()].count(RELEASE.id)
    lost = [*_of_journal(scene, tree), *_of_records(scene, states[UPDATE], entered)]
    repeated = 0
    for place, node in enumerate(scene.system.nodes):
        done, expected = done_on(node), expected_on(node, scene.story, is_first=place == 0)
        lost += [f"{node.name}: {what} was not done" for what in expected - done]
        repeated += (done - expected).total()
        if (Path(node.root) / DRAINED).exists():
            lost.append(f"{node.name} was left drained")
    unfenced = _falls([record.epoch for record in history]) + sum(map(_unfenced_on, scene.system.nodes))
    return Verdict(tuple(lost), repeated, unfenced, _taken(history))


def done_on(node: Node) -> Counter[str]:
    """How often each step was done on this node, by its own log."""
    log = Path(node.root) / "log"
    return Counter(log.read_text().splitlines() if log.exists() else ())


def _of_journal(scene: Scene, tree: RunTree) -> list[str]:
    lost = []
    if tree.run.state is not scene.story.end:
        lost.append(f"the run is {tree.run.state}, not {scene.story.end}")
    for leaf in tree.leaves():
        is_due = scene.story.is_installed or leaf.undoes is not None
        if leaf.status is not StepStatus.SUCCEEDED and (is_due or leaf.status is not StepStatus.PENDING):
            if leaf.name.startswith("broken") and leaf.status is StepStatus.FAILED and not is_due:
                continue
            lost.append(f"{leaf.index} {leaf.name} is {leaf.status}")
    return lost


def _of_records(scene: Scene, state: UpdateState, entered: int) -> list[str]:
    is_on = scene.story.is_installed
    expected = UpdateState.INSTALLED if is_on else UpdateState.READY_TO_INSTALL
    lost = [f"the update is {state}, not {expected}"] if state is not expected else []
    return lost + ([f"the ledger has it {entered} times"] if entered != is_on else [])


def _unfenced_on(node: Node) -> int:
    """Operations that this node has begun after one of a higher epoch. It makes the file ``running`` under
    its lock when it begins one and never writes it again: the order of these is the order of acts."""
    begun = []
    if (served := Path(node.root) / BEGUN).exists():
        return _falls([int(line.split()[0]) for line in served.read_text().splitlines()])
    for operation in (Path(node.root) / "var/lib/pitstop-node/operations").glob(f"{RUN}-*"):
        told = (operation / "environment").read_text().partition(f"{EPOCH}=")[2].split()[0]
        begun.append(((operation / "running").stat().st_mtime_ns, int(told)))
    # Two within one tick of the file system's clock are taken to be in order.
    return _falls([epoch for _, epoch in sorted(begun)])


def _falls(epochs: list[int]) -> int:
    return sum(epoch < max(epochs[:place], default=epoch) for place, epoch in enumerate(epochs))


def _taken(history: Sequence[Recorded]) -> tuple[datetime, ...]:
    return tuple(record.at for record in history if record.kind == _TAKEN)
