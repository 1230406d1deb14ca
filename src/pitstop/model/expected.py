"""How long the parts of a run are expected to take, by what its steps say.

Sequences add up; parallel places take as long as their longest or, with a limit, their share.
"""

from __future__ import annotations

from datetime import timedelta

from pitstop.model.plans import GroupMode
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import StepStatus

DEFAULT_EXPECTED = timedelta(seconds=2)
"""Of a step that says nothing."""


def expected_time(tree: RunTree, index: str = "") -> timedelta:
    """What is left of a place (``""``: of the whole run), as if it began now."""
    if index and tree.steps[index].is_leaf:
        step = tree.steps[index]
        return timedelta(0) if step.status is StepStatus.SUCCEEDED else step.expected or DEFAULT_EXPECTED
    parts = [expected_time(tree, child.index) for child in tree.children(index)]
    whole = sum(parts, timedelta(0))
    group = tree.steps.get(index)
    if group is None or group.mode is not GroupMode.PARALLEL or not parts:
        return whole
    return max(*parts, whole / (group.limit or len(parts)), timedelta(0))
