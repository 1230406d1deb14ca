"""Runs and their trees of steps: states, events, and the pure functions that apply the one to the other.

A run is one attempt at prepare, health check or apply. Its tree is complete from the start: leaves are
steps of a kind, groups hold them. Only leaves have a stored status; a group's is derived from its leaves,
so the two cannot disagree. Every change is an event; the journal of events is the run's history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pitstop.model.errors import InvalidMove
from pitstop.model.findings import Finding
from pitstop.model.inner_steps import InnerStep, closed, told
from pitstop.model.plans import ONCE, GroupMode, PlanStep, Retry
from pitstop.model.releases import ReleaseId


class RunPurpose(StrEnum):
    """What a run is for: all of it, or only its first parts."""

    APPLY = "apply"
    PREPARE = "prepare"
    HEALTH_CHECK = "health-check"


class RunState(StrEnum):
    """Where a run is. ``stopping`` and ``cancelling`` last until the next safe point; while it is
    ``mending``, what a known issue names is done, then it is ``failed`` as before; ``stopped``, ``failed``
    and ``undo-failed`` can go on; ``succeeded``, ``aborted`` (all is as before) and ``cancelled`` (ended for
    good where it was) are its end."""

    IN_PROGRESS = "in-progress"
    STOPPING = "stopping"
    STOPPED = "stopped"
    UNDOING = "undoing"
    UNDO_FAILED = "undo-failed"
    MENDING = "mending"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    ABORTED = "aborted"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


DRIVEN = frozenset(
    {RunState.IN_PROGRESS, RunState.STOPPING, RunState.UNDOING, RunState.CANCELLING, RunState.MENDING}
)
"""A worker drives the run on: forwards, backwards, to the point where it lets go of it, or to mend it."""

OCCUPYING = DRIVEN | {RunState.STOPPED, RunState.UNDO_FAILED}
"""While a run is in one of these, no other may begin."""

ENDED = frozenset({RunState.SUCCEEDED, RunState.ABORTED, RunState.CANCELLED})
"""Nothing leads out of these."""


class WindowUse(StrEnum):
    """``none``: the run goes on whenever it may. ``whole``: it begins in a window that it fits into as a
    whole. ``spread``: it stops between batches when a window closes, and goes on in the next."""

    NONE = "none"
    WHOLE = "whole"
    SPREAD = "spread"


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
        package: the package that it is of, where that is not the run's own: the riding hotfix.
        whole: a place that is brought to its end before the run stops, once it has begun: a batch of nodes.
        may_fail: of a group, how many of its nodes may fail before it begins no further item.
        bandwidth: bytes a second that go to the nodes of its rolling group together.
        undo: what takes it back, all of it on the same node; empty: nothing to take back; None: cannot be.
        undoes: the index of the leaf that this one takes back, or (of a mend's step) that it is to mend.
        no_return: once this place has begun, the run can only go forward.
        inner: what its tool has told of its last attempt, in the order in which it was begun.
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
    package: str | None = None
    whole: bool = False
    may_fail: int = 0
    bandwidth: int | None = None
    undo: tuple[PlanStep, ...] | None = None
    undoes: str | None = None
    no_return: bool = False
    inner: tuple[InnerStep, ...] = ()

    @property
    def is_leaf(self) -> bool:
        return self.mode is None


@dataclass(frozen=True, slots=True)
class Rider:
    """A hotfix that goes on in the same run as the family that it belongs to."""

    update: str
    release: ReleaseId
    package_sha256: str


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
        riders: the hotfixes that go on with it.
        windows: how it keeps to the maintenance windows.
        goes_on: of a stopped run, when it goes on by itself; None: when somebody resumes it.
        now: the operations under way are to be ended, not waited for.
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
    riders: tuple[Rider, ...] = ()
    windows: WindowUse = WindowUse.NONE
    goes_on: datetime | None = None
    now: bool = False


class RunTree:
    """A run and its steps by index, in tree order. Steps are frozen; the tree swaps them as events come."""

    def __init__(self, run: Run, steps: Iterable[Step]) -> None:
        self.run = run
        self.steps: dict[str, Step] = {}
        self._children: dict[str, list[str]] = {}
        self.grow(steps)

    def grow(self, steps: Iterable[Step]) -> None:
        """Take in further places, in tree order; one that is known is swapped."""
        for step in steps:
            if step.index not in self.steps:
                self._children.setdefault(parent_of(step.index), []).append(step.index)
            self.steps[step.index] = step

    def children(self, index: str = "") -> list[Step]:
        """The places right below ``index`` (``""``: the top), in order."""
        return [self.steps[child] for child in self._children.get(index, ())]

    def leaves(self, index: str = "") -> list[Step]:
        """All leaves, or those at and below a place."""
        return list(self._leaves(index)) if index else [step for step in self.steps.values() if step.is_leaf]

    def _leaves(self, index: str) -> Iterator[Step]:
        step = self.steps[index]
        if step.is_leaf:
            yield step
        for child in self._children.get(index, ()):
            yield from self._leaves(child)

    def begun(self, index: str) -> bool:
        """Whether anything at or below this place was ever started."""
        return any(leaf.attempt > 0 for leaf in self._leaves(index))

    def phase_of(self, index: str) -> Phase | None:
        """The phase that this place belongs to."""
        while index:
            phase = self.steps[index].phase
            if phase is not None:
                return phase
            index = parent_of(index)
        return None

    def apply(self, event: RunEvent) -> None:
        """Take in one event.

        Raises:
            InvalidMove: the run or step is not in a state that takes it; the tree is as it was.
        """
        run = apply_to_run(self.run, event)
        if isinstance(event, StepEvent):
            self.steps[event.index] = apply_to_step(self.steps[event.index], event)
        elif isinstance(event, StepsAdded | MendRequested):
            self.grow(event.steps)
        self.run = run

    def status(self, index: str) -> StepStatus:
        """A leaf's own status; a group's, derived from the leaves below it."""
        step = self.steps[index]
        if step.is_leaf:
            return step.status
        return combined_status([self.status(child.index) for child in self.children(index)])


def to_void(tree: RunTree, replaced: Mapping[str, datetime]) -> list[str]:
    """The leaves of the install that were done on machines that are gone.

    Args:
        replaced: by node, since when another machine has its place.
    """
    return [
        leaf.index
        for leaf in tree.leaves()
        if leaf.status is StepStatus.SUCCEEDED
        and leaf.node is not None
        and leaf.node in replaced
        and leaf.ended is not None
        and leaf.ended < replaced[leaf.node]
        and tree.phase_of(leaf.index) is Phase.INSTALL
    ]


def to_reset(tree: RunTree) -> list[str]:
    """The failed leaves that a resume is to try again: of what is undone, if that has failed."""
    undoing = tree.run.state is RunState.UNDO_FAILED
    failed = (leaf for leaf in tree.leaves() if leaf.status is StepStatus.FAILED)
    return [leaf.index for leaf in failed if (leaf.undoes is not None) is undoing]


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

_P = StepStatus
STEP_MOVES: dict[type[StepEvent], tuple[frozenset[StepStatus], StepStatus]] = {
    StepStarted: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING, _P.FAILED}), _P.IN_PROGRESS),
    StepWaited: (frozenset({_P.PENDING, _P.IN_PROGRESS, _P.WAITING, _P.FAILED}), _P.WAITING),
    StepToldOf: (frozenset({_P.IN_PROGRESS, _P.WAITING}), _P.IN_PROGRESS),
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
        case StepToldOf():
            return replace(step, status=to, waiting=None, inner=told(step.inner, event.first, event.inner))
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
