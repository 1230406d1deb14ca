"""Checks: questions to the system whose answers say whether it is well and ready for an update.

A check is asked of *targets* (a node, this machine, a source, ...) and gives a :class:`CheckResult` for each.
What is not as it should be is a finding like any other. Critical blocks an update; Warning blocks unless the
check was skipped by name, with a reason; Informational never. A skipped check goes on being asked and shown,
and says that it is skipped: only its warnings no longer keep anything off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pitstop.model.findings import Finding, Severity

EVERY_TARGET = ""
"""What a skip names as its target that holds for all of them."""

RESULTS_VALID = timedelta(days=2)
"""How long what the checks found counts, unless the system is set otherwise."""


class CheckStatus(StrEnum):
    """``unknown``: it could not be found out, which is not a pass."""

    PASS = "pass"  # noqa: S105 - no password
    WARNING = "warning"
    FAIL = "fail"
    UNKNOWN = "unknown"


class CheckOrigin(StrEnum):
    """Whose check it is: Pitstop's own, the package's, or the operator's."""

    BUILT_IN = "built-in"
    PACKAGE = "package"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class CheckSkip:
    """That somebody has set a check's warnings aside.

    Attributes:
        target: of this target alone; ``""``: of all.
    """

    check: str
    target: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found at one target.

    Attributes:
        check: the check's name, such as ``clock``.
        code: of the finding that it is where it does not pass.
        target: what was looked at, such as ``node n3``.
        severity: how bad it is if it does not pass; of a pass, how bad it would be.
        description: what was found, in one sentence; of ``unknown``, why it could not be.
        remedy: what to do; "" where nothing need be done.
        detail: evidence, may have several lines.
        measures: what was measured, as Nagios' performance data has it, such as ``/=26MB;59;59;0;60``.
        took: from the question to the answer.
    """

    check: str
    code: str
    origin: CheckOrigin
    title: str
    target: str
    status: CheckStatus
    severity: Severity
    description: str
    remedy: str
    at: datetime
    took: timedelta
    detail: str = ""
    measures: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """A check at a target has one newest result."""
        return self.check, self.target


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A result as it is remembered. ``since``: from when on it has had this status without a break."""

    result: CheckResult
    since: datetime


@dataclass(frozen=True, slots=True)
class CheckChange:
    """That from then on a check at a target had another status than before."""

    check: str
    target: str
    at: datetime
    status: CheckStatus
    severity: Severity
    description: str


@dataclass(frozen=True, slots=True)
class CheckRound:
    """One time that checks were asked.

    Attributes:
        why: what made them be asked, such as ``daily`` or ``asked by anna``.
        checks: names of those that were asked; empty: all.
    """

    number: int
    began: datetime
    why: str
    checks: tuple[str, ...] = ()
    ended: datetime | None = None


def severity_of(status: CheckStatus, worst: Severity) -> Severity:
    """How bad a status is, of a check that is ``worst`` where it fails: a warning and what is not known are
    never Critical."""
    if status in (CheckStatus.WARNING, CheckStatus.UNKNOWN) and worst is Severity.CRITICAL:
        return Severity.WARNING
    return worst


def skip_of(result: CheckResult, skips: Iterable[CheckSkip]) -> CheckSkip | None:
    """The skip that holds for this result: of its target before one of all."""
    named = [skip for skip in skips if skip.check == result.check]
    mine = (skip for skip in named if skip.target == result.target)
    return next(mine, next((skip for skip in named if skip.target == EVERY_TARGET), None))


def _remedy(result: CheckResult, *, strict: bool) -> str:
    """What to do; of what keeps updates off also how to go on, once it is mended or in spite of it."""
    if result.severity is Severity.INFORMATIONAL:
        return result.remedy
    said = f"{result.remedy} Then run the check again: `pitstop check run {result.check}`."
    if strict or result.severity is not Severity.WARNING:
        return said.lstrip()
    how = f'`pitstop check skip {result.check} --target "{result.target}" --reason TEXT`'
    return f"{said} Or skip it, with a reason: {how}.".lstrip()


def _subject(result: CheckResult) -> str:
    """What it is about; of the operator's, which are all of one code, with the name of the check."""
    own = result.origin is not CheckOrigin.BUILT_IN
    return f"{result.target}, check {result.check}" if own else result.target


def finding_of(result: CheckResult, skip: CheckSkip | None = None, *, strict: bool = False) -> Finding | None:
    """What is to be known of a result; None: it passed.

    Args:
        skip: what sets its warnings aside. Nothing sets aside what is Critical.
        strict: on this system warnings block whatever is skipped.
    """
    if result.status is CheckStatus.PASS:
        return None
    finding = Finding(
        code=result.code,
        severity=result.severity,
        subject=_subject(result),
        what=f"{result.title}: {result.description}",
        remedy=_remedy(result, strict=strict),
        detail=result.detail,
    )
    if skip is None or strict or result.severity is not Severity.WARNING:
        return finding
    said = f"Skipped by {skip.by}: {skip.reason}"
    return replace(finding, severity=Severity.INFORMATIONAL, impact=said)
