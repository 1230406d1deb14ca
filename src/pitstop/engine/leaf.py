"""Doing one leaf: written as started, then acted, then written as done, and only then built upon.

A leaf that was started before (the service was killed, the link was lost, the run was resumed) is never
simply begun again: the operation is attached to if its node knows it, else the state is probed, and only
if it is not there is the act repeated, under a new operation id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pitstop.engine.failures import LeafFailed, finding_of
from pitstop.engine.journal_thread import journaled, written
from pitstop.engine.progress import Progress
from pitstop.model.errors import (
    DigestMismatch,
    EpochBehind,
    EpochLost,
    InvalidPlan,
    NotFound,
    StepFailed,
    Unreachable,
)
from pitstop.model.findings import Finding
from pitstop.model.inner_steps import InnerStep
from pitstop.model.run_events import (
    StepEvent,
    StepFailedOnce,
    StepNoted,
    StepStarted,
    StepSucceeded,
    StepToldOf,
    StepWaited,
)
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Step, StepStatus, operation_id, parent_of
from pitstop.model.system import Node
from pitstop.ports.deadlines import Deadline
from pitstop.ports.journal import Journal
from pitstop.steps.kind import (
    OUTPUT_LIMIT,
    Done,
    StepContext,
    StepKind,
    Unsettled,
    World,
    is_under_way,
    last_line,
)

Kinds = Mapping[str, StepKind[Any]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    """A good end. ``found``: the probe said that it was done already."""

    done: Done
    found: bool = False


class _TryFailed(Exception):
    """The step's own doing has failed. ``is_final``: to try again does not help."""

    def __init__(self, finding: Finding, *, is_final: bool) -> None:
        super().__init__(finding.what)
        self.finding = finding
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class LeafWork:
    """One leaf of one run, with all that is needed to do it."""

    journal: Journal
    kinds: Kinds
    world: World
    progress: Progress
    tree: RunTree
    index: str

    @property
    def step(self) -> Step:
        """The leaf as it stands now."""
        return self.tree.steps[self.index]

    async def do(self) -> None:
        """Bring the leaf to its end.

        Raises:
            LeafFailed: it has failed; written before this is raised.
            EpochLost: another worker has the run now.
            Conflict, NoSpace, StateUnusable: the journal cannot be written; the step is as it says.
        """
        step = self.step
        if step.status is StepStatus.SUCCEEDED:
            return
        if step.status is StepStatus.FAILED and step.finding is not None:
            raise LeafFailed(step.finding)
        if step.waiting is not None and not is_under_way(step):
            longest = self._now() + step.retry.after(max(1, step.failures))
            await self.world.clock.sleep_until(min(step.waiting.until, longest))
        try:
            while not await self._is_done():
                pass
        finally:
            self.progress.forget(self.tree.run.id, self.index)

    async def cut_short(self, *, let_go: bool) -> None:
        """End what is under way of the leaf, on its node too, and write that it has failed by that.

        Args:
            let_go: write it even where the node cannot be reached: nobody comes back to it.

        Raises:
            LeafFailed: the node cannot be reached for it, and may still act.
        """
        step, context = self.step, self._context()
        ended = finding_of(_ended_on_request(step), self.tree, step)
        try:
            if context.node is not None and step.attempt > 0:
                await self._end_operation(context, context.node)
        except Unreachable as error:
            finding = finding_of(error, self.tree, step)
            if let_go:
                await self._write(StepFailedOnce(self.index, self._now(), finding))
            raise LeafFailed(finding) from error
        await self._write(StepFailedOnce(self.index, self._now(), ended))

    async def _is_done(self) -> bool:
        """One try, written to its end; False: it failed, the pause after it is over, and another is left."""
        try:
            await self._try()
        except _TryFailed as failure:
            await self._pause_after(failure)
            return False
        return True

    async def _try(self) -> None:
        """Settle what was begun before, else act. Raises _TryFailed."""
        settled = await self._own(self._settled()) if self.step.attempt > 0 else None
        started = StepStarted(self.index, self._now())
        if settled is None:
            await self._write(started)
            await self._write(self._succeeded(_End(await self._own(self._act()))))
        else:
            # A new attempt that takes an earlier one's good end is begun and ended in one write: were it
            # known as begun alone, its node would be asked for it, which knows the earlier one only.
            again = [started] if self.step.status is StepStatus.PENDING else []
            await self._write(*again, self._succeeded(settled))

    def _succeeded(self, end: _End) -> StepSucceeded:
        done = end.done
        return StepSucceeded(self.index, self._now(), done.output, done.record, end.found)

    async def _own(self, doing: Awaitable[T]) -> T:
        """What breaks in here is the step's own failure; what breaks elsewhere is the journal's.

        Raises:
            _TryFailed, EpochLost
        """
        try:
            return await doing
        except EpochLost as error:
            await self._require_overtaken(error)
            raise
        except Exception as error:
            raise self._failure(error, is_final=isinstance(error, InvalidPlan)) from error

    async def _require_overtaken(self, refused: EpochLost) -> None:
        """A node refuses our epoch: either another worker has the run, or this service's counter is behind.

        Raises:
            _TryFailed: it is the counter; nobody else would drive the run on.
        """
        kept = await journaled(self.journal.load, self.tree.run.id)
        if kept.run.epoch == self.tree.run.epoch:
            behind = EpochBehind(f"{refused.message}, and no other worker of this service has the run")
            raise self._failure(behind, is_final=True) from refused

    async def _settled(self) -> _End | None:
        """How what was begun earlier has ended, or that the state is there already; None: neither.

        Raises:
            StepFailed: the attempt that was cut short has come to a bad end meanwhile; or its node cannot
                say, and as it may have ended well nothing new is begun.
            Unreachable: the same of a node that does not answer.
        """
        kind, args = self._kind()
        done = await self._reattached(kind)
        if done is not None:
            return _End(done)
        done = await self._probed(kind, args)
        return None if done is None else _End(done, found=True)

    async def _reattached(self, kind: StepKind[Any]) -> Done | None:
        """The end of the earlier operation; None where it is not known, or its bad end was known before."""
        context = self._context()
        try:
            return await kind.reattach(context)
        except Unreachable as error:
            if context.node is None:
                raise
            said = await self._end_operation(context, context.node)
            raise _past_deadline(self.step, said) from error
        except Unsettled as error:
            raise error.why from error
        except (StepFailed, InvalidPlan, DigestMismatch):
            if is_under_way(self.step):
                raise
            return None

    async def _probed(self, kind: StepKind[Any], args: Any) -> Done | None:
        """What the probe says; one that fails says nothing."""
        try:
            return await kind.probe(self._context(), args)
        except (StepFailed, InvalidPlan):
            return None

    async def _act(self) -> Done:
        kind, args = self._kind()
        context = self._context()
        deadline = Deadline(self.step.deadline)
        try:
            async with deadline:
                return await kind.act(context, args)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise await self._late(context) from error

    async def _late(self, context: StepContext) -> StepFailed | Unreachable:
        """What is wrong with an act that its deadline has ended; what it still does on its node is ended too.
        Where the node cannot be reached, that is it: what goes on there is settled before anything new is
        begun."""
        if context.node is None:
            return _past_deadline(self.step, "")
        try:
            return _past_deadline(self.step, await self._end_operation(context, context.node))
        except Unreachable as error:
            return Unreachable(
                f"not done within its deadline of {self.step.deadline}: {error.message}", hint=error.hint
            )

    async def _end_operation(self, context: StepContext, node: Node) -> str:
        """End what this attempt still does on its node; what it has said until then.

        Raises:
            Unreachable: the node cannot be reached for it either.
        """
        operation = operation_id(context.run, context.step)
        return await self.world.nodes.abandon(node, operation, epoch=context.run.epoch)

    def _failure(self, error: Exception, *, is_final: bool) -> _TryFailed:
        return _TryFailed(finding_of(error, self.tree, self.step), is_final=is_final)

    async def _pause_after(self, failure: _TryFailed) -> None:
        """Write the failed try down, and let the pause before the next one go by.

        Raises:
            LeafFailed: there is no next one.
        """
        step, finding, now = self.step, failure.finding, self._now()
        failed = StepFailedOnce(self.index, now, finding, finding.detail)
        if failure.is_final or step.failures + 1 >= step.retry.attempts:
            await self._write(failed)
            raise LeafFailed(finding) from failure.__cause__
        until = now + step.retry.after(step.failures + 1)
        await self._write(failed, StepWaited(self.index, now, f"next attempt, after: {finding.what}", until))
        await self.world.clock.sleep_until(until)

    def _kind(self) -> tuple[StepKind[Any], Any]:
        kind = self.kinds.get(self.step.kind or "")
        if kind is None:
            raise InvalidPlan(f"step {self.index} has the kind {self.step.kind!r}, which is not known here")
        return kind, kind.read(self.step.args, f"step {self.index}")

    def _context(self) -> StepContext:
        step = self.step
        return StepContext(
            world=self.world,
            run=self.tree.run,
            step=step,
            node=self._declared(step.node) if step.node else None,
            earlier=self._earlier,
            report=self.progress.reporter(self.tree.run.id, self.index),
            wait=self._wait,
            tell=self._tell,
            note=self._note,
        )

    async def _wait(self, reason: str, until: datetime) -> None:
        """Write down what the step waits for, for all to see; it goes on to look for it meanwhile."""
        known = self.step.waiting
        if known is None or (known.reason, known.until) != (reason, until):
            await self._write(StepWaited(self.index, self._now(), reason, until))

    async def _tell(self, first: int, inner: Sequence[InnerStep]) -> None:
        """Write down what the step's tool has begun or ended inside it."""
        await self._write(StepToldOf(self.index, self._now(), first, tuple(inner)))

    async def _note(self, record: Mapping[str, str]) -> None:
        """Write down what is to be known of the step however it ends."""
        await self._write(StepNoted(self.index, self._now(), record))

    def _declared(self, name: str) -> Node:
        node = self.world.system.node(name)
        if node is None:
            raise NotFound(
                f"node {name} is not declared any more",
                hint="Declare it again (`pitstop node add`, or the nodes file), then resume the run.",
            )
        return node

    def _earlier(self, kind: str) -> Step | None:
        """The nearest earlier step of this kind beside this one; else what it takes back, if that is one."""
        siblings = self.tree.children(parent_of(self.index))
        before = [step for step in siblings if _place(step) < _place(self.step) and step.kind == kind]
        if before:
            return before[-1]
        undone = self.tree.steps.get(self.step.undoes or "")
        return undone if undone is not None and undone.kind == kind else None

    async def _write(self, *events: StepEvent) -> None:
        await written(self.journal, self.tree, *events)

    def _now(self) -> datetime:
        return self.world.clock.now()


def _past_deadline(step: Step, said: str) -> StepFailed:
    """``said``: what it had said until it was ended, which often names what it waited for."""
    last = last_line(said)
    late = StepFailed(
        f"not done within its deadline of {step.deadline}"
        + (f"; the last that it said: {last}" if last else ""),
        hint="See the step's output for what it was doing; mend the cause, then resume the run.",
    )
    if said:
        late.add_note(said[-OUTPUT_LIMIT:])
    return late


def _ended_on_request(step: Step) -> StepFailed:
    return StepFailed(
        f"ended before it was done, {step.attempt} time(s) begun: the run was told to",
        hint="Nothing: what it has done is taken back, or said at the run's end.",
    )


def _place(step: Step) -> int:
    return int(step.index.rpartition(".")[2])
