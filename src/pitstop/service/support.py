"""Support as faces show it."""

from __future__ import annotations

from datetime import UTC, datetime, time

from pitstop.policy.support import SupportStatus
from pitstop.service.findings import finding_view
from pitstop.wire.views import SupportView


def support_view(status: SupportStatus) -> SupportView:
    known = status.known_on
    return SupportView(
        status=status.state,
        position=status.position,
        why=status.why,
        newest_family=status.newest or "",
        current_family=status.current or "",
        as_known_on=datetime.combine(known, time(), UTC) if known else None,
        findings=tuple(finding_view(finding) for finding in status.findings),
    )
