"""``/alerts``: what is raised, what to do about it, and what was closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response

from pitstop.model.accounts import Permission
from pitstop.model.alerts import AlertState
from pitstop.model.errors import NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit, PortalRequest, Visit
from pitstop.wire.alert_views import AlertView

SHOWN: Final = {"": "Active and closed", "active": "Active", "closed": "Closed"}
"""What the page may show, by the word in its address."""


class CloseForm(msgspec.Struct):
    reason: str = ""


@get("/alerts", sync_to_thread=True)
def show_all(request: PortalRequest, visit: OpenVisit) -> Response[str]:
    asked = request.query_params.get("show", "")
    return _page(visit, show=asked if asked in SHOWN else "")


@get("/alerts/{alert_id:str}", sync_to_thread=True)
def show(visit: OpenVisit, alert_id: FromPath[str]) -> Response[str]:
    return visit.page("alert.html", alert=visit.desk.alerts.show(visit.actor, alert_id))


@post("/alerts/{alert_id:str}/close", sync_to_thread=True)
def close(visit: OpenVisit, alert_id: FromPath[str], data: URLEncodedBody[CloseForm]) -> Response[str]:
    try:
        visit.desk.alerts.close(visit.actor, alert_id, data.reason[:500])
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _page(visit, error)
    return go_to("/alerts?done=closed")


@get("/alerts/{alert_id:str}/close", sync_to_thread=False)
def after_sign_in(alert_id: FromPath[str]) -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/alerts/{in_path(alert_id)}")


@post("/alert-channels/{name:str}/test", sync_to_thread=True)
def test_channel(visit: OpenVisit, name: FromPath[str]) -> Response[str]:
    try:
        visit.desk.channels.test(visit.actor, name)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, error)
    return go_to("/alerts?done=channel-took")


@get("/alert-channels/{name:str}/test", sync_to_thread=False)
def after_sign_in_to_test(name: FromPath[str]) -> Response[str]:  # noqa: ARG001  part of the path
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to("/alerts")


def _page(visit: Visit, problem: PitstopError | None = None, show: str = "") -> Response[str]:
    every = visit.desk.alerts.list(visit.actor)
    return visit.page(
        "alerts.html",
        problem=problem,
        show=show,
        shown=SHOWN,
        held=_of(every, AlertState.HELD),
        closed=_of(every, AlertState.CLOSED),
        channels=visit.desk.channels.list(visit.actor) if visit.may(Permission.SEE) else (),
    )


def _of(alerts: Sequence[AlertView], state: AlertState) -> list[AlertView]:
    return [alert for alert in alerts if alert.state is state]
