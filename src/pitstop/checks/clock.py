"""``clock``: the nodes' clocks agree with the service's.

Certificates, signed metadata and the order of what is logged depend on it.
"""

from __future__ import annotations

from pitstop.checks.kind import (
    CheckKind,
    Outcome,
    Surroundings,
    Target,
    fails,
    of_nodes,
    passes,
    shown,
    unknown,
    warns,
)
from pitstop.model.findings import Severity
from pitstop.wire.formats import duration

WARN_SECONDS = 5.0
FAIL_SECONDS = 30.0
_REMEDY = "Set the clock, and have it kept by NTP on both machines."


async def _look(around: Surroundings, target: Target) -> Outcome:
    before = around.now().timestamp()
    said = (await around.ask(target, "date +%s")).output.strip()
    after = around.now().timestamp()
    if not said.isdigit():
        return unknown(f"it does not say its time: {shown(said)}", "See that `date +%s` works there.")
    return judge(int(said), before, after)


def judge(said: int, before: float, after: float) -> Outcome:
    """What a node's clock is, that said these whole seconds sometime between the two instants."""
    ahead, behind = said - after, before - (said + 1)
    skew = max(ahead, behind, 0.0)
    text = f"{duration(skew)} {'ahead of' if ahead > behind else 'behind'} this machine's clock"
    measures = (f"offset={skew:.0f}s;{WARN_SECONDS:g};{FAIL_SECONDS:g}",)
    if skew > FAIL_SECONDS:
        return fails(text, _REMEDY, measures=measures)
    if skew > WARN_SECONDS:
        return warns(text, _REMEDY, measures=measures)
    return passes(f"within {WARN_SECONDS:g} s of this machine's clock", measures=measures)


CLOCK = CheckKind(
    "check-clock",
    "Clocks agree",
    f"Asks every node for its time. A warning beyond {WARN_SECONDS:g} s from the service's, failed beyond "
    f"{FAIL_SECONDS:g} s.",
    Severity.CRITICAL,
    of_nodes,
    _look,
)
