"""From a plan's roles to this system's machines: the tree of steps that a run will do, before it begins.

Pure: the same plan on the same system gives the same tree, so that what is rehearsed is what is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

from pitstop.model.answers import ask_all
from pitstop.model.conditions import FactTest
from pitstop.model.errors import FactMissing, InvalidPlan
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanItem, PlanStep, RollOrder
from pitstop.model.runs import Phase, Step
from pitstop.model.system import Node, SystemDescription

DRAIN_KIND = "drain"
UNDRAIN_KIND = "undrain"
SERVICE_KINDS = frozenset({"pitstop"})
"""The kinds of steps that a plan may ask for and that the service does by itself, on no node."""
PAUSE_KIND = "pause"
_AFTER_A_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Branch:
    """A place of the tree with its children, before indexes are given."""

    step: Step
    children: tuple[Branch, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that is not done here, because of what a fact says. ``node`` is None where it is for none."""

    item: str
    node: str | None
    why: str


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
            undo=item.undo,
            no_return=item.no_return,
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
    whole: bool = False,
    may_fail: int = 0,
    no_return: bool = False,
) -> Branch:
    """A place that holds others. A rolling group is a sequence of batches here."""
    step = Step(
        index="",
        name=name,
        description=description,
        mode=mode,
        limit=limit,
        phase=phase,
        whole=whole,
        may_fail=may_fail,
        no_return=no_return,
    )
    return Branch(step, tuple(children))


def numbered(branches: Sequence[Branch], prefix: str = "", first: int = 1) -> Iterator[Step]:
    """The steps of these branches in tree order, each with its index (``1``, ``1.1``, ...)."""
    for number, branch in enumerate(branches, start=first):
        index = f"{prefix}{number}"
        yield replace(branch.step, index=index)
        yield from numbered(branch.children, f"{index}.")


def changed(branch: Branch, change: Callable[[Step], Step]) -> Branch:
    """The branch with every step of it changed."""
    return Branch(change(branch.step), tuple(changed(child, change) for child in branch.children))


def expand(plan: Plan, system: SystemDescription) -> tuple[Branch, ...]:
    """The plan on this system.

    Raises:
        InvalidPlan: a step on nodes names no role outside a rolling group, or a batch is not a number or
            percentage.
        FactMissing: a condition asks for a fact that is not recorded.
    """
    return _Expansion(system).items(plan.items)


def left_out(plan: Plan, system: SystemDescription) -> tuple[LeftOut, ...]:
    """What ``expand`` leaves out here, in order, and why. Raises as it does."""
    expansion = _Expansion(system)
    expansion.items(plan.items)
    return tuple(expansion.left_out)


