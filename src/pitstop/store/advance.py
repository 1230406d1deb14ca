"""What events make of a run, worked out beside it: the tree itself changes only once they are durable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pitstop.model.errors import InvalidMove
from pitstop.model.run_events import MendRequested, RunEvent, StepEvent, StepsAdded
from pitstop.model.run_moves import apply_to_run, apply_to_step
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Run, Step


@dataclass(frozen=True, slots=True)
class Advance:
    """The run after the events.

    Attributes:
        before: the head that the events build on.
        moves: each event with the head before and after it.
        steps: the steps that changed, by index, as they are after the events.
        added: those that the run did not have before, as they are after the events, in tree order.
    """

    before: Run
    moves: tuple[tuple[RunEvent, Run, Run], ...]
    steps: dict[str, Step]
    added: tuple[Step, ...] = ()

    @property
    def run(self) -> Run:
        return self.moves[-1][2] if self.moves else self.before

    def take_into(self, tree: RunTree) -> None:
        """Make it the tree's state."""
        tree.grow(self.added)
        tree.grow(self.steps.values())
        tree.run = self.run


def advanced(tree: RunTree, events: Sequence[RunEvent]) -> Advance:
    """What the events lead to, one after the other. The tree stays as it is.

    Raises:
        InvalidMove: the run or a step does not take its event.
    """
    run, moves, steps, added = tree.run, [], dict[str, Step](), dict[str, Step]()
    for event in events:
        if isinstance(event, StepsAdded | MendRequested):
            added |= {step.index: step for step in event.steps if step.index not in tree.steps}
        if isinstance(event, StepEvent):
            step = steps.get(event.index) or added.get(event.index) or tree.steps.get(event.index)
            if step is None:
                raise InvalidMove(f"run {run.id} has no step {event.index!r}")
            (added if event.index in added else steps)[event.index] = apply_to_step(step, event)
        after = apply_to_run(run, event)
        moves.append((event, run, after))
        run = after
    return Advance(tree.run, tuple(moves), steps, tuple(added.values()))
