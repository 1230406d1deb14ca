"""``activity``: no run goes on, and none was left unfinished. What one does, the update's own rules forbid or
allow; here it is said, for it explains what other checks find."""

from __future__ import annotations

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, of_system, passes, warns
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity
from pitstop.model.runs import OCCUPYING, RunState


async def _look(around: Surroundings, _target: Target) -> Outcome:
    runs = await in_thread(around.runs)
    busy = next((run for run in runs if run.state in OCCUPYING), None)
    if busy is not None:
        return warns(
            f"run {busy.id} of {busy.update} is {busy.state}: what nodes say now may be of its doing",
            f"Wait for its end, or see `pitstop run show {busy.id}`; then run the checks again.",
        )
    last = next(iter(runs), None)
    if last is not None and last.state is RunState.FAILED:
        return warns(
            f"the last run, {last.id} of {last.update}, has failed",
            f"Mend its cause and resume it: `pitstop run show {last.id}`.",
        )
    return passes("no run goes on")


ACTIVITY = CheckKind(
    "check-activity",
    "No run goes on",
    "Whether a run goes on, or the last one has failed.",
    Severity.INFORMATIONAL,
    of_system,
    _look,
)
