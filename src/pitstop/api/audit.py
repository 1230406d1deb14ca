"""``/api/v1/audit``: who did what, when, from where, and how it ended."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.views import AuditView

Limit = Annotated[int, QueryParameter(ge=1, le=10_000, description="At most this many entries.")]


@get("/audit", operation_id="listAudit", summary="The audit log, newest first", sync_to_thread=True)
def list_audit(desk: DeskHere, actor: SignedIn, limit: Limit = 200) -> tuple[AuditView, ...]:
    return desk.audit.list(actor, limit)


HANDLERS = (list_audit,)
