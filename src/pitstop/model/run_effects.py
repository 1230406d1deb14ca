"""What a run's events mean to the update that it is of."""

from __future__ import annotations

from pitstop.model.errors import DigestMismatch, InvalidPackage, TrustError, WrongPublisher
from pitstop.model.findings import Finding
from pitstop.model.run_events import (
    AbortRequested,
    CancelRequested,
    PhaseEntered,
    RunAborted,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunResumed,
    RunSucceeded,
)
from pitstop.model.runs import Phase, Run, RunState
from pitstop.model.updates import UpdateEvent

_STARTED = {
    Phase.DOWNLOAD: UpdateEvent.DOWNLOAD_STARTED,
    Phase.PREPARE: UpdateEvent.PREPARATION_STARTED,
    Phase.HEALTH_CHECK: UpdateEvent.HEALTH_CHECK_STARTED,
    Phase.INSTALL: UpdateEvent.INSTALL_STARTED,
}
_FAILED = {
    Phase.DOWNLOAD: UpdateEvent.DOWNLOAD_FAILED,
    Phase.PREPARE: UpdateEvent.PREPARATION_FAILED,
    Phase.HEALTH_CHECK: UpdateEvent.HEALTH_CHECK_FAILED,
    Phase.INSTALL: UpdateEvent.INSTALL_FAILED,
}
_ARRIVED_WRONG = frozenset({DigestMismatch.code, TrustError.code, WrongPublisher.code, InvalidPackage.code})
"""What a download can end with though its source answered: that is a failed preparation."""

_TAKEN_UP_AGAIN = (RunState.FAILED, RunState.UNDO_FAILED)

_SUCCEEDED = {
    Phase.HEALTH_CHECK: UpdateEvent.HEALTH_CHECK_PASSED,
    Phase.INSTALL: UpdateEvent.INSTALL_SUCCEEDED,
}


def update_events(before: Run, event: RunEvent) -> tuple[UpdateEvent, ...]:
    """What a run's event means to its update. ``before`` is the run as it was before the event."""
    phase = before.phase
    if isinstance(event, PhaseEntered):
        passed = event.phase is Phase.INSTALL and phase is Phase.HEALTH_CHECK
        return (*((UpdateEvent.HEALTH_CHECK_PASSED,) if passed else ()), _STARTED[event.phase])
    if phase is None:
        return ()
    if isinstance(event, RunResumed | AbortRequested | CancelRequested):
        return (_STARTED[phase],) if before.state in _TAKEN_UP_AGAIN else ()
    if isinstance(event, RunFailed) and before.state is RunState.UNDOING and phase is not Phase.INSTALL:
        return ()  # nothing was installed, and it is gone on with: the update stays where it was
    return _ended(phase, event)


def _ended(phase: Phase, event: RunEvent) -> tuple[UpdateEvent, ...]:
    match event:
        case RunFailed():
            return (_failed_as(phase, event.finding),)
        case RunSucceeded():
            return (_SUCCEEDED[phase],) if phase in _SUCCEEDED else ()
        case RunAborted() | RunCancelled():
            return (UpdateEvent.GIVEN_UP,)
        case _:
            return ()


def _failed_as(phase: Phase, finding: Finding) -> UpdateEvent:
    if phase is Phase.DOWNLOAD and finding.code in _ARRIVED_WRONG:
        return UpdateEvent.PREPARATION_FAILED
    return _FAILED[phase]
