"""``node-space``: on every node there is room for what an update puts there."""

from __future__ import annotations

from pitstop.checks.disk import judge, room, script
from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, of_nodes
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity
from pitstop.wire.formats import size

TWICE = 2
"""What is replaced stays until the end, so that it can be taken back."""


async def _look(around: Surroundings, target: Target) -> Outcome:
    said = await around.ask(target, script("/var/lib/pitstop-node"))
    known = [need for need in await in_thread(around.needs) if need.on_nodes is not None]
    most = max(known, key=lambda need: need.on_nodes or 0, default=None)
    need = TWICE * (most.on_nodes or 0) if most else 0
    text = f"{most.update} needs up to {size(need)}" if most else ""
    return judge(room(said.output), need, text, "old logs, packages and images are what fills nodes.")


NODE_SPACE = CheckKind(
    "check-node-space",
    "Room on nodes",
    "The room on every node, held against twice the content of the next updates: what is replaced stays "
    "until the end of a run.",
    Severity.CRITICAL,
    of_nodes,
    _look,
)
