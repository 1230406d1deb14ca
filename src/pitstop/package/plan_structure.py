"""What must hold in a plan beyond the form of its items: roles, rolling groups, times.

A step outside a rolling group names the role whose nodes it is done on; inside one it names none, the group
does. What the service does by itself names none either, and stands in no rolling group. Rolling groups do not
stand inside one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from pitstop.model.errors import InvalidPlan
from pitstop.model.expansion import SERVICE_KINDS, batch_size, tolerated
from pitstop.model.plans import ONCE, GroupMode, Plan, PlanGroup, PlanItem, PlanStep, RollOrder

MAX_GROUP_DEPTH = 8
LONGEST = timedelta(days=7)


class Placed(NamedTuple):
    """An item of a plan with its place, such as ``items[2].verify[0] ('Lantern answers')``."""

    where: str
    item: PlanItem
    depth: int
    rolling: bool


def placed_items(plan: Plan) -> Iterator[Placed]:
    """All items of the plan, checks included, in order."""
    yield from _placed(plan.checks, "checks", 0, rolling=False)
    yield from _placed(plan.items, "items", 0, rolling=False)


def _placed(items: Sequence[PlanItem], path: str, depth: int, *, rolling: bool) -> Iterator[Placed]:
    for number, item in enumerate(items):
        at = f"{path}[{number}]"
        yield Placed(f"{at} ({item.name!r})", item, depth, rolling)
        if isinstance(item, PlanGroup):
            inner = rolling or item.mode is GroupMode.ROLLING
            yield from _placed(item.items, f"{at}.items", depth + 1, rolling=inner)
            yield from _placed(item.verify, f"{at}.verify", depth + 1, rolling=inner)
        elif item.undo:
            # on the node of the step that they take back, as inside a rolling group
            yield from _placed(item.undo, f"{at}.undo", depth + 1, rolling=True)


def structure_problems(plan: Plan) -> Iterator[str]:
    """Everything that does not hold, each with its place."""
    for placed in placed_items(plan):
        if plan.format == 1:
            yield from (f"{placed.where}: {name!r} needs 'format: 2'" for name in _new_in_2(placed.item))
        if isinstance(placed.item, PlanStep):
            problems = _step_problems(placed.item, rolling=placed.rolling)
        else:
            problems = _group_problems(placed.item, placed)
        yield from (f"{placed.where}: {problem}" for problem in problems)


def _new_in_2(item: PlanItem) -> Iterator[str]:
    if item.when:
        yield "when"
    if item.no_return:
        yield "point_of_no_return"
    if isinstance(item, PlanStep):
        if item.undo is not None:
            yield "undo"
        if (item.retry.backoff, item.retry.longest) != (ONCE.backoff, ONCE.longest):
            yield "backoff"
        return
    for name, said in _told_since_2(item).items():
        if said:
            yield name
    if item.limit is not None and item.mode is GroupMode.ROLLING:
        yield "limit"


def _told_since_2(group: PlanGroup) -> Mapping[str, object]:
    """Of a rolling group, what format 2 has added, each falsy unless it is told."""
    return {
        "last": group.last,
        "pause": group.pause,
        "may_fail": group.may_fail,
        "bandwidth": group.bandwidth,
    }


def _step_problems(step: PlanStep, *, rolling: bool) -> Iterator[str]:
    if step.kind in SERVICE_KINDS:
        yield from _service_problems(step, rolling=rolling)
    elif rolling and step.role is not None:
        yield "a step inside a rolling group names no role: the group does"
    elif not rolling and step.role is None:
        yield "a step outside a rolling group names its role ('*' for all nodes)"
    if not timedelta(0) < step.deadline <= LONGEST:
        yield f"the deadline is not between nothing and {LONGEST.days} days"
    if step.expected is not None and not timedelta(0) <= step.expected <= LONGEST:
        yield f"the expected time is not between nothing and {LONGEST.days} days"
    for delay in (step.retry.delay, step.retry.longest):
        if not timedelta(0) <= delay <= LONGEST:
            yield f"the delay between attempts is not between nothing and {LONGEST.days} days"
    for inner in step.undo or ():
        if inner.undo or inner.no_return:
            yield f"{inner.name!r} takes something back, and has no way back of its own"


def _service_problems(step: PlanStep, *, rolling: bool) -> Iterator[str]:
    if step.role is not None:
        yield f"a step of kind {step.kind!r} names no role: the service does it by itself"
    if rolling:
        yield f"a step of kind {step.kind!r} stands in no rolling group: the service does it once"


def _group_problems(group: PlanGroup, placed: Placed) -> Iterator[str]:
    if placed.depth >= MAX_GROUP_DEPTH:
        yield f"groups are nested deeper than {MAX_GROUP_DEPTH}"
    if group.limit is not None and group.mode is GroupMode.SEQUENCE:
        yield "'limit' belongs to parallel and rolling groups"
    if group.mode is GroupMode.ROLLING:
        yield from _rolling_problems(group, placed)
    else:
        yield from (f"{name!r} belongs to rolling groups alone" for name in _rolling_fields(group))


def _rolling_problems(group: PlanGroup, placed: Placed) -> Iterator[str]:
    if placed.rolling:
        yield "a rolling group stands inside another rolling group"
    if group.role is None:
        yield "a rolling group names the role that it rolls over"
    if group.drain is not None and not timedelta(0) < group.drain.deadline <= LONGEST:
        yield f"the drain's deadline is not between nothing and {LONGEST.days} days"
    if not timedelta(0) <= group.pause <= LONGEST:
        yield f"the pause is not between nothing and {LONGEST.days} days"
    for count, said in ((batch_size, group.batch), (tolerated, group.may_fail)):
        try:
            count(said, 1)
        except InvalidPlan as error:
            yield error.message


def _rolling_fields(group: PlanGroup) -> Iterator[str]:
    if group.role is not None:
        yield "role"
    if group.batch != 1:
        yield "batch"
    if group.order is not RollOrder.DECLARED:
        yield "order"
    if group.drain is not None:
        yield "drain"
    if group.verify:
        yield "verify"
    yield from (name for name, said in _told_since_2(group).items() if said)
