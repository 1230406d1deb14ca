"""Rules of alerts, as functions of what was found."""

from __future__ import annotations

from collections.abc import Iterable

from pitstop.model.findings import Finding, Severity

_RANK = {Severity.CRITICAL: 2, Severity.WARNING: 1, Severity.INFORMATIONAL: 0}


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
