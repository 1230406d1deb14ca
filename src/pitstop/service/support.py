"""Support as faces show it."""

from __future__ import annotations

from pitstop.policy.support import SupportStatus
from pitstop.service.findings import finding_view
from pitstop.wire.views import SupportView


def support_view(status: SupportStatus) -> SupportView:
    return SupportView(
        status=status.state,
        position=status.position,
        why=status.why,
        newest_family=status.newest or "",
        current_family=status.current or "",
        as_known_on=status.known_on,
        findings=tuple(finding_view(finding) for finding in status.findings),
    )
