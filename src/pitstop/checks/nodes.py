"""``nodes``: every node can be signed in to, and answers in time."""

from __future__ import annotations

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, fails, of_nodes, passes, warns
from pitstop.model.errors import PitstopError
from pitstop.model.findings import Severity

SLOW_SECONDS = 5.0


async def _look(around: Surroundings, target: Target) -> Outcome:
    assert target.node is not None  # noqa: S101 - it is asked of nodes alone
    try:
        took = (await around.contact(target.node)).total_seconds()
    except PitstopError as error:
        return fails(error.message, error.hint)
    measures = (f"time={took:.3f}s;{SLOW_SECONDS:g}",)
    if took > SLOW_SECONDS:
        return warns(
            f"it answered after {took:.1f} s; up to {SLOW_SECONDS:g} s are usual",
            "See why it is slow: its load, its name service, the network on the way.",
            measures=measures,
        )
    return passes(f"it answered after {took:.1f} s", measures=measures)


NODES = CheckKind(
    "check-nodes",
    "Nodes answer",
    f"Signs in to every node. A warning above {SLOW_SECONDS:g} s.",
    Severity.CRITICAL,
    of_nodes,
    _look,
)
