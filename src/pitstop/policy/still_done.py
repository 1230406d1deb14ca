"""What a run still does before it has ended or stands still: the engine's walk, foretold."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, RunState, Step, StepStatus, parent_of
from pitstop.model.undoing import PUT_BACK, added_place, drained, put_back_steps


def still_done(tree: RunTree) -> tuple[RunTree, frozenset[str]] | None:
    """The run's tree, with the places that putting nodes back adds to it, and the leaves of it that are done,
    or were, on the way that the run is on. None: the run goes nowhere.

    A run that is stopped ends the batches of nodes that have begun, and what is under way in the install; one
    that is cancelled puts nodes back into service after that.
    """
    match tree.run.state:
        case RunState.IN_PROGRESS:
            return tree, frozenset(leaf.index for leaf in tree.leaves() if leaf.undoes is None)
        case RunState.UNDOING:
            return tree, frozenset(leaf.index for leaf in tree.leaves() if leaf.undoes is not None)
        case RunState.STOPPING:
            return tree, frozenset(leaf.index for leaf in _to_the_safe_point(tree))
        case RunState.CANCELLING:
            return _let_go(tree)
        case _:
            return None


def _let_go(tree: RunTree) -> tuple[RunTree, frozenset[str]]:
    place = added_place(tree, PUT_BACK)
    if place is not None:
        return tree, frozenset(leaf.index for leaf in tree.leaves(place.index))
    first = frozenset(leaf.index for leaf in _to_the_safe_point(tree))
    by_themselves = {drain.index for drain in drained(tree) if drain.index in first}
    added = put_back_steps(tree)
    then = frozenset(step.index for step in added if step.is_leaf and step.undoes not in by_themselves)
    return RunTree(tree.run, [*tree.steps.values(), *added]), first | then


def _to_the_safe_point(tree: RunTree) -> Iterator[Step]:
    """Of a run that is to end *now* there is nothing: what is under way is cut short."""
    if tree.run.now:
        return
    for leaf in tree.leaves():
        acts = leaf.status is StepStatus.IN_PROGRESS and tree.phase_of(leaf.index) in (Phase.INSTALL, None)
        if leaf.undoes is None and (acts or _is_brought_to_its_end(tree, leaf)):
            yield leaf


def _is_brought_to_its_end(tree: RunTree, leaf: Step) -> bool:
    """Whether a place around it that is whole or not at all has begun, and nothing in that has failed."""
    index = leaf.index
    while index:
        if tree.steps[index].whole and tree.begun(index) and tree.status(index) is not StepStatus.FAILED:
            return True
        index = parent_of(index)
    return False
