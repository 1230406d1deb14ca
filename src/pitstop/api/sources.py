"""``/api/v1/sources``: publishers' feeds, and asking them now."""

from __future__ import annotations

from litestar import get, post

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.views import SourceView


@get("/sources", operation_id="listSources", summary="All sources and how they stand", sync_to_thread=True)
def list_sources(desk: DeskHere, actor: SignedIn) -> tuple[SourceView, ...]:
    return desk.sources.list(actor)


@post(
    "/sources/check",
    operation_id="checkSources",
    summary="Look for new updates now",
    description="Answers when all have been asked; what could not be reached is a finding of its source.",
    status_code=200,
    sync_to_thread=True,
)
def check_sources(desk: DeskHere, actor: SignedIn) -> tuple[SourceView, ...]:
    return desk.sources.check(actor)


HANDLERS = (list_sources, check_sources)
