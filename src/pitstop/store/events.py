"""How a run's events read in its history: a kind, a line of text, and the whole event as JSON."""

from __future__ import annotations

import re

import msgspec

from pitstop.model.runs import (
    PhaseEntered,
    RunEvent,
    RunFailed,
    RunResumed,
    RunSucceeded,
    RunTaken,
    StepEvent,
    StepFailedOnce,
    StepReset,
    StepStarted,
    StepSucceeded,
    StepWaited,
)


def kind_of(event: type[RunEvent]) -> str:
    """The event's name in the history: ``StepFailedOnce`` is ``step-failed-once``. Stored: never renamed."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", event.__name__).lower()


KINDS: dict[str, type[RunEvent]] = {
    kind_of(event): event
    for event in (
        RunTaken,
        PhaseEntered,
        RunResumed,
        RunSucceeded,
        RunFailed,
        StepStarted,
        StepWaited,
        StepSucceeded,
        StepFailedOnce,
        StepReset,
    )
}
"""Event types by their name in the history."""


def index_of(event: RunEvent) -> str | None:
    """The place that the event is about; None: the run."""
    return event.index if isinstance(event, StepEvent) else None


def text_of(event: RunEvent) -> str:
    """What the event says beyond its kind, in a line; may be empty."""
    match event:
        case RunTaken(worker=name) | RunResumed(by=name):
            return f"by {name}"
        case PhaseEntered():
            return event.phase
        case RunFailed() | StepFailedOnce():
            return event.finding.what
        case StepWaited():
            return event.reason
        case StepSucceeded():
            return "was done already" if event.found_done else ""
        case _:
            return ""


def encode(event: RunEvent) -> str:
    """The event as JSON."""
    return msgspec.json.encode(event).decode()


def decode(kind: str, data: str) -> RunEvent:
    """The event of this kind from its JSON."""
    return msgspec.json.decode(data, type=KINDS[kind])
