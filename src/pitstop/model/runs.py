"""Runs and their trees of steps: states, events, and the pure functions that apply the one to the other.

A run is one attempt at prepare, health check or apply. Its tree is complete from the start: leaves are
steps of a kind, groups hold them. Only leaves have a stored status; a group's is derived from its leaves,
so the two cannot disagree. Every change is an event; the journal of events is the run's history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pitstop.model.errors import DigestMismatch, InvalidMove, InvalidPackage, TrustError, WrongPublisher
from pitstop.model.findings import Finding
from pitstop.model.plans import ONCE, GroupMode, Retry
from pitstop.model.releases import ReleaseId
from pitstop.model.updates import UpdateEvent


class RunPurpose(StrEnum):
    """What a run is for: all of it, or only its first parts."""

    APPLY = "apply"
    PREPARE = "prepare"
    HEALTH_CHECK = "health-check"


class RunState(StrEnum):
    IN_PROGRESS = "in-progress"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


class Phase(StrEnum):
    """The part of a run that decides which state its update shows."""

    DOWNLOAD = "download"
    PREPARE = "prepare"
    HEALTH_CHECK = "health-check"
    INSTALL = "install"


class StepStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in-progress"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a step waits for, since when, and until when it may."""

    reason: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One place in a run's tree.

    Attributes:
        index: ``2.9.2``: the second part's ninth's second; unique in the run.
        mode: how a group runs its items; None for a leaf.
        phase: the phase that begins with this place, if one does.
        kind, args, node: of a leaf: what to do and where (None: the service itself).
        attempt: how often it was started; with run and index it makes the operation's id.
        failures: how many tries have failed since it was last reset; what ``retry`` allows is counted in it.
        record: what the step noted for a later step, such as a node's former state.
    """

    index: str
    name: str
    description: str = ""
    mode: GroupMode | None = None
    limit: int | None = None
    phase: Phase | None = None
    kind: str | None = None
    args: Mapping[str, object] = field(default_factory=dict)
    node: str | None = None
    expected: timedelta | None = None
    deadline: timedelta = timedelta(minutes=10)
    retry: Retry = ONCE
    status: StepStatus = StepStatus.PENDING
    attempt: int = 0
    failures: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    waiting: Waiting | None = None
    output: str = ""
    record: Mapping[str, str] = field(default_factory=dict)
    finding: Finding | None = None
    found_done: bool = False

    @property
    def is_leaf(self) -> bool:
        return self.mode is None


@dataclass(frozen=True, slots=True)
class Run:
    """The head of a run; its steps are beside it in a :class:`RunTree`.

    Attributes:
        id: a GUID.
        update: the update's name.
        epoch: the fencing number of the worker that may write and act; rises with each takeover, over all
            runs of the system.
        attempt: 1, and one more with each resume.
        from_version: what the system showed when the run began.
        requested_by: who asked for it.
        package_sha256: digest of the package's metadata as it was when the run began: what the run is of.
    """

    id: str
    update: str
    release: ReleaseId
    purpose: RunPurpose
    state: RunState
    created: datetime
    requested_by: str
    from_version: str = ""
    to_version: str = ""
    plan_sha256: str = ""
    package_sha256: str = ""
    phase: Phase | None = None
    epoch: int = 0
    attempt: int = 1
    revision: int = 0
    ended: datetime | None = None
    finding: Finding | None = None


class RunTree:
    """A run and its steps by index, in tree order. Steps are frozen; the tree swaps them as events come."""

    def __init__(self, run: Run, steps: Iterable[Step]) -> None:
        self.run = run
        self.steps: dict[str, Step] = {step.index: step for step in steps}
        self._children: dict[str, list[str]] = {}
        for index in self.steps:
            self._children.setdefault(parent_of(index), []).append(index)

    def children(self, index: str = "") -> list[Step]:
        """The places right below ``index`` (``""``: the top), in order."""
        return [self.steps[child] for child in self._children.get(index, ())]

    def leaves(self) -> list[Step]:
        return [step for step in self.steps.values() if step.is_leaf]

    def apply(self, event: RunEvent) -> None:
        """Take in one event.

        Raises:
            InvalidMove: the run or step is not in a state that takes it; the tree is as it was.
        """
        run = apply_to_run(self.run, event)
        if isinstance(event, StepEvent):
            self.steps[event.index] = apply_to_step(self.steps[event.index], event)
        self.run = run

    def status(self, index: str) -> StepStatus:
        """A leaf's own status; a group's, derived from the leaves below it."""
        step = self.steps[index]
        if step.is_leaf:
            return step.status
        return combined_status([self.status(child.index) for child in self.children(index)])


def parent_of(index: str) -> str:
    """``2.9.2`` → ``2.9``; of a top place ``""``."""
    return index.rpartition(".")[0]


def operation_id(run: Run, step: Step) -> str:
    """The id under which a step's act is known on its node: the same act has the same id for ever."""
    return f"{run.id}-{step.index}-{step.attempt}"


