"""What a step kind is, and what it is handed.

A step brings a node *to* a state. Each kind says what its arguments are, how to ask whether the state is
there already (``probe``, changes nothing), and how to bring it about (``act``). A step that was cut short
is attached to where its node still knows it (``reattach``), else probed, else done again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from pitstop.model.errors import DigestMismatch, InvalidPlan, StepFailed
from pitstop.model.inner_steps import InnerStep
from pitstop.model.plans import PlanStep
from pitstop.model.runs import Run, Step, StepStatus, operation_id
from pitstop.model.system import Node, SystemDescription
from pitstop.package.fileset import METADATA
from pitstop.package.typed import converted
from pitstop.ports.checks import Readiness
from pitstop.ports.clock import Clock
from pitstop.ports.controllers import Controllers, NoControllers
from pitstop.ports.feeds import Feed
from pitstop.ports.hours import AnyTime, Hours
from pitstop.ports.http import HttpProber
from pitstop.ports.installation import Installation
from pitstop.ports.nodes import Answer, NodeDriver, Operation, Share, StagedFile
from pitstop.ports.payloads import PayloadStore
from pitstop.ports.playbooks import NoPlaybooks, Playbooks

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
        bringing: held by the one step that brings content onto this system.
        installation: this very Pitstop; None where there is none to be replaced.
        controllers: the nodes' management controllers.
        playbooks: Ansible.
        readiness: whether the system is well enough; None: nobody asks.
        hours: when work may be done, for runs that keep to maintenance windows.
    """

    system: SystemDescription
    nodes: NodeDriver
    http: HttpProber
    payloads: PayloadStore
    feed: Callable[[str], Feed]
    clock: Clock
    bringing: asyncio.Lock = field(default_factory=asyncio.Lock)
    installation: Installation | None = None
    hours: Hours = field(default_factory=AnyTime)
    controllers: Controllers = field(default_factory=NoControllers)
    playbooks: Playbooks = field(default_factory=NoPlaybooks)
    readiness: Readiness | None = None


class Unsettled(Exception):
    """The node cannot say what has become of an operation, though it answers: nothing new may be begun."""

    def __init__(self, why: StepFailed) -> None:
        super().__init__(why.message)
        self.why = why


async def _nobody_listens(_first: int, _inner: Sequence[InnerStep]) -> None:
    """Where a step is only asked, nothing of it is kept."""


async def _nobody_notes(_record: Mapping[str, str]) -> None:
    """As that."""


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step, about to be done.

    Attributes:
        node: where; None for a step of the service itself.
        earlier: the nearest earlier step of a kind in the same group, or the step that this one takes back,
            such as the drain that an undrain puts back; None if there is none.
        report: tells progress (done, in all); not stored. May be called from any thread; it raises once the
            step has ended without waiting.
        wait: writes down what the step waits for, and until when at most; for operators to see, and for who
            takes the run over. Waiting itself is the kind's.
        tell: writes down the inner steps that the step's tool has begun or ended: these, in place of all from
            that number on.
        note: adds to the step's ``record``, however the step ends: for a later attempt of it, and for what
            takes it back.
    """

    world: World
    run: Run
    step: Step
    node: Node | None
    earlier: Callable[[str], Step | None]
    report: Callable[[int, int], None]
    wait: Callable[[str, datetime], Awaitable[None]]
    tell: Callable[[int, Sequence[InnerStep]], Awaitable[None]] = _nobody_listens
    note: Callable[[Mapping[str, str]], Awaitable[None]] = _nobody_notes

    @property
    def here(self) -> Node:
        """The node, for kinds that need one."""
        if self.node is None:
            raise InvalidPlan(f"step {self.step.index} of kind {self.step.kind!r} needs a node")
        return self.node

    @property
    def undone(self) -> str:
        """The index of the step that this one takes back, for kinds that do."""
        if self.step.undoes is None:
            raise InvalidPlan(f"step {self.step.index} takes nothing back")
        return self.step.undoes

    @property
    def package(self) -> str:
        """The package that this step is of, by its update's name."""
        return self.step.package or self.run.update

    @property
    def package_sha256(self) -> str:
        """The digest of its metadata as it was when the run began; "" where that was not remembered."""
        riders = {rider.update: rider.package_sha256 for rider in self.run.riders}
        return riders.get(self.package, self.run.package_sha256)

    def require_package(self) -> None:
        """The package that is here is the one that the run began with.

        Raises:
            DigestMismatch: it is another. NotFound: there is none.
        """
        if not self.package_sha256:  # it began before runs remembered that
            return
        raw = self.world.payloads.document(self.package, METADATA)
        if hashlib.sha256(raw).hexdigest() != self.package_sha256:
            raise DigestMismatch(
                f"the package of {self.package} that is here is not the one that this run began with",
                hint="Check the sources, and begin anew with the package that is right.",
            )

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
        return concluded(await self.answer_of(script, environment=environment, files=files))

    async def answer_of(
        self,
        script: str,
        *,
        environment: Mapping[str, str] | None = None,
        files: tuple[StagedFile, ...] = (),
    ) -> Answer:
        """As ``operate``, for kinds that read the answer themselves, however it ended."""
        operation = Operation(
            operation_id(self.run, self.step),
            self.run.epoch,
            script,
            environment or {},
            files,
            None if self.step.bandwidth is None else Share(self.run.id, self.step.bandwidth),
        )
        return await self.world.nodes.operate(self.here, operation, deadline=self.step.deadline)

    async def earlier_answer(self) -> Answer | None:
        """Of the operation that an earlier worker began for this attempt, if its node knows it.

        Raises:
            Unsettled: its node cannot say. Unreachable, EpochLost.
        """
        operation, epoch = operation_id(self.run, self.step), self.run.epoch
        try:
            return await self.world.nodes.attach(
                self.here, operation, epoch=epoch, deadline=self.step.deadline
            )
        except StepFailed as error:
            raise Unsettled(error) from error


