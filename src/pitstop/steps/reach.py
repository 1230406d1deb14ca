"""``reach``: sign in to the node and have it answer; changes nothing."""

from __future__ import annotations

from pitstop.model.errors import StepFailed
from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.nothing import NoArgs


async def _act(context: StepContext, _args: NoArgs) -> Done:
    answer = await context.ask("true")
    if answer.status != 0:
        raise StepFailed(f"node {context.here.name} answers, but runs no commands: {answer.output.strip()}")
    return Done("answers")


REACH = StepKind("reach", NoArgs, _act, never_known, in_plans=False, changes_nothing=True)
