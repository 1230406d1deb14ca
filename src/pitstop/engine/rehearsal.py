"""What the probes of a run that has not begun say on the real nodes; nothing is changed by them.

Of the install each step is asked whether its state is there already; the package's own checks, which change
nothing, are done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pitstop.engine.leaf import Kinds
from pitstop.model.errors import PitstopError, StepFailed
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step, parent_of
from pitstop.steps.kind import StepContext, StepKind, World

_AT_ONCE = 16


class Found(StrEnum):
    DONE = "done"
    TO_DO = "to do"
    PASSED = "passed"
    FAILED = "failed"
    REFUSED = "refused"
    """The step would fail as it is: something that has a name keeps it off."""
    UNSAID = "cannot say"


@dataclass(frozen=True, slots=True)
class Probed:
    """``says``: what the node answered, why it cannot say, or what keeps the step off."""

    found: Found
    says: str = ""


async def probe_all(kinds: Kinds, world: World, tree: RunTree) -> Mapping[str, Probed]:
    """By index, of all leaves that are on nodes."""
    free = asyncio.Semaphore(_AT_ONCE)
    found: dict[str, Probed] = {}

    async def one(leaf: Step) -> None:
        async with free:
            found[leaf.index] = await _probed(kinds[leaf.kind or ""], world, tree, leaf)

    async with asyncio.TaskGroup() as tasks:
        for leaf in tree.leaves():
            if leaf.node is not None and leaf.kind in kinds:
                tasks.create_task(one(leaf))
    return found


async def _probed(kind: StepKind[Any], world: World, tree: RunTree, leaf: Step) -> Probed:
    context = _context(world, tree, leaf)
    is_check = tree.phase_of(leaf.index) is Phase.HEALTH_CHECK
    try:
        args = kind.read(leaf.args, f"step {leaf.index}")
        async with asyncio.timeout(leaf.deadline.total_seconds()):
            if is_check and kind.changes_nothing:
                return Probed(Found.PASSED, (await kind.act(context, args)).output)
            done = await kind.probe(context, args)
    except PitstopError as error:
        has_name = isinstance(error, StepFailed) and error.code != StepFailed.code
        found = Found.FAILED if is_check else Found.REFUSED if has_name else Found.UNSAID
        return Probed(found, error.message)
    except TimeoutError:
        return Probed(Found.UNSAID, f"no answer within {leaf.deadline}")
    return Probed(Found.TO_DO) if done is None else Probed(Found.DONE, done.output)


def _context(world: World, tree: RunTree, leaf: Step) -> StepContext:
    siblings = tree.children(parent_of(leaf.index))
    node = world.system.node(leaf.node) if leaf.node else None

    def earlier(kind: str) -> Step | None:
        return next((step for step in siblings if step.kind == kind and step.index != leaf.index), None)

    return StepContext(world, tree.run, leaf, node, earlier, _nobody_counts, _nobody_waits)


def _nobody_counts(_done: int, _whole: int) -> None:
    """A rehearsal has no progress to show."""


async def _nobody_waits(_reason: str, _until: object) -> None:
    """A rehearsal is not journalled."""
