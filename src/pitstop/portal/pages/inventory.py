"""``/nodes``, ``/sources`` and ``/audit``: what there is, where updates come from, who did what."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from pitstop.model.accounts import Permission
from pitstop.portal.visits import OpenVisit


@get("/nodes", sync_to_thread=True)
def show_nodes(visit: OpenVisit) -> Response[str]:
    visit.actor.require(Permission.SEE)
    return visit.page("nodes.html")


@get("/sources", sync_to_thread=True)
def show_sources(visit: OpenVisit) -> Response[str]:
    return visit.page("sources.html", sources=visit.desk.sources.list(visit.actor))


@get("/audit", sync_to_thread=True)
def show_audit(visit: OpenVisit) -> Response[str]:
    return visit.page("audit.html", entries=visit.desk.audit.list(visit.actor))
