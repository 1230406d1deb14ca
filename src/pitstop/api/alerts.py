"""``/api/v1/alerts``: findings that were raised, and closing them."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, QueryParameter

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.views import AlertView

ActiveOnly = Annotated[bool, QueryParameter(name="active", description="Only alerts that are not closed.")]


@get("/alerts", operation_id="listAlerts", summary="Alerts, newest first", sync_to_thread=True)
def list_alerts(desk: DeskHere, actor: SignedIn, active: ActiveOnly = False) -> tuple[AlertView, ...]:
    return desk.alerts.list(actor, active_only=active)


@post(
    "/alerts/{alert_id:str}/close",
    operation_id="closeAlert",
    summary="Close an alert",
    status_code=200,
    sync_to_thread=True,
)
def close_alert(desk: DeskHere, actor: SignedIn, alert_id: FromPath[str]) -> AlertView:
    return desk.alerts.close(actor, alert_id)


HANDLERS = (list_alerts, close_alert)
