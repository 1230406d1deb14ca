"""Runs and their steps: what they are and which states they have.

A run is one attempt at prepare, health check or apply. Its tree (:mod:`pitstop.model.run_tree`) is complete
from the start: leaves are steps of a kind, groups hold them. Only leaves have a stored status; a group's is
derived from its leaves, so the two cannot disagree. Every change is an event
(:mod:`pitstop.model.run_events`), which is taken or refused by a table of moves
(:mod:`pitstop.model.run_moves`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pitstop.model.findings import Finding
from pitstop.model.inner_steps import InnerStep
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


def parent_of(index: str) -> str:
    """``2.9.2`` → ``2.9``; of a top place ``""``."""
    return index.rpartition(".")[0]


def operation_id(run: Run, step: Step) -> str:
    """The id under which a step's act is known on its node: the same act has the same id for ever."""
    return f"{run.id}-{step.index}-{step.attempt}"
