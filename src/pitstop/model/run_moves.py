"""Which events a run and its steps take in which state, and what they lead to: two tables, and the pure
functions that apply them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pitstop.model.errors import InvalidMove
from pitstop.model.inner_steps import closed, told
from pitstop.model.run_events import (
    AbortRequested,
    CancelRequested,
    MendRequested,
    PhaseEntered,
    RunAborted,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunMended,
    RunResumed,
    RunStopped,
    RunSucceeded,
    RunTaken,
    StepEvent,
    StepFailedOnce,
    StepNoted,
    StepReset,
    StepsAdded,
    StepStarted,
    StepSucceeded,
    StepToldOf,
    StepVoided,
    StepWaited,
    StopRequested,
)
from pitstop.model.runs import DRIVEN, Run, RunState, Step, StepStatus, Waiting

_P = StepStatus
STEP_MOVES: dict[type[StepEvent], tuple[frozenset[StepStatus], StepStatus]] = {
    StepStarted: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING, _P.FAILED}), _P.IN_PROGRESS),
    StepWaited: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING, _P.FAILED}), _P.WAITING),
    StepToldOf: (frozenset({_P.IN_PROGRESS, _P.WAITING}), _P.IN_PROGRESS),
    StepNoted: (frozenset({_P.IN_PROGRESS, _P.WAITING}), _P.IN_PROGRESS),
    StepSucceeded: (frozenset({_P.IN_PROGRESS, _P.WAITING}), _P.SUCCEEDED),
    StepFailedOnce: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING}), _P.FAILED),
    StepReset: (frozenset({_P.FAILED}), _P.PENDING),
    StepVoided: (frozenset({_P.SUCCEEDED}), _P.PENDING),
}
"""Which step events are taken in which status, and what they lead to."""

_R = RunState
RUN_MOVES: dict[tuple[RunState, type], RunState] = {
    **{(state, RunTaken): state for state in RunState if state in DRIVEN},
    **{(state, StepEvent): state for state in RunState if state in DRIVEN},
    (_R.IN_PROGRESS, PhaseEntered): _R.IN_PROGRESS,
    (_R.IN_PROGRESS, RunSucceeded): _R.SUCCEEDED,
    (_R.IN_PROGRESS, RunFailed): _R.FAILED,
    (_R.IN_PROGRESS, StopRequested): _R.STOPPING,
    (_R.IN_PROGRESS, AbortRequested): _R.UNDOING,
    (_R.IN_PROGRESS, CancelRequested): _R.CANCELLING,
    (_R.STOPPING, PhaseEntered): _R.STOPPING,
    (_R.STOPPING, RunStopped): _R.STOPPED,
    (_R.STOPPING, RunSucceeded): _R.SUCCEEDED,  # it was done before it came to a safe point
    (_R.STOPPING, RunFailed): _R.FAILED,
    (_R.STOPPING, StopRequested): _R.STOPPING,  # now, or until another time
    (_R.STOPPING, AbortRequested): _R.UNDOING,
    (_R.STOPPING, CancelRequested): _R.CANCELLING,
    (_R.STOPPED, RunResumed): _R.IN_PROGRESS,
    (_R.STOPPED, AbortRequested): _R.UNDOING,
    (_R.STOPPED, CancelRequested): _R.CANCELLING,
    (_R.FAILED, StepEvent): _R.FAILED,
    (_R.FAILED, RunResumed): _R.IN_PROGRESS,
    (_R.FAILED, AbortRequested): _R.UNDOING,
    (_R.FAILED, MendRequested): _R.MENDING,
    (_R.MENDING, RunMended): _R.FAILED,
    (_R.MENDING, CancelRequested): _R.CANCELLING,
    (_R.FAILED, CancelRequested): _R.CANCELLING,
    (_R.UNDOING, StepsAdded): _R.UNDOING,
    (_R.UNDOING, RunAborted): _R.ABORTED,
    (_R.UNDOING, RunFailed): _R.UNDO_FAILED,
    (_R.UNDOING, AbortRequested): _R.UNDOING,  # now
    (_R.UNDOING, CancelRequested): _R.CANCELLING,
    (_R.UNDO_FAILED, RunResumed): _R.UNDOING,
    (_R.UNDO_FAILED, CancelRequested): _R.CANCELLING,
    (_R.CANCELLING, StepsAdded): _R.CANCELLING,
    (_R.CANCELLING, RunCancelled): _R.CANCELLED,
    (_R.CANCELLING, CancelRequested): _R.CANCELLING,  # now
}
"""Where each event leads a run; what is not here is refused. Of step events only a reset is taken by a failed
run: it is about to be resumed."""


def apply_to_step(step: Step, event: StepEvent) -> Step:
    """The step after ``event``.

    Raises:
        InvalidMove: a group takes no events, and a leaf only those that ``STEP_MOVES`` names.
    """
    allowed, to = STEP_MOVES[type(event)]
    if not step.is_leaf or step.status not in allowed:
        raise InvalidMove(f"step {step.index} is {step.status} and cannot take {type(event).__name__}")
    match event:
        case StepStarted():
            first = step.started if step.status is not _P.PENDING else None
            return replace(
                step,
                status=to,
                attempt=step.attempt + 1,
                started=first or event.at,
                ended=None,
                waiting=None,
                finding=None,
                inner=(),
            )
        case StepWaited():
            return replace(step, status=to, waiting=Waiting(event.reason, event.at, event.until))
        case StepToldOf() | StepNoted():
            return replace(_with_what_it_tells(step, event), status=to, waiting=None)
        case StepSucceeded():
            return replace(
                step,
                status=to,
                ended=event.at,
                waiting=None,
                output=event.output,
                record=dict(event.record),
                finding=None,
                found_done=event.found_done,
                inner=() if event.found_done else closed(step.inner, event.at),
            )
        case StepFailedOnce():
            return replace(
                step,
                status=to,
                failures=step.failures + 1,
                ended=event.at,
                waiting=None,
                finding=event.finding,
                output=event.output,
                inner=closed(step.inner, event.at),
            )
        case _:
            return replace(step, status=to, failures=0, ended=None, waiting=None, finding=None, inner=())


def _with_what_it_tells(step: Step, event: StepToldOf | StepNoted) -> Step:
    if isinstance(event, StepNoted):
        return replace(step, record={**step.record, **event.record})
    return replace(step, inner=told(step.inner, event.first, event.inner))


def run_move(state: RunState, event: type) -> RunState | None:
    """Where an event of this type leads a run in this state; None: it is refused."""
    if not issubclass(event, StepEvent):
        return RUN_MOVES.get((state, event))
    if state is RunState.FAILED and event not in (StepReset, StepVoided):
        return None
    return RUN_MOVES.get((state, StepEvent))


def apply_to_run(run: Run, event: RunEvent) -> Run:
    """The run's head after ``event``; each event raises its revision.

    Raises:
        InvalidMove: the run's state does not take it.
    """
    to = run_move(run.state, type(event))
    if to is None:
        raise InvalidMove(f"run {run.id} is {run.state} and cannot take {type(event).__name__}")
    return replace(run, state=to, revision=run.revision + 1, **_changed(run, event))


def _changed(run: Run, event: RunEvent) -> dict[str, Any]:
    """What else of the head is another after the event."""
    changes: dict[str, Any] = {}
    match event:
        case RunTaken():
            changes = {"epoch": event.epoch}
        case PhaseEntered():
            changes = {"phase": event.phase}
        case StopRequested():
            changes = {"goes_on": event.goes_on, "now": event.now}
        case AbortRequested() | CancelRequested():
            changes = {"goes_on": None, "now": event.now, "ended": None}
        case RunResumed():
            failed = run.state is not RunState.STOPPED
            changes = {"attempt": run.attempt + failed, "ended": None, "finding": None}
            changes |= {"goes_on": None, "now": False}
        case RunSucceeded() | RunAborted() | RunMended():
            changes = {"ended": event.at}
        case RunFailed() | RunCancelled():
            changes = {"ended": event.at, "finding": event.finding}
        case _:
            pass
    return changes
