"""``pause``: let the time between two batches of a roll go by."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.steps.kind import Done, StepContext, StepKind, never_known


class PauseArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Wait; counted from when the pause began, whatever came between."""

    seconds: Annotated[float, Meta(ge=0, description="How long.")]


async def _act(context: StepContext, args: PauseArgs) -> Done:
    clock = context.world.clock
    until = (context.step.started or clock.now()) + timedelta(seconds=args.seconds)
    if clock.now() < until:
        await context.wait("the pause between two batches", until)
        await clock.sleep_until(until)
    return Done()


PAUSE = StepKind("pause", PauseArgs, _act, never_known, on_node=False, in_plans=False, changes_nothing=True)
