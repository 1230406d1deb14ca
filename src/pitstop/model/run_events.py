"""What happens to a run and its steps: frozen, in the past tense. The journal of it is the run's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pitstop.model.findings import Finding
from pitstop.model.inner_steps import InnerStep
from pitstop.model.runs import Phase, Step


@dataclass(frozen=True, slots=True)
class RunTaken:
    """A worker took the run: at its start, or after another worker was gone."""

    at: datetime
    epoch: int
    worker: str


@dataclass(frozen=True, slots=True)
class PhaseEntered:
    at: datetime
    phase: Phase


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The run is to stop at the next safe point. ``goes_on``: when it is to go on by itself."""

    at: datetime
    by: str
    reason: str = ""
    goes_on: datetime | None = None
    now: bool = False


@dataclass(frozen=True, slots=True)
class AbortRequested:
    """What was done is to be taken back."""

    at: datetime
    by: str
    reason: str = ""
    now: bool = False


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The run is to end for good where it is."""

    at: datetime
    by: str
    reason: str = ""
    now: bool = False


@dataclass(frozen=True, slots=True)
class RunStopped:
    """It has stopped at a safe point."""

    at: datetime


@dataclass(frozen=True, slots=True)
class StepsAdded:
    """The run has further places: what takes back what was done, or puts nodes back into service."""

    at: datetime
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class MendRequested:
    """The failed run has further places: what mends a known issue, on the nodes where it failed.

    Attributes:
        issue: its id.
        by: who agreed to it.
        steps: one place and those below it.
        consent: it was agreed to beforehand, for whenever the issue is met.
    """

    at: datetime
    by: str
    issue: str
    steps: tuple[Step, ...]
    consent: bool = False


@dataclass(frozen=True, slots=True)
class RunMended:
    """What was to mend it is done, or has failed (``finding``); the run is as failed as before."""

    at: datetime
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class RunResumed:
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RunSucceeded:
    at: datetime


@dataclass(frozen=True, slots=True)
class RunAborted:
    """All is as it was before."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RunCancelled:
    """Nothing is driven any more. ``finding``: what is left behind that somebody must know of."""

    at: datetime
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class RunFailed:
    at: datetime
    finding: Finding


@dataclass(frozen=True, slots=True)
class StepEvent:
    """Something happened to the leaf of this index."""

    index: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepStarted(StepEvent):
    """Written before anything is acted on."""


@dataclass(frozen=True, slots=True)
class StepWaited(StepEvent):
    """The step waits, not acting, until then at most."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class StepToldOf(StepEvent):
    """The step's tool has begun or ended inner steps: these, in place of all from number ``first`` on."""

    first: int
    inner: tuple[InnerStep, ...]


@dataclass(frozen=True, slots=True)
class StepNoted(StepEvent):
    """What a later attempt, or what takes the step back, must know of this one however it ends."""

    record: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StepSucceeded(StepEvent):
    """Written before anything builds on it. ``found_done``: the probe said that it was done already."""

    output: str = ""
    record: Mapping[str, str] = field(default_factory=dict)
    found_done: bool = False


@dataclass(frozen=True, slots=True)
class StepFailedOnce(StepEvent):
    """An attempt failed or could not be begun; others are left, or the run fails next."""

    finding: Finding
    output: str = ""


@dataclass(frozen=True, slots=True)
class StepReset(StepEvent):
    """The failed step is to be tried again: the run was resumed."""


@dataclass(frozen=True, slots=True)
class StepVoided(StepEvent):
    """The step was done on a machine that another has replaced since: it is to be done again."""


RunRequest = StopRequested | AbortRequested | CancelRequested | MendRequested
"""What people and windows ask of a run; the worker that drives it takes notice."""

RunEvent = (
    RunTaken
    | PhaseEntered
    | RunRequest
    | RunStopped
    | StepsAdded
    | RunMended
    | RunResumed
    | RunSucceeded
    | RunAborted
    | RunCancelled
    | RunFailed
    | StepEvent
)
