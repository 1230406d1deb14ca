"""What must hold in a plan beyond the form of its items: roles, rolling groups, times.

A step outside a rolling group names the role whose nodes it is done on; inside one it names none, the group
does. What the service does by itself names none either, and stands in no rolling group. Rolling groups do not
stand inside one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from pitstop.model.errors import InvalidPlan
from pitstop.model.expansion import SERVICE_KINDS, batch_size
from pitstop.model.plans import GroupMode, Plan, PlanGroup, PlanItem, PlanStep, RollOrder

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


def structure_problems(plan: Plan) -> Iterator[str]:
    """Everything that does not hold, each with its place."""
    for placed in placed_items(plan):
        if isinstance(placed.item, PlanStep):
            problems = _step_problems(placed.item, rolling=placed.rolling)
        else:
            problems = _group_problems(placed.item, placed)
        yield from (f"{placed.where}: {problem}" for problem in problems)


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
    if not timedelta(0) <= step.retry.delay <= LONGEST:
        yield f"the delay between attempts is not between nothing and {LONGEST.days} days"


def _service_problems(step: PlanStep, *, rolling: bool) -> Iterator[str]:
    if step.role is not None:
        yield f"a step of kind {step.kind!r} names no role: the service does it by itself"
    if rolling:
        yield f"a step of kind {step.kind!r} stands in no rolling group: the service does it once"


def _group_problems(group: PlanGroup, placed: Placed) -> Iterator[str]:
    if placed.depth >= MAX_GROUP_DEPTH:
        yield f"groups are nested deeper than {MAX_GROUP_DEPTH}"
    if group.limit is not None and group.mode is not GroupMode.PARALLEL:
        yield "'limit' belongs to parallel groups alone"
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
    try:
        batch_size(group.batch, of=1)
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
