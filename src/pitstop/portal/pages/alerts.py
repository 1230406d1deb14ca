"""``/alerts``: what is raised, what to do about it, and what was closed."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from pitstop.model.errors import NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to
from pitstop.portal.visits import OpenVisit, Visit


@get("/alerts", sync_to_thread=True)
def show(visit: OpenVisit) -> Response[str]:
    return _page(visit)


@post("/alerts/{alert_id:str}/close", sync_to_thread=True)
def close(visit: OpenVisit, alert_id: FromPath[str]) -> Response[str]:
    try:
        visit.desk.alerts.close(visit.actor, alert_id)
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _page(visit, error)
    return go_to("/alerts?done=closed")


@get("/alerts/{alert_id:str}/close", sync_to_thread=False)
def after_sign_in() -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to("/alerts")


def _page(visit: Visit, problem: PitstopError | None = None) -> Response[str]:
    every = visit.desk.alerts.list(visit.actor)
    return visit.page("alerts.html", problem=problem, closed=[alert for alert in every if alert.closed])
