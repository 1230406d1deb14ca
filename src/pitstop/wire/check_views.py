"""The read models of checks."""

from __future__ import annotations

from datetime import datetime

from pitstop.wire.base import View
from pitstop.wire.views import FindingView


class CheckSkipView(View, frozen=True):
    """That a check's warnings keep no update off. ``target``: there alone; "": everywhere."""

    check: str
    target: str
    reason: str
    by: str
    at: datetime


class CheckResultView(View, frozen=True):
    """What a check found at a target.

    ``status``: pass, warning, fail or unknown; ``severity``: how bad that is, of a pass how bad it would be;
    ``since``: it has had this status without a break; ``seconds``: from question to answer; ``expired``: it
    is too old to count; ``blocks``: it keeps updates off; ``skipped``: what sets it aside.
    """

    check: str
    origin: str
    title: str
    target: str
    status: str
    severity: str
    description: str
    remedy: str
    at: datetime
    since: datetime
    seconds: float
    blocks: bool
    expired: bool = False
    detail: str = ""
    measures: tuple[str, ...] = ()
    skipped: CheckSkipView | None = None
    runbook: str = ""


def is_wrong(result: CheckResultView) -> bool:
    """Whether it is not as it should be; what there was nothing to find out about is not wrong."""
    return result.status != "pass" and not (result.status == "unknown" and result.severity == "Informational")


class CheckRoundView(View, frozen=True):
    """One time that checks were run. ``checks`` empty: all; ``ended`` null: they are being run, or the
    service has ended before they had."""

    number: int
    why: str
    began: datetime
    ended: datetime | None
    checks: tuple[str, ...] = ()


class ChecksView(View, frozen=True):
    """What is known of the system's health.

    ``rounds``: the last ones, newest first; ``running``: checks are being run now; ``lastRound``: the last
    one of all checks that came to its end;
    ``validHours``: how long results count; ``strict``: warnings block whatever is skipped; ``counts``: how
    many results there are of each status.
    """

    results: tuple[CheckResultView, ...]
    counts: dict[str, int]
    rounds: tuple[CheckRoundView, ...]
    running: CheckRoundView | None
    last_round: CheckRoundView | None
    skips: tuple[CheckSkipView, ...]
    valid_hours: float
    strict: bool


class CheckChangeView(View, frozen=True):
    """From then on a check had another status at a target."""

    target: str
    at: datetime
    status: str
    severity: str
    description: str


class CheckView(View, frozen=True):
    """One check, with what it found and how that has changed, newest first."""

    name: str
    title: str
    says: str
    origin: str
    severity: str
    results: tuple[CheckResultView, ...]
    changes: tuple[CheckChangeView, ...]
    skips: tuple[CheckSkipView, ...]


class CheckRunRequest(View, frozen=True):
    """Which checks to run; none named: all."""

    checks: tuple[str, ...] = ()


class CheckRunAsked(View, frozen=True):
    """That checks will be run: the first round that is numbered higher is this one, or a later one."""

    after: int


class CheckSkipRequest(View, frozen=True):
    """``target`` empty: at all targets."""

    reason: str
    target: str = ""


class CheckUnskipRequest(View, frozen=True):
    target: str = ""


class ReadinessView(View, frozen=True):
    """Whether the system is ready for an update, as far as its checks say.

    ``ready``: nothing that is known keeps it off; ``checkedAt``: the oldest of the results that count, null
    where there is none; ``blockers``: what the checks found, with what to do; ``skipped``: what would keep
    it off if it was not skipped; ``package``: what the update's own checks said when they were run last.
    """

    update: str
    ready: bool
    says: str
    checked_at: datetime | None
    blockers: tuple[FindingView, ...]
    skipped: tuple[FindingView, ...]
    package: tuple[CheckResultView, ...]