def concluded(answer: Answer) -> Done:
    """A finished operation as a step's end.

    Raises:
        StepFailed: its status is not 0.
    """
    done = done_of(answer)
    if answer.status != 0:
        failure = StepFailed(f"ended with status {answer.status}: {last_line(done.output) or 'no output'}")
        failure.add_note(done.output)
        raise failure
    return done


def last_line(output: str) -> str:
    """The last line that says something; "" where none does."""
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")


def done_of(answer: Answer) -> Done:
    """What a node has said as a step's good end: so much of it as a step keeps."""
    return Done(answer.output[-OUTPUT_LIMIT:])


def is_under_way(step: Step) -> bool:
    """Whether the step was begun and has come to no end that is known: it acts, or waits for what it has
    begun. One that pauses between two tries carries the finding of the first."""
    return step.status is StepStatus.IN_PROGRESS or (
        step.status is StepStatus.WAITING and step.finding is None
    )


async def reattach_operation(context: StepContext) -> Done | None:
    """For kinds that are one operation on their node."""
    answer = await context.earlier_answer()
    return None if answer is None else concluded(answer)


async def nothing_to_attach(_context: StepContext) -> Done | None:
    """For kinds without a node side: they are done at least once."""
    return None


A = TypeVar("A", bound=msgspec.Struct)


def no_kind(_args: object) -> str | None:
    """For kinds that no kind takes back."""
    return None


def no_content(_args: object) -> Sequence[str]:
    """For kinds that use nothing of the package's content."""
    return ()


def always(kind: str) -> Callable[[object], str | None]:
    """For kinds that one kind takes back, whatever they are told."""
    return lambda _args: kind


@dataclass(frozen=True, slots=True)
class StepKind(Generic[A]):
    """A row of the table of kinds.

    Attributes:
        name: as plans write it.
        args: its arguments, a msgspec struct that forbids unknown fields; its docstring and fields make the
            reference.
        on_node: whether it is done on nodes (then the plan gives a role) or by the service itself; of those,
            the ones that plans may ask for are ``SERVICE_KINDS`` of :mod:`pitstop.model.expansion`.
        in_plans: whether a package's plan may ask for it; the others are Pitstop's own parts of a run.
        probe: Done if the state is there already, else None; changes nothing.
        act: brings the state about; raises StepFailed, Unreachable or EpochLost.
        undone_by: the kind that takes a step with these arguments back, told the same; None: no kind can.
        changes_nothing: there is nothing to take back.
        content: the files and folders of the package's content that a step with these arguments uses: a
            package without them is not built.
    """

    name: str
    args: type[A]
    act: Callable[[StepContext, A], Awaitable[Done]]
    probe: Callable[[StepContext, A], Awaitable[Done | None]]
    reattach: Callable[[StepContext], Awaitable[Done | None]] = nothing_to_attach
    on_node: bool = True
    in_plans: bool = True
    undone_by: Callable[[A], str | None] = no_kind
    changes_nothing: bool = False
    content: Callable[[A], Sequence[str]] = no_content

    def way_back(self, step: Step) -> tuple[PlanStep, ...] | None:
        """What takes the step back, by what this kind knows; empty: nothing is to be taken back; None: it
        cannot be. Raises InvalidPlan."""
        if self.changes_nothing:
            return ()
        kind = self.undone_by(self.read(step.args, f"step {step.name!r}"))
        if kind is None:
            return None
        return (
            PlanStep(f"Undo: {step.name}", kind, args=step.args, deadline=step.deadline, retry=step.retry),
        )

    def read(self, args: Mapping[str, object], where: str) -> A:
        """The arguments in their own type.

        Raises:
            InvalidPlan: they are not what the kind takes; the message begins with ``where``.
        """
        try:
            return converted(dict(args), self.args)
        except msgspec.ValidationError as error:
            raise InvalidPlan(f"{where}: {error}") from error


async def never_known(_context: StepContext, _args: object) -> Done | None:
    """For kinds that cannot say whether they are done: they are done again."""
    return None
