"""How far a run has come, and how long it may still take: from the publisher's figures and its own pace.

A step's expected time is the plan's (or a modest default). What is left is laid along the tree: sequences
add up, parallel places take as long as their longest (or, with a limit, their share). The range reaches
from the expected time to that time at the pace this run has shown so far.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pitstop.model.plans import GroupMode
from pitstop.model.runs import RunState, RunTree, Step, StepStatus
from pitstop.wire.views import Range

DEFAULT_EXPECTED = timedelta(seconds=2)


def percent_done(tree: RunTree) -> float:
    """Of the expected time of all leaves, the share of those that are done, 0 to 100."""
    leaves = tree.leaves()
    whole = sum(_expected(leaf) for leaf in leaves)
    done = sum(_expected(leaf) for leaf in leaves if leaf.status is StepStatus.SUCCEEDED)
    return 100.0 * done / whole if whole else 100.0


def remaining(tree: RunTree, now: datetime) -> Range | None:
    """The seconds that are left, as a range; None when the run is not in progress."""
    if tree.run.state is not RunState.IN_PROGRESS:
        return None
    left = sum(_left(tree, place, now) for place in tree.children())
    pace = _pace(tree)
    return Range(least=left * min(1.0, pace), most=left * max(1.0, pace))


def _expected(leaf: Step) -> float:
    return (leaf.expected or DEFAULT_EXPECTED).total_seconds()


def _left(tree: RunTree, place: Step, now: datetime) -> float:
    if place.is_leaf:
        return _left_of_leaf(place, now)
    inner = [_left(tree, child, now) for child in tree.children(place.index)]
    if place.mode is not GroupMode.PARALLEL or not inner:
        return sum(inner)
    return max(*inner, sum(inner) / (place.limit or len(inner)))


def _left_of_leaf(leaf: Step, now: datetime) -> float:
    if leaf.status is StepStatus.SUCCEEDED:
        return 0.0
    if leaf.status is StepStatus.IN_PROGRESS and leaf.started is not None:
        return max(0.0, _expected(leaf) - (now - leaf.started).total_seconds())
    return _expected(leaf)


def _pace(tree: RunTree) -> float:
    """Time that finished leaves took, by the time that was expected of them; 1 while none has finished."""
    ended = [
        (leaf, leaf.started, leaf.ended)
        for leaf in tree.leaves()
        if leaf.status is StepStatus.SUCCEEDED and leaf.started and leaf.ended
    ]
    expected = sum(_expected(leaf) for leaf, _, _ in ended)
    took = sum((end - start).total_seconds() for _, start, end in ended)
    return took / expected if expected else 1.0