class _Expansion:
    """One plan laid over one system; notes what it leaves out."""

    def __init__(self, system: SystemDescription) -> None:
        self._system = system
        self.left_out: list[LeftOut] = []

    def items(self, items: Iterable[PlanItem]) -> tuple[Branch, ...]:
        return tuple(branch for item in items if (branch := self._item(item)) is not None)

    def _item(self, item: PlanItem) -> Branch | None:
        if isinstance(item, PlanStep):
            return self._on_role(item)
        if not self._holds(item.name, item.when, None):
            return None
        if item.mode is GroupMode.ROLLING:
            return self._rolling(item)
        return _grouped(item, self.items(item.items))

    def _on_role(self, step: PlanStep) -> Branch | None:
        if step.role is None and step.kind in SERVICE_KINDS:
            return leaf(step, None) if self._holds(step.name, step.when, None) else None
        if step.role is None:
            raise InvalidPlan(f"step {step.name!r} names no role and is not inside a rolling group")
        leaves = [
            leaf(step, node.name, name=f"{step.name} on {node.name}")
            for node in self._system.with_role(step.role)
            if self._holds(step.name, step.when, node)
        ]
        return group(
            step.name,
            leaves,
            mode=GroupMode.PARALLEL,
            description=step.description,
            no_return=step.no_return,
        )

    def _rolling(self, item: PlanGroup) -> Branch:
        if item.role is None:
            raise InvalidPlan(f"rolling group {item.name!r} names no role")
        nodes = self._system.with_role(item.role)
        may_fail = tolerated(item.may_fail, len(nodes))
        batches = list(in_order(nodes, item))
        children: list[Branch] = []
        for number, batch in enumerate(batches, start=1):
            if number > 1 and item.pause:
                children.append(leaf(_pause_step(item), None))
            name = f"Batch {number} of {len(batches)}: {', '.join(node.name for node in batch)}"
            on_nodes = [self._on_node(item, node) for node in batch]
            children.append(
                group(
                    name,
                    on_nodes,
                    mode=GroupMode.PARALLEL,
                    limit=item.limit,
                    whole=True,
                    may_fail=may_fail,
                )
            )
        rolled = group(
            item.name, children, description=item.description, may_fail=may_fail, no_return=item.no_return
        )
        if item.bandwidth is None:
            return rolled
        return changed(rolled, lambda step: replace(step, bandwidth=item.bandwidth))

    def _on_node(self, item: PlanGroup, node: Node) -> Branch:
        inner = [branch for part in item.items if (branch := self._node_item(part, node)) is not None]
        inner += [leaf(step, node.name) for step in item.verify if self._holds(step.name, step.when, node)]
        if item.drain is not None:
            out, back = _drain_steps(item.drain)
            inner = [leaf(out, node.name), *inner, leaf(back, node.name)]
        return group(node.name, inner, description=f"{item.name} on {node.name}")

    def _node_item(self, item: PlanItem, node: Node) -> Branch | None:
        if not self._holds(item.name, item.when, node):
            return None
        if isinstance(item, PlanStep):
            return leaf(item, node.name)
        if item.mode is GroupMode.ROLLING:
            raise InvalidPlan(f"rolling group {item.name!r} stands inside another rolling group")
        inner = [branch for part in item.items if (branch := self._node_item(part, node)) is not None]
        return _grouped(item, inner)

    def _holds(self, name: str, tests: tuple[FactTest, ...], node: Node | None) -> bool:
        """Whether an item is done here.

        Raises:
            FactMissing: it cannot be said.
        """
        facts = {**self._system.facts, **(node.facts if node else {})}
        answer = ask_all(tests, facts)
        if answer.holds is None:
            where = f" on node {node.name}" if node else ""
            raise FactMissing(
                f"whether {name!r} is to be done{where} is not known: {'; '.join(answer.missing)}"
            )
        if not answer.holds:
            why = "; ".join(
                f"{test} does not hold" for test in tests if ask_all([test], facts).holds is False
            )
            self.left_out.append(LeftOut(name, node.name if node else None, why))
        return answer.holds


def _grouped(item: PlanGroup, children: Iterable[Branch]) -> Branch:
    return group(
        item.name,
        children,
        mode=item.mode,
        description=item.description,
        limit=item.limit,
        no_return=item.no_return,
    )


def _drain_steps(drain: Drain) -> tuple[PlanStep, PlanStep]:
    args = {"out": list(drain.out), "back": list(drain.back), "is_out": list(drain.is_out)}
    return (
        PlanStep("Take out of service", DRAIN_KIND, args=args, deadline=drain.deadline),
        PlanStep("Put back into service", UNDRAIN_KIND, args=args, deadline=drain.deadline),
    )


def _pause_step(item: PlanGroup) -> PlanStep:
    return PlanStep(
        "Pause",
        PAUSE_KIND,
        f"Wait before the next batch of {item.name}.",
        args={"seconds": item.pause.total_seconds()},
        expected=item.pause,
        deadline=item.pause + _AFTER_A_PAUSE,
    )


def in_order(nodes: Sequence[Node], item: PlanGroup) -> Iterator[tuple[Node, ...]]:
    """The batches of a rolling group: of its nodes, those with the role that goes last after all others."""
    leaders = [node for node in nodes if item.last is not None and item.last in node.roles]
    others = [node for node in nodes if node not in leaders]
    size = batch_size(item.batch, len(nodes))
    for pool in (others, leaders):
        yield from batches_of(pool, size, item.order)


def tolerated(may_fail: int | str, of: int) -> int:
    """Nodes that may fail: the number itself, or the percentage of ``of`` rounded down.

    Raises:
        InvalidPlan: neither a number from 0 nor ``1%`` to ``100%``.
    """
    if may_fail == 0:
        return 0
    try:
        return may_fail if isinstance(may_fail, int) and may_fail > 0 else _percentage(may_fail, of)
    except InvalidPlan as error:
        raise InvalidPlan(f"may_fail {may_fail!r} is neither a number of nodes nor a percentage") from error


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
    return max(1, _percentage(batch, of))


def _percentage(said: int | str, of: int) -> int:
    if isinstance(said, str) and said.endswith("%") and said[:-1].isdigit() and 1 <= int(said[:-1]) <= 100:
        return of * int(said[:-1]) // 100
    raise InvalidPlan(f"batch {said!r} is neither a number of nodes nor a percentage such as '25%'")
