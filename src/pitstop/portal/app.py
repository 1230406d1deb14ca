"""The portal as route handlers, to be put into an application beside the API.

The daemon builds the application::

    watches = Watches(desk.runs)  # shared with the API
    Litestar([*portal_routes(desk, watches), ...], exception_handlers={HTTPException: lost_page(desk)})

Inside its own routes the portal answers every error with a page. For addresses that no route takes the
application's own handler is asked; :func:`lost_page` makes the portal's, for all that are not the API's.
Pages ask the desk and are rendered in worker threads: nothing here holds up the event loop that drives runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from litestar import Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from pitstop.model.errors import NotSignedIn, PitstopError
from pitstop.portal.origins import SAFE_METHODS, same_origin
from pitstop.portal.pages import (
    account,
    accounts,
    alerts,
    cases,
    checklists,
    health,
    imports,
    inventory,
    issues,
    logs,
    nodes,
    overview,
    path,
    risks,
    runbooks,
    runs,
    sign_in,
    static,
    support,
    updates,
)
from pitstop.portal.problems import Shown, shown, shown_break, shown_http
from pitstop.portal.rendering import HEADERS, go_to
from pitstop.portal.sessions import sign_in_path
from pitstop.portal.streams import go_event, page_path, wants_stream
from pitstop.portal.visits import OpenDesk, PortalRequest, Visit, anonymous_page, visit_of
from pitstop.service.desk import Desk
from pitstop.service.watching import Watches
from pitstop.wire.http_statuses import OURS

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    overview.show,
    overview.live,
    overview.check_sources,
    overview.after_sign_in,
    updates.show,
    updates.ask,
    updates.begin,
    risks.accept,
    risks.revoke,
    risks.after_sign_in,
    support.show,
    path.show,
    runs.show_all,
    runs.show,
    runs.live,
    runs.show_step,
    runs.download,
    runs.resume,
    runs.ask,
    runs.do_ask,
    runs.after_sign_in,
    alerts.show_all,
    issues.show_all,
    issues.show,
    issues.consent,
    issues.after_sign_in,
    issues.ask,
    issues.mend,
    alerts.show,
    alerts.close,
    alerts.after_sign_in,
    alerts.test_channel,
    alerts.after_sign_in_to_test,
    runbooks.show,
    health.show_all,
    health.run,
    health.after_running,
    health.show,
    health.skip,
    health.unskip,
    health.after_sign_in,
    nodes.show_all,
    nodes.add,
    nodes.show,
    nodes.test,
    nodes.change,
    nodes.replace,
    nodes.remove,
    nodes.trust,
    nodes.after_sign_in,
    imports.show_all,
    imports.show,
    imports.request_file,
    imports.upload_form,
    imports.by_path,
    imports.finish,
    imports.discard,
    imports.after_sign_in,
    imports.begin,
    imports.state,
    imports.upload,
    inventory.show_sources,
    inventory.show_audit,
    logs.show_all,
    logs.collect,
    logs.show,
    logs.download,
    logs.cancel,
    logs.pin,
    logs.unpin,
    logs.send,
    logs.remove,
    logs.after_sign_in,
    checklists.show,
    checklists.tick,
    checklists.after_sign_in,
    cases.show_all,
    cases.open_case,
    cases.show,
    cases.download,
    cases.say,
    cases.close,
    cases.reopen,
    cases.renew,
    cases.after_sign_in,
    account.show,
    account.change_password,
    accounts.show,
    accounts.add,
    sign_in.show,
    sign_in.sign_in,
    sign_in.sign_out,
    static.show,
)

MAX_BODY: Final = 64 * 1024
"""Bytes: no form here has more than a few short fields, but for uploads."""

_LOG = logging.getLogger(__name__)


def portal_routes(desk: Desk, watches: Watches) -> list[ControllerRouterHandler]:
    """All pages and static files."""
    pages = Router(
        "/",
        route_handlers=list(PAGES),
        dependencies={
            "desk": Provide(lambda: desk, sync_to_thread=False),
            "visit": Provide(_visit, sync_to_thread=True),
            "watches": Provide(lambda: watches, sync_to_thread=False),
        },
        guards=[same_origin],
        exception_handlers={
            PitstopError: _problem_page(desk),
            HTTPException: lost_page(desk),
            Exception: _break_page,
        },
        request_max_body_size=MAX_BODY,
        include_in_schema=False,
    )
    return [pages]


def lost_page(desk: Desk) -> Callable[[PortalRequest, HTTPException], Response[str]]:
    """What answers an address that no route takes (404, 405): a page in the portal's look, with the
    navigation for whoever is signed in."""

    def answer(request: PortalRequest, error: HTTPException) -> Response[str]:
        return _page(desk, request, shown_http(error))

    return answer


def _visit(request: PortalRequest, desk: OpenDesk) -> Visit:
    return visit_of(request, desk)


def _problem_page(desk: Desk) -> Callable[[PortalRequest, PitstopError], Response[str] | Response[bytes]]:
    def answer(request: PortalRequest, error: PitstopError) -> Response[str] | Response[bytes]:
        wrong = shown(error)
        if isinstance(error, NotSignedIn):
            return _to_sign_in(request)
        if wants_stream(request) and wrong.status < OURS:
            return go_event(page_path(request))  # which says what is wrong
        return _page(desk, request, wrong)

    return answer


def _break_page(request: PortalRequest, error: Exception) -> Response[str]:
    _LOG.error("%s %s broke", request.method, request.url.path, exc_info=error)
    return anonymous_page("problem.html", 500, {"wrong": shown_break()})


def _page(desk: Desk, request: PortalRequest, wrong: Shown) -> Response[str]:
    """In the frame of whoever is signed in; without it, where even the frame cannot be had."""
    try:
        return visit_of(request, desk).page("problem.html", status=wrong.status, wrong=wrong)
    except PitstopError:
        return anonymous_page("problem.html", wrong.status, {"wrong": wrong})


def _to_sign_in(request: PortalRequest) -> Response[str] | Response[bytes]:
    """To the sign-in page, and from there back here. A stream and what htmx asked for cannot be swapped for
    a whole page: they are told to go there."""
    if wants_stream(request):
        return go_event(sign_in_path(page_path(request)))
    if request.headers.get("hx-request") == "true":
        headers = {**HEADERS, "HX-Redirect": sign_in_path(request.url.path)}
        return Response("", status_code=401, headers=headers, media_type="text/html")
    back = request.url.path
    if request.method in SAFE_METHODS and request.url.query:
        back += f"?{request.url.query}"
    return go_to(sign_in_path(back))
