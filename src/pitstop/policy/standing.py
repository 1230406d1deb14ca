"""What is worth an alert though nothing has happened: support that ends, updates that may be installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from pitstop.model.findings import Finding, Severity
from pitstop.policy.applicability import Applicability
from pitstop.policy.support import SupportState, SupportStatus

SOON = timedelta(days=30)
"""How long before it may end the end of support is an alert."""


def support_findings(status: SupportStatus) -> Iterator[Finding]:
    """Of the support as it is today."""
    yield from (finding for finding in status.findings if finding.blocks)
    if status.state is SupportState.OUT_OF_COMPLIANCE:
        yield Finding(
            "out-of-support",
            Severity.CRITICAL,
            "support of this system",
            f"This system is out of support. {status.why}",
            "See which updates lead back, in the order in which they go: pitstop path",
            "The vendor helps only with the updates that lead back, and new updates may refuse the system.",
        )
    ahead = status.forecast
    if status.state is SupportState.SUPPORTED and ahead is not None and ahead.earliest is not None:
        if ahead.earliest - status.at > SOON:
            return
        day = ahead.earliest if ahead.certain else f"{ahead.earliest} at the earliest"
        yield Finding(
            "support-ends-soon",
            Severity.WARNING,
            "support of this system",
            f"If nothing is installed, support ends on {day}. {ahead.why}",
            "Plan the updates that lead to a newer family: pitstop path",
            "After that day the vendor helps only with the updates that lead back.",
        )


def update_findings(verdicts: Mapping[str, Applicability]) -> Iterator[Finding]:
    """The newest update of each product that may be installed now."""
    for verdict in _newest(verdict for verdict in verdicts.values() if verdict.installable):
        release = verdict.release
        aside = "" if verdict.recommended else " The publisher names risks: read them first."
        yield Finding(
            "update-available",
            Severity.INFORMATIONAL,
            f"update {release.name}",
            f"{release.title} may be installed.",
            f"Read its release notes, and plan when it goes on: pitstop update show {release.name}",
            f"This system does not have what it brings.{aside}",
            links=tuple(link for link in (release.notes_link,) if link),
        )


def _newest(verdicts: Iterable[Applicability]) -> Iterable[Applicability]:
    found: dict[tuple[str, str], Applicability] = {}
    for verdict in verdicts:
        product = (verdict.release.id.publisher, verdict.release.id.product)
        if product not in found or found[product].release.id.version < verdict.release.id.version:
            found[product] = verdict
    return found.values()
