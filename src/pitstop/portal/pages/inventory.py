"""``/sources`` and ``/audit``: where updates come from, who did what."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from pitstop.portal.visits import OpenVisit


@get("/sources", sync_to_thread=True)
def show_sources(visit: OpenVisit) -> Response[str]:
    return visit.page("sources.html", sources=visit.desk.sources.list(visit.actor))


@get("/audit", sync_to_thread=True)
def show_audit(visit: OpenVisit) -> Response[str]:
    return visit.page("audit.html", entries=visit.desk.audit.list(visit.actor))
