"""``node-states``: every node is in service; none was left out of it by a run that does not go on."""

from __future__ import annotations

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, fails, of_nodes, passes
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity
from pitstop.model.runs import DRIVEN


async def _look(around: Surroundings, target: Target) -> Outcome:
    last = next(iter(await in_thread(around.runs)), None)
    if last is None:
        return passes("in service")
    out = await in_thread(lambda: around.out_of_service(last))
    if target.name not in out:
        return passes("in service")
    if last.state in DRIVEN:
        return passes(f"out of service, by run {last.id} that goes on")
    return fails(
        f"out of service since run {last.id} of {last.update}, which is {last.state}",
        f"Resume that run (`pitstop run resume {last.id}`), or abort or cancel it: both put the node back.",
    )


NODE_STATES = CheckKind(
    "check-node-states",
    "Nodes are in service",
    "Whether a run that does not go on has left a node out of service.",
    Severity.WARNING,
    of_nodes,
    _look,
)
