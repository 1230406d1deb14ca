"""Checks as faces show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pitstop.model.checks import (
    CheckChange,
    CheckRound,
    CheckSkip,
    CheckStatus,
    KeptResult,
    finding_of,
    skip_of,
)
from pitstop.wire.check_views import CheckChangeView, CheckResultView, CheckRoundView, CheckSkipView


def result_view(
    kept: KeptResult, skips: Sequence[CheckSkip], oldest: datetime, *, strict: bool
) -> CheckResultView:
    """``oldest``: what was found before does not count any more."""
    result = kept.result
    skip = skip_of(result, skips)
    finding = finding_of(result, skip, strict=strict)
    expired = result.at < oldest
    return CheckResultView(
        check=result.check,
        origin=result.origin,
        title=result.title,
        target=result.target,
        status=result.status,
        severity=result.severity,
        description=result.description,
        remedy=result.remedy,
        at=result.at,
        since=kept.since,
        seconds=round(result.took.total_seconds(), 3),
        blocks=finding is not None and finding.blocks and not expired,
        expired=expired,
        detail=result.detail,
        measures=result.measures,
        skipped=skip_view(skip) if skip else None,
        runbook="" if result.status is CheckStatus.PASS else f"docs/runbooks/{result.code}.md",
    )


def skip_view(skip: CheckSkip) -> CheckSkipView:
    return CheckSkipView(check=skip.check, target=skip.target, reason=skip.reason, by=skip.by, at=skip.at)


def round_view(each: CheckRound) -> CheckRoundView:
    return CheckRoundView(
        number=each.number, why=each.why, began=each.began, ended=each.ended, checks=each.checks
    )


def change_view(change: CheckChange) -> CheckChangeView:
    return CheckChangeView(
        target=change.target,
        at=change.at,
        status=change.status,
        severity=change.severity,
        description=change.description,
    )
