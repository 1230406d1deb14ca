"""What a step kind is, and what it is handed.

A step brings a node *to* a state. Each kind says what its arguments are, how to ask whether the state is
there already (``probe``, changes nothing), and how to bring it about (``act``). A step that was cut short
is attached to where its node still knows it (``reattach``), else probed, else done again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.model.runs import Run, Step, operation_id
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.clock import Clock
from pitstop.ports.feeds import Feed
from pitstop.ports.http import HttpProber
from pitstop.ports.nodes import Answer, NodeDriver, Operation, StagedFile
from pitstop.ports.payloads import PayloadStore

OUTPUT_LIMIT = 16_384
"""Characters of output that a step keeps: the last ones."""


@dataclass(frozen=True, slots=True)
class Done:
    """The state is there. ``record``: what a later step of this run needs to know."""

    output: str = ""
    record: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """The adapters that steps act through, and the system that they act on.

    Attributes:
        feed: opens the feed that an update, by its name, comes from.
    """

    system: SystemDescription
    nodes: NodeDriver
    http: HttpProber
    payloads: PayloadStore
    feed: Callable[[str], Feed]
    clock: Clock


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step, about to be done.

    Attributes:
        node: where; None for a step of the service itself.
        earlier: the record of the nearest earlier step of a kind in the same group, such as of the drain
            that an undrain puts back; empty if there is none.
        report: tells progress (done, in all); not stored. May be called from any thread; it raises once the
            step has ended without waiting.
    """

    world: World
    run: Run
    step: Step
    node: Node | None
    earlier: Callable[[str], Mapping[str, str]]
    report: Callable[[int, int], None]

    @property
    def here(self) -> Node:
        """The node, for kinds that need one."""
        if self.node is None:
            raise InvalidPlan(f"step {self.step.index} of kind {self.step.kind!r} needs a node")
        return self.node

    async def ask(self, script: str) -> Answer:
        """Ask the node something that changes nothing."""
        return await self.world.nodes.ask(self.here, script, deadline=self.step.deadline)

    async def operate(
        self,
        script: str,
        *,
        environment: Mapping[str, str] | None = None,
        files: tuple[StagedFile, ...] = (),
    ) -> Done:
        """Do a shell text on the node as this step's operation.

        Raises:
            StepFailed: it ended with another status than 0; the message ends with its last lines.
        """
        operation = Operation(
            operation_id(self.run, self.step), self.run.epoch, script, environment or {}, files
        )
        return concluded(await self.world.nodes.operate(self.here, operation, deadline=self.step.deadline))


def concluded(answer: Answer) -> Done:
    """A finished operation as a step's end.

    Raises:
        StepFailed: its status is not 0.
    """
    output = answer.output[-OUTPUT_LIMIT:]
    if answer.status != 0:
        last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
        failure = StepFailed(f"ended with status {answer.status}: {last}")
        failure.add_note(output)
        raise failure
    return Done(output)


async def reattach_operation(context: StepContext) -> Done | None:
    """Wait for the operation that an earlier worker started for this very attempt, if its node knows it."""
    answer = await context.world.nodes.attach(
        context.here,
        operation_id(context.run, context.step),
        epoch=context.run.epoch,
        deadline=context.step.deadline,
    )
    return None if answer is None else concluded(answer)


async def nothing_to_attach(_context: StepContext) -> Done | None:
    """For kinds without a node side: they are done at least once."""
    return None


A = TypeVar("A", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class StepKind(Generic[A]):
    """A row of the table of kinds.

    Attributes:
        name: as plans write it.
        args: its arguments, a msgspec struct that forbids unknown fields; its docstring and fields make the
            reference.
        on_node: whether it is done on nodes (then the plan gives a role) or by the service itself.
        in_plans: whether a package's plan may ask for it; the others are Pitstop's own parts of a run.
        probe: Done if the state is there already, else None; changes nothing.
        act: brings the state about; raises StepFailed, Unreachable or EpochLost.
    """

    name: str
    args: type[A]
    act: Callable[[StepContext, A], Awaitable[Done]]
    probe: Callable[[StepContext, A], Awaitable[Done | None]]
    reattach: Callable[[StepContext], Awaitable[Done | None]] = nothing_to_attach
    on_node: bool = True
    in_plans: bool = True

    def read(self, args: Mapping[str, object], where: str) -> A:
        """The arguments in their own type.

        Raises:
            InvalidPlan: they are not what the kind takes; the message begins with ``where``.
        """
        try:
            return msgspec.convert(dict(args), self.args)
        except msgspec.ValidationError as error:
            raise InvalidPlan(f"{where}: {error}") from error


async def never_known(_context: StepContext, _args: object) -> Done | None:
    """For kinds that cannot say whether they are done: they are done again."""
    return None
