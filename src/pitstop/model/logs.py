"""Log bundles: what was asked for, what was collected from where, and what became of it.

A bundle is one file. Every thing that was to be in it is named with its outcome: that nothing was there, and
that it could not be had, are two different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pitstop.model.errors import InvalidMove
from pitstop.model.findings import Finding

DEFAULT_SPAN = timedelta(hours=4)
"""What is collected when nothing else is said: the last four hours."""


class BundleState(StrEnum):
    """``waiting``: it is next or soon; ``collecting``; then one of the three ends."""

    WAITING = "waiting"
    COLLECTING = "collecting"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BundleEvent(StrEnum):
    """What can happen to a bundle."""

    BEGUN = "begun"
    ENDED_WELL = "ended-well"
    ENDED_BADLY = "ended-badly"
    CALLED_OFF = "called-off"


_S, _E = BundleState, BundleEvent
BUNDLE_MOVES: dict[tuple[BundleState, BundleEvent], BundleState] = {
    (_S.WAITING, _E.BEGUN): _S.COLLECTING,
    (_S.WAITING, _E.CALLED_OFF): _S.CANCELLED,
    (_S.COLLECTING, _E.BEGUN): _S.COLLECTING,  # again from the start, after the service was away
    (_S.COLLECTING, _E.ENDED_WELL): _S.READY,
    (_S.COLLECTING, _E.ENDED_BADLY): _S.FAILED,
    (_S.COLLECTING, _E.CALLED_OFF): _S.CANCELLED,
}
"""The one table of moves of a bundle."""


class Why(StrEnum):
    """Why it was collected."""

    ASKED = "asked"
    RUN_FAILED = "run-failed"


class Outcome(StrEnum):
    """What came of one thing: ``cut``: only a part is there; ``left-out``: not collected, on purpose."""

    COLLECTED = "collected"
    CUT = "cut"
    LEFT_OUT = "left-out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be collected.

    Attributes:
        nodes: names; those of ``roles`` are added; with neither, all nodes.
        run: collect for this run: its tree, whatever the span.
        pseudonyms: whether addresses, names of machines and of users get other names.
        sos: whether each node makes a report with ``sos``.
    """

    since: datetime
    until: datetime
    nodes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    run: str | None = None
    pseudonyms: bool = False
    sos: bool = False


@dataclass(frozen=True, slots=True)
class Collected:
    """One thing of a bundle.

    Attributes:
        origin: ``service``, ``runs``, or ``node n1``.
        name: what it is, such as ``journal`` or ``/var/log/messages``.
        member: where it lies in the bundle; "" where nothing of it does.
        lines, size: of what lies there; size in bytes, before it is compressed.
        note: why it is not there, or not whole.
    """

    origin: str
    name: str
    outcome: Outcome
    member: str = ""
    lines: int = 0
    size: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """That a bundle was to be sent to a target; ``done`` is None while that goes on."""

    target: str
    by: str
    begun: datetime
    done: datetime | None = None
    place: str = ""
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle.

    Attributes:
        pinned: it stays, however old it is and however little space there is.
        attempts: how often collecting was begun.
        size: bytes of the file; 0 where there is none.
        removed: how many finds were removed, by name of the pattern.
        findings: of a failed one, why.
    """

    id: str
    by: str
    why: Why
    wanted: Wanted
    state: BundleState
    created: datetime
    ended: datetime | None = None
    attempts: int = 0
    pinned: bool = False
    size: int = 0
    sha256: str = ""
    collected: tuple[Collected, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def file_name(self) -> str:
        """What its file is called when it is handed out."""
        return f"pitstop-logs-{self.created:%Y%m%d-%H%M%S}-{self.id[:8]}.zip"


def moved(bundle: Bundle, event: BundleEvent) -> BundleState:
    """The state that ``event`` leads to.

    Raises:
        InvalidMove: the table has no such move; names bundle, state and event.
    """
    to = BUNDLE_MOVES.get((bundle.state, event))
    if to is None:
        raise InvalidMove(f"log bundle {bundle.id} is {bundle.state} and cannot be {event}")
    return to


def is_over(bundle: Bundle) -> bool:
    return bundle.state not in (BundleState.WAITING, BundleState.COLLECTING)
