"""A run with its steps by index, in tree order. Steps are frozen; the tree swaps them as events come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pitstop.model.run_events import MendRequested, RunEvent, StepEvent, StepsAdded
from pitstop.model.run_moves import apply_to_run, apply_to_step
from pitstop.model.runs import Phase, Run, RunState, Step, StepStatus, parent_of


class RunTree:
    """A run and its steps by index, in tree order. Steps are frozen; the tree swaps them as events come."""

    def __init__(self, run: Run, steps: Iterable[Step]) -> None:
        self.run = run
        self.steps: dict[str, Step] = {}
        self._children: dict[str, list[str]] = {}
        self.grow(steps)

    def grow(self, steps: Iterable[Step]) -> None:
        """Take in further places, in tree order; one that is known is swapped."""
        for step in steps:
            if step.index not in self.steps:
                self._children.setdefault(parent_of(step.index), []).append(step.index)
            self.steps[step.index] = step

    def children(self, index: str = "") -> list[Step]:
        """The places right below ``index`` (``""``: the top), in order."""
        return [self.steps[child] for child in self._children.get(index, ())]

    def leaves(self, index: str = "") -> list[Step]:
        """All leaves, or those at and below a place."""
        return list(self._leaves(index)) if index else [step for step in self.steps.values() if step.is_leaf]

    def _leaves(self, index: str) -> Iterator[Step]:
        step = self.steps[index]
        if step.is_leaf:
            yield step
        for child in self._children.get(index, ()):
            yield from self._leaves(child)

    def begun(self, index: str) -> bool:
        """Whether anything at or below this place was ever started."""
        return any(leaf.attempt > 0 for leaf in self._leaves(index))

    def phase_of(self, index: str) -> Phase | None:
        """The phase that this place belongs to."""
        while index:
            phase = self.steps[index].phase
            if phase is not None:
                return phase
            index = parent_of(index)
        return None

    def apply(self, event: RunEvent) -> None:
        """Take in one event.

        Raises:
            InvalidMove: the run or step is not in a state that takes it; the tree is as it was.
        """
        run = apply_to_run(self.run, event)
        if isinstance(event, StepEvent):
            self.steps[event.index] = apply_to_step(self.steps[event.index], event)
        elif isinstance(event, StepsAdded | MendRequested):
            self.grow(event.steps)
        self.run = run

    def status(self, index: str) -> StepStatus:
        """A leaf's own status; a group's, derived from the leaves below it."""
        step = self.steps[index]
        if step.is_leaf:
            return step.status
        return combined_status([self.status(child.index) for child in self.children(index)])


def to_void(tree: RunTree, replaced: Mapping[str, datetime]) -> list[str]:
    """The leaves of the install that were done on machines that are gone.

    Args:
        replaced: by node, since when another machine has its place.
    """
    return [
        leaf.index
        for leaf in tree.leaves()
        if leaf.status is StepStatus.SUCCEEDED
        and leaf.node is not None
        and leaf.node in replaced
        and leaf.ended is not None
        and leaf.ended < replaced[leaf.node]
        and tree.phase_of(leaf.index) is Phase.INSTALL
    ]


def to_reset(tree: RunTree) -> list[str]:
    """The failed leaves that a resume is to try again: of what is undone, if that has failed."""
    undoing = tree.run.state is RunState.UNDO_FAILED
    failed = (leaf for leaf in tree.leaves() if leaf.status is StepStatus.FAILED)
    return [leaf.index for leaf in failed if (leaf.undoes is not None) is undoing]


def combined_status(statuses: list[StepStatus]) -> StepStatus:
    """What a group shows. A group of nothing has succeeded: there was nothing to do."""
    present = set(statuses)
    if not present - {StepStatus.SUCCEEDED}:
        return StepStatus.SUCCEEDED
    if StepStatus.IN_PROGRESS in present:
        return StepStatus.IN_PROGRESS
    for status in (StepStatus.FAILED, StepStatus.WAITING):
        if status in present:
            return status
    return StepStatus.IN_PROGRESS if StepStatus.SUCCEEDED in present else StepStatus.PENDING
