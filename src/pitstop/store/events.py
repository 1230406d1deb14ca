"""How a run's events read in its history: a kind, a line of text, and the whole event as JSON."""

from __future__ import annotations

import re

import msgspec

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
from pitstop.package.typed import from_json


def kind_of(event: type[RunEvent]) -> str:
    """The event's name in the history: ``StepFailedOnce`` is ``step-failed-once``. Stored: never renamed."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", event.__name__).lower()


KINDS: dict[str, type[RunEvent]] = {
    kind_of(event): event
    for event in (
        RunTaken,
        PhaseEntered,
        StopRequested,
        AbortRequested,
        CancelRequested,
        RunStopped,
        StepsAdded,
        MendRequested,
        RunMended,
        RunResumed,
        RunSucceeded,
        RunAborted,
        RunCancelled,
        RunFailed,
        StepStarted,
        StepWaited,
        StepToldOf,
        StepNoted,
        StepSucceeded,
        StepFailedOnce,
        StepReset,
        StepVoided,
    )
}
"""Event types by their name in the history."""


def index_of(event: RunEvent) -> str | None:
    """The place that the event is about; None: the run."""
    return event.index if isinstance(event, StepEvent) else None


def text_of(event: RunEvent) -> str:
    """What the event says beyond its kind, in a line; may be empty."""
    said = ""
    match event:
        case RunTaken(worker=name) | RunResumed(by=name):
            said = f"by {name}"
        case StopRequested() | AbortRequested() | CancelRequested():
            at_once = ["at once"] if event.now else []
            said = ", ".join([f"by {event.by}", *at_once, *filter(None, [event.reason])])
        case StepsAdded():
            said = f"{len(event.steps)} place(s)"
        case PhaseEntered():
            said = event.phase
        case MendRequested():
            said = f"{event.issue}, by {event.by}{', by standing consent' if event.consent else ''}"
        case RunFailed() | StepFailedOnce() | RunMended() | RunCancelled():
            said = event.finding.what if event.finding else ""
        case StepWaited():
            said = event.reason
        case StepToldOf(inner=[*_, last]):
            said = f"{last.name}: {last.said or last.status}"
        case StepSucceeded(found_done=True):
            said = "was done already"
        case _:
            pass
    return said


def encode(event: RunEvent) -> str:
    """The event as JSON."""
    return msgspec.json.encode(event).decode()


def decode(kind: str, data: str) -> RunEvent:
    """The event of this kind from its JSON."""
    return from_json(data, KINDS[kind])
