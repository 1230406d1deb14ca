"""How an update goes on whose run has failed: what is open then, by the table of moves.

Only an install is resumed. What fails before it has changed nothing: it is begun anew, as another run.
"""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.runs import Phase, Run, RunPurpose, RunState
from pitstop.model.updates import Verb, action

_PURPOSES = {
    RunPurpose.APPLY: Verb.APPLY,
    RunPurpose.PREPARE: Verb.PREPARE,
    RunPurpose.HEALTH_CHECK: Verb.CHECK_HEALTH,
}
_SAID = {
    Verb.APPLY: "Install it again",
    Verb.PREPARE: "Prepare it again",
    Verb.CHECK_HEALTH: "Check its health again",
}


def ways_on(run: Run) -> tuple[str, ...]:
    """What to do, step by step, each with its command; nothing for a run that has not failed."""
    if run.state not in (RunState.FAILED, RunState.UNDO_FAILED):
        return ()
    support = f"If it fails again, have its logs ready for support: pitstop logs collect --run {run.id}"
    return (*_ways(run), support)


def _ways(run: Run) -> Iterator[str]:
    if run.state is RunState.UNDO_FAILED or run.phase is Phase.INSTALL:
        yield f"Resume the run, on its page or with: {action(Verb.RESUME).command} {run.id}"
        return
    again = _PURPOSES[run.purpose]
    verbs = [Verb.CHECK_HEALTH, again] if run.phase is Phase.HEALTH_CHECK else [again]
    for verb in dict.fromkeys(verbs):
        yield f"{_SAID[verb]}, on its page or with: {action(verb).command} {run.update}"
