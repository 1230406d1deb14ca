"""From a plan's roles to this system's machines: the tree of steps that a run will do, before it begins.

Pure: the same plan on the same system gives the same tree, so that what is rehearsed is what is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from pitstop.model.errors import InvalidPlan
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanItem, PlanStep, RollOrder
from pitstop.model.runs import Phase, Step
from pitstop.model.system import Node, SystemDescription

DRAIN_KIND = "drain"
UNDRAIN_KIND = "undrain"
SERVICE_KINDS = frozenset({"pitstop"})
"""The kinds of steps that a plan may ask for and that the service does by itself, on no node."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A place of the tree with its children, before indexes are given."""

    step: Step
    children: tuple[Branch, ...] = field(default=())


def leaf(item: PlanStep, node: str | None, *, phase: Phase | None = None, name: str | None = None) -> Branch:
    """A leaf that does ``item`` on the node (None: in the service)."""
    return Branch(
        Step(
            index="",
            name=name or item.name,
            description=item.description,
            phase=phase,
            kind=item.kind,
            args=dict(item.args),
            node=node,
            expected=item.expected,
            deadline=item.deadline,
            retry=item.retry,
        )
    )


def group(
    name: str,
    children: Iterable[Branch],
    *,
    mode: GroupMode = GroupMode.SEQUENCE,
    description: str = "",
    limit: int | None = None,
    phase: Phase | None = None,
) -> Branch:
    """A place that holds others. A rolling group is a sequence of batches here."""
    return Branch(
        Step(index="", name=name, description=description, mode=mode, limit=limit, phase=phase),
        tuple(children),
    )


def numbered(branches: Sequence[Branch], prefix: str = "") -> Iterator[Step]:
    """The steps of these branches in tree order, each with its index (``1``, ``1.1``, ...)."""
    for number, branch in enumerate(branches, start=1):
        index = f"{prefix}{number}"
        yield replace(branch.step, index=index)
        yield from numbered(branch.children, f"{index}.")


def expand(plan: Plan, system: SystemDescription) -> tuple[Branch, ...]:
    """The plan on this system.

    Raises:
        InvalidPlan: a step on nodes names no role outside a rolling group, or a batch is not a number or
            percentage.
    """
    return tuple(_expand(item, system) for item in plan.items)


def _expand(item: PlanItem, system: SystemDescription) -> Branch:
    if isinstance(item, PlanStep):
        return _on_role(item, system)
    if item.mode is GroupMode.ROLLING:
        return _rolling(item, system)
    children = [_expand(inner, system) for inner in item.items]
    return group(item.name, children, mode=item.mode, description=item.description, limit=item.limit)


def _on_role(step: PlanStep, system: SystemDescription) -> Branch:
    if step.role is None:
        if step.kind in SERVICE_KINDS:
            return leaf(step, None)
        raise InvalidPlan(f"step {step.name!r} names no role and is not inside a rolling group")
    leaves = [
        leaf(step, node.name, name=f"{step.name} on {node.name}") for node in system.with_role(step.role)
    ]
    return group(step.name, leaves, mode=GroupMode.PARALLEL, description=step.description)


def _rolling(item: PlanGroup, system: SystemDescription) -> Branch:
    if item.role is None:
        raise InvalidPlan(f"rolling group {item.name!r} names no role")
    batches = list(batches_of(system.with_role(item.role), item.batch, item.order))
    children = []
    for number, batch in enumerate(batches, start=1):
        nodes = [_on_node(item, node) for node in batch]
        name = f"Batch {number} of {len(batches)}: {', '.join(node.name for node in batch)}"
        children.append(group(name, nodes, mode=GroupMode.PARALLEL))
    return group(item.name, children, description=item.description)


def _on_node(item: PlanGroup, node: Node) -> Branch:
    inner = [_node_item(step, node) for step in item.items]
    inner += [leaf(step, node.name) for step in item.verify]
    if item.drain is not None:
        out, back = _drain_steps(item.drain)
        inner = [leaf(out, node.name), *inner, leaf(back, node.name)]
    return group(node.name, inner, description=f"{item.name} on {node.name}")


def _node_item(item: PlanItem, node: Node) -> Branch:
    if isinstance(item, PlanStep):
        return leaf(item, node.name)
    if item.mode is GroupMode.ROLLING:
        raise InvalidPlan(f"rolling group {item.name!r} stands inside another rolling group")
    children = [_node_item(inner, node) for inner in item.items]
    return group(item.name, children, mode=item.mode, description=item.description, limit=item.limit)


def _drain_steps(drain: Drain) -> tuple[PlanStep, PlanStep]:
    args = {"out": list(drain.out), "back": list(drain.back), "is_out": list(drain.is_out)}
    return (
        PlanStep("Take out of service", DRAIN_KIND, args=args, deadline=drain.deadline),
        PlanStep("Put back into service", UNDRAIN_KIND, args=args, deadline=drain.deadline),
    )


def batches_of(nodes: Sequence[Node], batch: int | str, order: RollOrder) -> Iterator[tuple[Node, ...]]:
    """The nodes in batches of the wanted size; with ``fault-domain`` no batch reaches over two domains."""
    size = batch_size(batch, len(nodes))
    pools: list[Sequence[Node]] = [nodes]
    if order is RollOrder.FAULT_DOMAIN:
        by_domain = sorted(nodes, key=lambda node: node.fault_domain)
        pools = [tuple(pool) for _, pool in groupby(by_domain, key=lambda node: node.fault_domain)]
    for pool in pools:
        for start in range(0, len(pool), size):
            yield tuple(pool[start : start + size])


def batch_size(batch: int | str, of: int) -> int:
    """Nodes in a batch: the number itself, or the percentage of ``of`` rounded down; at least one.

    Raises:
        InvalidPlan: neither a positive number nor ``1%`` to ``100%``.
    """
    if isinstance(batch, int) and batch >= 1:
        return batch
    if (
        isinstance(batch, str)
        and batch.endswith("%")
        and batch[:-1].isdigit()
        and 1 <= int(batch[:-1]) <= 100
    ):
        return max(1, of * int(batch[:-1]) // 100)
    raise InvalidPlan(f"batch {batch!r} is neither a number of nodes nor a percentage such as '25%'")
