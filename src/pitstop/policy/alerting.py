"""Rules of alerts, as functions of what was found: what counts of it, who is told what, and when again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from pitstop.model.alerts import CLOSED, Alert
from pitstop.model.findings import Finding, Severity

_RANK = {Severity.CRITICAL: 2, Severity.WARNING: 1, Severity.INFORMATIONAL: 0}

_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=15)

DEAD_AFTER = 5
"""Failures in a row after which a channel is dead: two and a half minutes and more."""

_NEXT_STEP = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])|[;,]\s+(?:and\s+)?then,?\s+")


def rank(severity: Severity) -> int:
    """The higher, the worse."""
    return _RANK[severity]


def each_once(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """By code and subject, the worst; the first of those that are as bad."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.subject)
        if key not in found or rank(finding.severity) > rank(found[key].severity):
            found[key] = finding
    return found


def owed(alert: Alert, told: str, at_least: Severity) -> str:
    """What a channel is still to be told of an alert: its severity, or that it is closed; "" for nothing.

    Args:
        told: what the channel took of it last; "" for nothing.
        at_least: the mildest that the channel is told of.
    """
    severity = alert.finding.severity
    state = str(severity) if alert.active and rank(severity) >= rank(at_least) else CLOSED
    if state == told or (state == CLOSED and not told):
        return ""
    return state


def pause_after(failures: int) -> timedelta:
    """How long a channel is left alone after so many failures in a row."""
    doublings = min(max(failures - 1, 0), 10)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


def steps_of(remedy: str) -> tuple[str, ...]:
    """A remedy, one step each: its sentences, and what comes after *then*."""
    steps = (step.strip() for step in _NEXT_STEP.split(remedy))
    return tuple(step[:1].upper() + step[1:] for step in steps if step)
