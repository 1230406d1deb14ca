"""Server-Sent Events of the pages that fill by themselves; ``portal.js`` is the other end.

Events: ``part`` carries pieces of the page, each to be put in the place of the one with its id; ``over``
says that no more will come, so that the page is to be asked for once more as a whole; ``go`` names the page
to be gone to instead, such as the sign-in. A stream that ends without a word is asked for again by the
browser: so a page outlives a restart of the service.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from litestar.concurrency import sync_to_thread
from litestar.response import Response, Stream

from pitstop.model.errors import NotSignedIn
from pitstop.portal.rendering import HEADERS
from pitstop.portal.sessions import origin_of, sign_in_path, token_of
from pitstop.portal.visits import PortalRequest, Visit
from pitstop.service.watching import HEADERS as UNHELD
from pitstop.service.watching import MEDIA_TYPE, Telling, Watches, frame

OVER: Final = frame("over", "the run has ended")


def wants_stream(request: PortalRequest) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "")


def page_path(request: PortalRequest) -> str:
    """The page that a stream belongs to: ``/runs/7`` of ``/runs/7/live``."""
    return request.url.path.removesuffix("/live") or "/"


def run_stream(
    request: PortalRequest, visit: Visit, watches: Watches, run_id: str, telling: Telling
) -> Stream:
    """Parts of a page for as long as the run is in progress and the session holds."""
    token, origin = token_of(request), origin_of(request)

    async def still_signed_in() -> None:
        await sync_to_thread(visit.desk.accounts.actor, token, origin)

    async def parts() -> AsyncIterator[bytes]:
        try:
            async for part in watches.follow(run_id, telling, still_signed_in):
                yield part
        except NotSignedIn:
            yield frame("go", sign_in_path(page_path(request)))

    return Stream(parts(), media_type=MEDIA_TYPE, headers=HEADERS | UNHELD)


def one_event(event: bytes) -> Response[bytes]:
    """A stream that says this and ends."""
    return Response(event, media_type=MEDIA_TYPE, headers=HEADERS | UNHELD)


def go_event(path: str) -> Response[bytes]:
    return one_event(frame("go", path))
