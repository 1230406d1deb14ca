"""``node-states``: every node is in service; none was left out of it by a run that does not go on.

Of a run that can go on its own memory says it. A run that was ended for good puts nothing back any more, so
that the node itself is asked whether somebody has.
"""

from __future__ import annotations

from pitstop.checks.kind import (
    CheckKind,
    Drained,
    Outcome,
    Surroundings,
    Target,
    fails,
    of_nodes,
    passes,
    unknown,
)
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity
from pitstop.model.runs import DRIVEN, RunState


async def _look(around: Surroundings, target: Target) -> Outcome:
    last = next(iter(await in_thread(around.runs)), None)
    if last is None:
        return passes("in service")
    drained = (await in_thread(lambda: around.out_of_service(last))).get(target.name)
    if drained is None:
        return passes("in service")
    if last.state in DRIVEN:
        return passes(f"out of service, by run {last.id} that goes on")
    since = f"out of service since run {last.id} of {last.update}, which is {last.state}"
    if last.state is not RunState.CANCELLED:
        resume = f"Resume that run (`pitstop run resume {last.id}`)"
        return fails(since, f"{resume}, or abort or cancel it: both put the node back.")
    return await _after_its_end(around, target, drained, since)


async def _after_its_end(around: Surroundings, target: Target, drained: Drained, since: str) -> Outcome:
    match (await around.ask(target, drained.is_out)).status:
        case 1:
            return passes("in service again")
        case 0:
            return fails(since, f"Put it back into service, on the node: `{drained.back}`.")
        case status:
            asked = f"{since}; whether it still is cannot be asked: status {status}"
            return unknown(asked, f"See on the node, and put it back into service: `{drained.back}`.")


NODE_STATES = CheckKind(
    "check-node-states",
    "Nodes are in service",
    "Whether a run that does not go on has left a node out of service.",
    Severity.WARNING,
    of_nodes,
    _look,
)
