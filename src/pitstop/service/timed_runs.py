"""What earlier runs tell the policy: how long installs took, health checks that passed, what was not got."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pitstop.model.runs import Phase, Run, RunPurpose, RunState
from pitstop.policy.facts import MeasuredRun

_GETTING = frozenset({Phase.DOWNLOAD, Phase.PREPARE})
_CHECKS_HEALTH = frozenset({RunPurpose.PREPARE, RunPurpose.HEALTH_CHECK})


def measured(runs: Iterable[Run]) -> tuple[MeasuredRun, ...]:
    """Installs that were timed here. A run that failed and was resumed tells nothing: most of its time may
    have been spent waiting for a person."""
    return tuple(
        MeasuredRun(run.release, (run.ended - run.created).total_seconds() / 60)
        for run in runs
        if run.purpose is RunPurpose.APPLY and run.attempt == 1 and _succeeded(run) and run.ended
    )


def health_checked(runs: Iterable[Run]) -> Mapping[str, datetime]:
    """By update name, when its health check last passed in a run that ended with it."""
    passed: dict[str, datetime] = {}
    for run in runs:
        if run.purpose in _CHECKS_HEALTH and _succeeded(run) and run.ended:
            passed[run.update] = max(run.ended, passed.get(run.update, run.ended))
    return passed


def failed_to_get(runs: Iterable[Run]) -> Mapping[str, int]:
    """By update name, how often its newest runs, one after the other, have failed before anything was checked
    on the nodes. ``runs``: newest first."""
    failures: dict[str, int] = {}
    counted: set[str] = set()
    for run in runs:
        if run.update in counted or run.state is RunState.IN_PROGRESS:
            continue
        if run.state is RunState.FAILED and run.phase in _GETTING:
            failures[run.update] = failures.get(run.update, 0) + run.attempt
        else:
            counted.add(run.update)
    return failures


def _succeeded(run: Run) -> bool:
    return run.state is RunState.SUCCEEDED
