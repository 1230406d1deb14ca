"""The way back: what takes back what a run has done, as further places of its tree.

A leaf that was ever begun in the install is taken back by the steps that it names, on its node, in the
opposite order of how the run went; what it was cut short in, or failed in, is taken back too, so each way
back must bear that there is little or nothing to take back. Where a run only lets go (it is cancelled), the
nodes that it took out of service are put back, and nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pitstop.model.expansion import DRAIN_KIND, UNDRAIN_KIND, Branch, group, numbered
from pitstop.model.plans import GroupMode, PlanStep
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step, StepStatus, parent_of

UNDO = "Undo"
PUT_BACK = "Put back into service"


def point_of_no_return(tree: RunTree) -> Step | None:
    """The first place, in tree order, after whose beginning the run can only go forward; None: there is none.

    It is where the plan says so, or at the first leaf of the install that cannot be taken back.
    """
    return next(
        (
            step
            for step in tree.steps.values()
            if step.undoes is None and (step.no_return or _one_way(tree, step))
        ),
        None,
    )


def passed_no_return(tree: RunTree) -> Step | None:
    """The place that has begun and cannot be taken back; None: all can."""
    return next(
        (
            step
            for step in tree.steps.values()
            if step.undoes is None and (step.no_return or _one_way(tree, step)) and tree.begun(step.index)
        ),
        None,
    )


def _one_way(tree: RunTree, step: Step) -> bool:
    return step.is_leaf and step.undo is None and tree.phase_of(step.index) is Phase.INSTALL


def undo_steps(tree: RunTree) -> tuple[Step, ...]:
    """The places that take back all that the install has done, numbered on from the tree's last."""
    back = [
        branch
        for place in reversed(tree.children())
        if tree.phase_of(place.index) is Phase.INSTALL and (branch := _back(tree, place)) is not None
    ]
    return _added(tree, UNDO, "Take back what was done, in the opposite order.", back)


def put_back_steps(tree: RunTree) -> tuple[Step, ...]:
    """The places that put back into service the nodes that this run has out."""
    back = [_undrain(drain) for drain in drained(tree)]
    return _added(tree, PUT_BACK, "The nodes that this run has taken out of service.", back)


def drained(tree: RunTree) -> Iterator[Step]:
    """The drains whose node was not put back since: by what takes them back, or beside them."""
    back = {
        place
        for step in tree.leaves()
        if step.kind == UNDRAIN_KIND and step.status is StepStatus.SUCCEEDED
        for place in (step.undoes, parent_of(step.index))
    }
    for step in tree.leaves():
        if step.kind == DRAIN_KIND and step.attempt > 0 and not {step.index, parent_of(step.index)} & back:
            yield step


def added_place(tree: RunTree, name: str) -> Step | None:
    """The place of this name that was added to the tree; None: none was yet."""
    for place in reversed(tree.children()):
        if place.name == name and is_added(tree, place):
            return place
    return None


def is_added(tree: RunTree, place: Step) -> bool:
    """Whether this place at the top was added to the tree, and is not of the way forwards."""
    return any(leaf.undoes is not None for leaf in tree.leaves(place.index))


def _added(tree: RunTree, name: str, says: str, branches: list[Branch]) -> tuple[Step, ...]:
    if not branches:
        return ()
    mode = GroupMode.SEQUENCE if name == UNDO else GroupMode.PARALLEL
    whole = group(name, branches, mode=mode, description=says)
    return tuple(numbered([whole], first=len(tree.children()) + 1))


def _back(tree: RunTree, place: Step) -> Branch | None:
    """What takes back the place; None where nothing was begun in it, or there is nothing to take back."""
    if place.is_leaf:
        steps = list(_back_of_leaf(place))
        if len(steps) == 1:
            return steps[0]
        return group(place.name, steps) if steps else None
    children = tree.children(place.index)
    ordered = children if place.mode is GroupMode.PARALLEL else list(reversed(children))
    back = [branch for child in ordered if (branch := _back(tree, child)) is not None]
    if not back:
        return None
    return group(
        place.name, back, mode=place.mode or GroupMode.SEQUENCE, limit=place.limit, whole=place.whole
    )


def _back_of_leaf(leaf: Step) -> Iterator[Branch]:
    if leaf.attempt == 0:
        return
    for step in leaf.undo or ():
        yield Branch(_undoing(leaf, step))


def _undoing(leaf: Step, step: PlanStep) -> Step:
    return replace(added_step(leaf, step), bandwidth=leaf.bandwidth)


def added_step(leaf: Step, step: PlanStep) -> Step:
    """A leaf that is added for another one: on its node, out of its package; it has no way back itself."""
    return Step(
        index="",
        name=step.name,
        description=step.description,
        kind=step.kind,
        args=dict(step.args),
        node=leaf.node,
        expected=step.expected,
        deadline=step.deadline,
        retry=step.retry,
        package=leaf.package,
        undo=(),
        undoes=leaf.index,
    )


def _undrain(drain: Step) -> Branch:
    back = PlanStep(f"{PUT_BACK}: {drain.node}", UNDRAIN_KIND, args=drain.args, deadline=drain.deadline)
    return Branch(_undoing(drain, back))
