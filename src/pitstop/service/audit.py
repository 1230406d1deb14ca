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
        actor.require(Permission.READ_LOGS)
        return tuple(
            AuditView(
                at=entry.at,
                who=entry.who,
                what=entry.what,
                subject=entry.subject,
                origin=entry.origin,
                outcome=entry.outcome,
            )
            for entry in self.log.entries(limit)
        )
