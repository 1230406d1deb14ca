"""The mend of a known issue as further places of the run that failed, on the nodes where it failed.

Its leaves name the leaf that they are to mend. Each node's part is done in order, and ends with what verifies
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from pitstop.model.expansion import Branch, group, numbered
from pitstop.model.known_issues import Mend
from pitstop.model.plans import GroupMode
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Step, StepStatus, parent_of
from pitstop.model.undoing import added_step

_ATTEMPT = "attempt"


class Mended(StrEnum):
    """What became of the last mend of a failed step."""

    NOT_YET = ""
    UNDER_WAY = "under-way"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CAME_BACK = "came-back"


def mend_place(issue: str) -> str:
    """The name of the place that mends this issue."""
    return f"Mend {issue}"


def failed_leaves(tree: RunTree) -> list[Step]:
    """The leaves of the way forwards that have failed, in tree order."""
    return [leaf for leaf in tree.leaves() if leaf.status is StepStatus.FAILED and leaf.undoes is None]


def mend_steps(tree: RunTree, issue: str, mend: Mend, failed: Sequence[Step]) -> tuple[Step, ...]:
    """The places that mend ``issue`` where these leaves failed, numbered on from the tree's last."""
    nodes = {leaf.node: leaf for leaf in failed if leaf.node is not None}
    parts = [_part(leaf, mend) for leaf in nodes.values()]
    whole = group(mend_place(issue), parts, mode=GroupMode.PARALLEL, description=mend.says)
    return tuple(numbered([whole], first=len(tree.children()) + 1))


def mended(tree: RunTree, issue: str, failed: Step) -> Mended:
    """What became of the last mend of this issue for this leaf."""
    for place in reversed(tree.children()):
        leaves = [leaf for leaf in tree.leaves(place.index) if leaf.undoes == failed.index]
        if place.name == mend_place(issue) and leaves:
            return _outcome(tree, leaves, failed)
    return Mended.NOT_YET


def _outcome(tree: RunTree, leaves: Sequence[Step], failed: Step) -> Mended:
    part = tree.steps[parent_of(leaves[0].index)]
    status = tree.status(part.index)
    if status is StepStatus.FAILED:
        return Mended.FAILED
    if status is not StepStatus.SUCCEEDED:
        return Mended.UNDER_WAY
    came_back = part.args.get(_ATTEMPT) != failed.attempt
    return Mended.CAME_BACK if came_back else Mended.SUCCEEDED


def _part(leaf: Step, mend: Mend) -> Branch:
    """What is done on the leaf's node; it knows which attempt of the leaf it mends."""
    part = group(leaf.node or "", [Branch(added_step(leaf, step)) for step in (*mend.steps, *mend.verify)])
    return replace(part, step=replace(part.step, args={_ATTEMPT: leaf.attempt}))
