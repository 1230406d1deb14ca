"""Hotfixes should be on within 45 days of their release: a finding, not loss of support."""

from __future__ import annotations

from datetime import date, timedelta

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.installed import Installation
from pitstop.policy.release_dates import days_of

HOTFIX_WITHIN = timedelta(days=45)
"""The last day on which a hotfix is still in time is its release plus this."""


def hotfix_findings(graph: ReleaseGraph, on: Installation, at: date) -> tuple[Finding, ...]:
    """Whether a hotfix of the family that the system is on is overdue: the oldest one that is not on
    decides, the newest one is what to install."""
    node = graph.families.get(on.family) if on.family else None
    if node is None:
        return ()
    waiting = [h for h in node.hotfixes[on.level :] if h.status is ReleaseStatus.AVAILABLE]
    waiting = [h for h in waiting if not _came_after(h, at)]
    if not waiting:
        return ()
    newest = waiting[-1]
    if any(_surely_overdue(hotfix, at) for hotfix in waiting):
        return (_finding("hotfix-overdue", Severity.WARNING, newest, "longer than 45 days ago"),)
    if any(_maybe_overdue(hotfix, at) for hotfix in waiting):
        return (_finding("hotfix-age-unknown", Severity.INFORMATIONAL, newest, "on a day that is not known"),)
    return (_finding("hotfix-waiting", Severity.INFORMATIONAL, newest, "less than 46 days ago"),)


def _came_after(hotfix: Release, at: date) -> bool:
    earliest = days_of(hotfix.released).earliest
    return earliest is not None and earliest > at


def _surely_overdue(hotfix: Release, at: date) -> bool:
    latest = days_of(hotfix.released).latest
    return latest is not None and latest + HOTFIX_WITHIN < at


def _maybe_overdue(hotfix: Release, at: date) -> bool:
    earliest = days_of(hotfix.released).earliest
    return earliest is None or earliest + HOTFIX_WITHIN < at


def _finding(code: str, severity: Severity, newest: Release, when: str) -> Finding:
    return Finding(
        code,
        severity,
        f"update {newest.name}",
        f"A hotfix of the installed family was released {when} and is not on; "
        f"the newest is {newest.version}.",
        f"Install {newest.name}; the policy is to do so within 45 days of the release.",
    )