def combined_status(statuses: list[StepStatus]) -> StepStatus:
    """What a group shows. A group of nothing has succeeded: there was nothing to do."""
    present = set(statuses)
    if not present - {StepStatus.SUCCEEDED}:
        return StepStatus.SUCCEEDED
    if StepStatus.IN_PROGRESS in present:
        return StepStatus.IN_PROGRESS
    for status in (StepStatus.FAILED, StepStatus.WAITING):
        if status in present:
            return status
    return StepStatus.IN_PROGRESS if StepStatus.SUCCEEDED in present else StepStatus.PENDING


# --- events: frozen, in the past tense, carrying what happened -------------------------------------------


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
class RunResumed:
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RunSucceeded:
    at: datetime


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


RunEvent = RunTaken | PhaseEntered | RunResumed | RunSucceeded | RunFailed | StepEvent

_P = StepStatus
STEP_MOVES: dict[type[StepEvent], tuple[frozenset[StepStatus], StepStatus]] = {
    StepStarted: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING, _P.FAILED}), _P.IN_PROGRESS),
    StepWaited: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING, _P.FAILED}), _P.WAITING),
    StepSucceeded: (frozenset({_P.IN_PROGRESS, _P.WAITING}), _P.SUCCEEDED),
    StepFailedOnce: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING}), _P.FAILED),
    StepReset: (frozenset({_P.FAILED}), _P.PENDING),
}
"""Which step events are taken in which status, and what they lead to."""

RUN_MOVES: dict[type, tuple[frozenset[RunState], RunState]] = {
    RunTaken: (frozenset({RunState.IN_PROGRESS}), RunState.IN_PROGRESS),
    PhaseEntered: (frozenset({RunState.IN_PROGRESS}), RunState.IN_PROGRESS),
    RunResumed: (frozenset({RunState.FAILED}), RunState.IN_PROGRESS),
    RunSucceeded: (frozenset({RunState.IN_PROGRESS}), RunState.SUCCEEDED),
    RunFailed: (frozenset({RunState.IN_PROGRESS}), RunState.FAILED),
}
"""Which run events are taken in which state, and what they lead to. Step events need a run in progress."""


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
            )
        case StepWaited():
            return replace(step, status=to, waiting=Waiting(event.reason, event.at, event.until))
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
            )
        case _:
            return replace(step, status=to, failures=0, ended=None, waiting=None, finding=None)


def apply_to_run(run: Run, event: RunEvent) -> Run:
    """The run's head after ``event``; each event raises its revision.

    Raises:
        InvalidMove: the run's state does not take it.
    """
    allowed, to = RUN_MOVES.get(type(event), (frozenset({RunState.IN_PROGRESS}), RunState.IN_PROGRESS))
    if isinstance(event, StepReset):
        allowed, to = frozenset({RunState.FAILED, RunState.IN_PROGRESS}), run.state
    if run.state not in allowed:
        raise InvalidMove(f"run {run.id} is {run.state} and cannot take {type(event).__name__}")
    run = replace(run, state=to, revision=run.revision + 1)
    match event:
        case RunTaken():
            return replace(run, epoch=event.epoch)
        case PhaseEntered():
            return replace(run, phase=event.phase)
        case RunResumed():
            return replace(run, attempt=run.attempt + 1, ended=None, finding=None)
        case RunSucceeded():
            return replace(run, ended=event.at)
        case RunFailed():
            return replace(run, ended=event.at, finding=event.finding)
        case _:
            return run


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

_SUCCEEDED = {
    Phase.HEALTH_CHECK: UpdateEvent.HEALTH_CHECK_PASSED,
    Phase.INSTALL: UpdateEvent.INSTALL_SUCCEEDED,
}


def update_events(before: Run, event: RunEvent) -> tuple[UpdateEvent, ...]:
    """What a run's event means to its update. ``before`` is the run as it was before the event."""
    match event:
        case PhaseEntered(phase=Phase.INSTALL) if before.phase is Phase.HEALTH_CHECK:
            return (UpdateEvent.HEALTH_CHECK_PASSED, UpdateEvent.INSTALL_STARTED)
        case PhaseEntered():
            return (_STARTED[event.phase],)
        case RunResumed():
            return (_STARTED[before.phase],) if before.phase else ()
        case RunFailed():
            return _failed_as(before.phase, event.finding)
        case RunSucceeded():
            return (_SUCCEEDED[before.phase],) if before.phase in _SUCCEEDED else ()
        case _:
            return ()


def _failed_as(phase: Phase | None, finding: Finding) -> tuple[UpdateEvent, ...]:
    if phase is Phase.DOWNLOAD and finding.code in _ARRIVED_WRONG:
        return (UpdateEvent.PREPARATION_FAILED,)
    return (_FAILED[phase],) if phase else ()
