"""The action plan: what a package says must be done, in words of roles, before any machine is named.

A plan is a tree of groups and steps. A group runs its items in sequence, in parallel, or rolling over the
nodes of a role. What a step's ``args`` mean is known to its kind alone (:mod:`pitstop.steps`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pitstop.model.conditions import FactTest

PLAN_FORMAT = 2
"""The newest version of the plan format; the older ones are run as well."""

ALL_NODES = "*"
"""The role that every node has."""


class GroupMode(StrEnum):
    SEQUENCE = "sequence"
    PARALLEL = "parallel"
    ROLLING = "rolling"


class RollOrder(StrEnum):
    """``declared``: as the system declares its nodes. ``fault-domain``: one fault domain after the other; a
    batch never reaches over two."""

    DECLARED = "declared"
    FAULT_DOMAIN = "fault-domain"


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed act is tried before the step fails, and how long between.

    Attributes:
        delay: before the second try.
        backoff: by how much each further delay is longer than the one before it.
        longest: no delay is longer.
    """

    attempts: int = 1
    delay: timedelta = timedelta(seconds=5)
    backoff: float = 1.0
    longest: timedelta = timedelta(minutes=10)

    def after(self, failures: int) -> timedelta:
        """The delay after so many failed tries (1 or more)."""
        try:
            return min(self.longest, self.delay * self.backoff ** (failures - 1))
        except OverflowError:
            return self.longest


ONCE = Retry()


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One thing to do on each node that it concerns.

    Attributes:
        kind: a name in the table of step kinds.
        args: what the kind is told, JSON values.
        role: outside a rolling group, the role whose nodes it is done on, all at once; inside one, None.
        expected: how long the publisher expects it to take on one node.
        deadline: after this it has failed.
        when: only where all these tests hold, of the node's facts and the system's.
        undo: what takes it back on the same node; empty: there is nothing to take back; None: what its kind
            knows to do. A step whose kind knows nothing, without an undo of its own, cannot be taken back.
        no_return: once this has begun, the run can only go forward.
    """

    name: str
    kind: str
    description: str = ""
    args: Mapping[str, object] = field(default_factory=dict)
    role: str | None = None
    expected: timedelta | None = None
    deadline: timedelta = timedelta(minutes=10)
    retry: Retry = ONCE
    when: tuple[FactTest, ...] = ()
    undo: tuple[PlanStep, ...] | None = None
    no_return: bool = False


@dataclass(frozen=True, slots=True)
class Drain:
    """How a node is taken out of service before its steps and put back after them.

    Attributes:
        out, back: commands.
        is_out: the command that ends with 0 when the node is out of service (one that was out before the run
            is not put back), with 1 when it is in service; with any other status it cannot tell.
    """

    out: tuple[str, ...]
    back: tuple[str, ...]
    is_out: tuple[str, ...]
    deadline: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Items that belong together.

    Attributes:
        role, batch, order, drain, verify: of a rolling group. ``batch`` is a number of nodes or a
            percentage such as ``"25%"`` of the role's nodes (rounded down, at least one). ``verify`` is
            done on each node at the end, before it is put back.
        last: of a rolling group, the nodes that have this role too come after all others: leaders.
        pause: of a rolling group, how long is waited between two batches.
        may_fail: of a rolling group, how many nodes (or a percentage of them, rounded down) may fail before
            no further batch is begun. The group has failed all the same; the run can be resumed.
        bandwidth: of a rolling group, bytes a second that go to its nodes together; None: no limit.
        limit: how many items of a parallel group, or nodes of a batch, at once (None: all).
        when: only where all these tests hold of the system's facts; inside a rolling group, of the node's.
        no_return: once this has begun, the run can only go forward.
    """

    name: str
    mode: GroupMode
    items: tuple[PlanItem, ...]
    description: str = ""
    role: str | None = None
    batch: int | str = 1
    order: RollOrder = RollOrder.DECLARED
    drain: Drain | None = None
    verify: tuple[PlanStep, ...] = ()
    last: str | None = None
    pause: timedelta = timedelta(0)
    may_fail: int | str = 0
    bandwidth: int | None = None
    limit: int | None = None
    when: tuple[FactTest, ...] = ()
    no_return: bool = False


PlanItem = PlanStep | PlanGroup


@dataclass(frozen=True, slots=True)
class Plan:
    """What must be done to install a package: ``format`` is the version of the plan format.

    Attributes:
        checks: the package's own health checks, done before anything is changed; they change nothing.
    """

    name: str
    items: tuple[PlanItem, ...]
    checks: tuple[PlanStep, ...] = ()
    format: int = PLAN_FORMAT
