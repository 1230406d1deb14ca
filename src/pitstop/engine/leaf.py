"""Doing one leaf: written as started, then acted, then written as done, and only then built upon.

A leaf that was started before (the service was killed, the link was lost, the run was resumed) is never
simply begun again: the operation is attached to if its node knows it, else the state is probed, and only
if it is not there is the act repeated, under a new operation id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pitstop.engine.failures import LeafFailed, finding_of
from pitstop.engine.progress import Progress
from pitstop.model.errors import EpochLost, InvalidPlan, StepFailed, Unreachable
from pitstop.model.runs import (
    RunTree,
    Step,
    StepFailedOnce,
    StepStarted,
    StepStatus,
    StepSucceeded,
    StepWaited,
    operation_id,
    parent_of,
)
from pitstop.ports.journal import Journal
from pitstop.steps.kind import Done, StepContext, StepKind, World

Kinds = Mapping[str, StepKind[Any]]


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
        """
        step = self.step
        if step.status is StepStatus.SUCCEEDED:
            return
        if step.status is StepStatus.FAILED and step.finding is not None:
            raise LeafFailed(step.finding)
        if step.status is StepStatus.WAITING and step.waiting is not None:
            await self.world.clock.sleep_until(step.waiting.until)
        try:
            if step.attempt > 0 and await self._settled():
                return
            await self._attempts()
        finally:
            self.progress.forget(self.tree.run.id, self.index)

    async def _settled(self) -> bool:
        """Whether what was started earlier has come to its end, or the state is there already."""
        was_cut_short = self.step.status is StepStatus.IN_PROGRESS
        try:
            kind, args = self._kind()
            done = await kind.reattach(self._context())
            by_probe = done is None
            if done is None:
                done = await kind.probe(self._context(), args)
        except EpochLost:
            raise
        except Exception as error:
            if was_cut_short and not isinstance(error, Unreachable):
                self._failed(error)
            return False
        if done is None:
            return False
        if not was_cut_short:
            self._write(StepStarted(self.index, self._now()))
        self._succeeded(done, found_done=by_probe)
        return True

    async def _attempts(self) -> None:
        """Act, as often as the plan allows."""
        for left in range(self.step.retry.attempts - 1, -1, -1):
            self._write(StepStarted(self.index, self._now()))
            try:
                done = await self._act()
            except EpochLost:
                raise
            except Exception as error:
                finding = finding_of(error, self.tree, self.step)
                if left == 0 or isinstance(error, InvalidPlan):
                    self._failed(error)
                await self._wait_for_next(finding.what, StepFailedOnce(self.index, self._now(), finding))
            else:
                self._succeeded(done)
                return

    async def _act(self) -> Done:
        kind, args = self._kind()
        context = self._context()
        deadline = asyncio.timeout(self.step.deadline.total_seconds())
        try:
            async with deadline:
                return await kind.act(context, args)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            await self._abandon(context)
            raise StepFailed(
                f"not done within its deadline of {self.step.deadline}",
                hint="See the step's output for what it was doing; mend the cause, then resume the run.",
            ) from error

    async def _abandon(self, context: StepContext) -> None:
        """End what a step past its deadline still does on its node; a node out of reach is settled later."""
        if context.node is None:
            return
        try:
            await self.world.nodes.abandon(
                context.node, operation_id(context.run, context.step), epoch=context.run.epoch
            )
        except Unreachable:
            return

    async def _wait_for_next(self, reason: str, failure: StepFailedOnce) -> None:
        until = failure.at + self.step.retry.delay
        self._write(failure, StepWaited(self.index, failure.at, f"next attempt, after: {reason}", until))
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
            node=self.world.system.node(step.node) if step.node else None,
            earlier=self._earlier,
            report=self.progress.reporter(self.tree.run.id, self.index),
        )

    def _earlier(self, kind: str) -> Mapping[str, str]:
        """The record of the nearest earlier step of this kind beside this one."""
        siblings = self.tree.children(parent_of(self.index))
        before = [step for step in siblings if _place(step) < _place(self.step) and step.kind == kind]
        return before[-1].record if before else {}

    def _succeeded(self, done: Done, *, found_done: bool = False) -> None:
        self._write(StepSucceeded(self.index, self._now(), done.output, done.record, found_done))

    def _failed(self, error: Exception) -> None:
        finding = finding_of(error, self.tree, self.step)
        self._write(StepFailedOnce(self.index, self._now(), finding, finding.detail))
        raise LeafFailed(finding) from error

    def _write(self, *events: StepStarted | StepSucceeded | StepFailedOnce | StepWaited) -> None:
        self.journal.append(self.tree, *events)

    def _now(self) -> Any:
        return self.world.clock.now()


def _place(step: Step) -> int:
    return int(step.index.rpartition(".")[2])
