"""Reading the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.ports.records import AuditLog
from pitstop.wire.views import AuditView


@dataclass(frozen=True, slots=True)
class AuditService:
    """Implements :class:`pitstop.service.desk.AuditDesk`."""

    log: AuditLog

    def list(self, actor: Actor, limit: int = 200) -> tuple[AuditView, ...]:
        """The newest acts. One that was completed is one line, as it ended; one that says ``begun`` goes on
        still, or nobody could write down how it ended."""
        actor.require(Permission.READ_LOGS)
        entries = self.log.entries(2 * limit)
        completed = {entry.completes for entry in entries if entry.completes is not None}
        acts = [entry for entry in entries if entry.number not in completed]
        return tuple(
            AuditView(
                at=entry.at,
                who=entry.who,
                what=entry.what,
                subject=entry.subject,
                origin=entry.origin,
                outcome=entry.outcome,
            )
            for entry in acts[:limit]
        )
