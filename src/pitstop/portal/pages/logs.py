"""``/logs``: collecting logs, what came of it, and the files. For who may read logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response, Stream

from pitstop.model.accounts import Permission
from pitstop.model.errors import InvalidInput, NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import HEADERS, go_to, in_path
from pitstop.portal.visits import OpenVisit, PortalRequest, Visit
from pitstop.service.log_files import pieces
from pitstop.service.watching import ENDLESS
from pitstop.wire.byte_ranges import part_of
from pitstop.wire.log_views import NewBundle

SHOWN: Final = 200
"""Things of a bundle that a page shows; beyond that the file's own page has them."""
_UNDER_WAY: Final = frozenset({"waiting", "collecting"})


@dataclass(frozen=True, slots=True)
class CollectForm:
    hours: str = ""
    place: str = ""
    pseudonyms: str = ""


@dataclass(frozen=True, slots=True)
class SendForm:
    target: str = ""


@get("/logs", sync_to_thread=True)
def show_all(visit: OpenVisit) -> Response[str]:
    return _list(visit)


@post("/logs", sync_to_thread=True)
def collect(visit: OpenVisit, data: URLEncodedBody[CollectForm]) -> Response[str]:
    try:
        begun = visit.desk.logs.collect(visit.actor, _wanted(data))
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _list(visit, error, typed=data)
    return go_to(f"/logs/{in_path(begun.id)}?done=collecting")


@get("/logs/{bundle_id:str}", sync_to_thread=True)
def show(visit: OpenVisit, bundle_id: FromPath[str]) -> Response[str]:
    return _page(visit, bundle_id)


@get("/logs/{bundle_id:str}/file", opt={ENDLESS: True}, sync_to_thread=True)
def download(request: PortalRequest, visit: OpenVisit, bundle_id: FromPath[str]) -> Stream:
    """The bundle's file; a browser that was interrupted goes on where it was."""
    bundle = visit.desk.logs.show(visit.actor, bundle_id)
    path = visit.desk.logs.file(visit.actor, bundle_id)
    part = part_of(request.headers.get("range", ""), bundle.size, bundle.file_name)
    return Stream(
        pieces(path, part.start),
        media_type="application/zip",
        headers={**HEADERS, **part.headers},
        status_code=part.status,
    )


@post("/logs/{bundle_id:str}/cancel", sync_to_thread=True)
def cancel(visit: OpenVisit, bundle_id: FromPath[str]) -> Response[str]:
    return _done(visit, bundle_id, "cancelled", lambda: visit.desk.logs.cancel(visit.actor, bundle_id))


@post("/logs/{bundle_id:str}/pin", sync_to_thread=True)
def pin(visit: OpenVisit, bundle_id: FromPath[str]) -> Response[str]:
    return _done(visit, bundle_id, "pinned", lambda: visit.desk.logs.pin(visit.actor, bundle_id, pinned=True))


@post("/logs/{bundle_id:str}/unpin", sync_to_thread=True)
def unpin(visit: OpenVisit, bundle_id: FromPath[str]) -> Response[str]:
    return _done(
        visit, bundle_id, "unpinned", lambda: visit.desk.logs.pin(visit.actor, bundle_id, pinned=False)
    )


@post("/logs/{bundle_id:str}/send", sync_to_thread=True)
def send(visit: OpenVisit, bundle_id: FromPath[str], data: URLEncodedBody[SendForm]) -> Response[str]:
    return _done(
        visit, bundle_id, "sending", lambda: visit.desk.logs.send(visit.actor, bundle_id, data.target)
    )


@post("/logs/{bundle_id:str}/remove", sync_to_thread=True)
def remove(visit: OpenVisit, bundle_id: FromPath[str]) -> Response[str]:
    try:
        visit.desk.logs.remove(visit.actor, bundle_id)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, bundle_id, error)
    return go_to("/logs?done=logs-removed")


@get(
    ["/logs/{bundle_id:str}/" + verb for verb in ("cancel", "pin", "unpin", "send", "remove")],
    sync_to_thread=False,
)
def after_sign_in(bundle_id: FromPath[str]) -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/logs/{in_path(bundle_id)}")


def _done(visit: Visit, bundle_id: str, done: str, act: Callable[[], object]) -> Response[str]:
    try:
        act()
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, bundle_id, error)
    return go_to(f"/logs/{in_path(bundle_id)}?done={done}")


def _wanted(data: CollectForm) -> NewBundle:
    """Raises InvalidInput."""
    try:
        hours = float(data.hours or "4")
    except ValueError:
        raise InvalidInput(f"{data.hours!r} is no number of hours", hint="Such as 4, or 0.5.") from None
    kind, _, name = data.place.partition(" ")
    return NewBundle(
        hours=hours,
        nodes=(name,) if kind == "node" else (),
        roles=(name,) if kind == "role" else (),
        pseudonyms=data.pseudonyms == "yes",
    )


def _list(
    visit: Visit, problem: PitstopError | None = None, typed: CollectForm | None = None
) -> Response[str]:
    return visit.page(
        "logs.html",
        problem=problem,
        bundles=visit.desk.logs.list(visit.actor),
        offer=visit.desk.logs.offer(visit.actor),
        typed=typed or CollectForm(hours="4"),
        may_collect=visit.may(Permission.COLLECT_LOGS),
    )


def _page(visit: Visit, bundle_id: str, problem: PitstopError | None = None) -> Response[str]:
    bundle = visit.desk.logs.show(visit.actor, bundle_id)
    plain = [thing for thing in bundle.collected if thing.outcome != "failed"]
    return visit.page(
        "log_bundle.html",
        problem=problem,
        bundle=bundle,
        failed=[thing for thing in bundle.collected if thing.outcome == "failed"],
        collected=plain[:SHOWN],
        further=max(0, len(plain) - SHOWN),
        under_way=bundle.state in _UNDER_WAY,
        offer=visit.desk.logs.offer(visit.actor),
        may_collect=visit.may(Permission.COLLECT_LOGS),
    )
