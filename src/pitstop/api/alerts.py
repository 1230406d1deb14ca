"""``/api/v1/alerts``: findings that were raised, and closing them; ``/api/v1/alert-channels``: where they are
sent on to."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.alert_views import AlertView, ChannelView, CloseAlert

ActiveOnly = Annotated[
    bool, QueryParameter(name="active", description="Only alerts that are neither held back nor closed.")
]


@get("/alerts", operation_id="listAlerts", summary="Alerts, newest first", sync_to_thread=True)
def list_alerts(desk: DeskHere, actor: SignedIn, active: ActiveOnly = False) -> tuple[AlertView, ...]:
    return desk.alerts.list(actor, active_only=active)


@get(
    "/alerts/{alert_id:str}",
    operation_id="showAlert",
    summary="An alert, with what to do",
    sync_to_thread=True,
)
def show_alert(desk: DeskHere, actor: SignedIn, alert_id: FromPath[str]) -> AlertView:
    return desk.alerts.show(actor, alert_id)


@post(
    "/alerts/{alert_id:str}/close",
    operation_id="closeAlert",
    summary="Close an alert",
    description="If its cause is seen again, another one is raised.",
    status_code=200,
    sync_to_thread=True,
)
def close_alert(
    desk: DeskHere, actor: SignedIn, alert_id: FromPath[str], data: JSONBody[CloseAlert | None] = None
) -> AlertView:
    return desk.alerts.close(actor, alert_id, data.reason if data else "")


@get(
    "/alert-channels",
    operation_id="listAlertChannels",
    summary="Where alerts are sent on to, and how that does",
    sync_to_thread=True,
)
def list_channels(desk: DeskHere, actor: SignedIn) -> tuple[ChannelView, ...]:
    return desk.channels.list(actor)


@post(
    "/alert-channels/{name:str}/test",
    operation_id="testAlertChannel",
    summary="Send a test message by a channel",
    description="Answers when the channel has taken it, or with what it failed with.",
    status_code=200,
    sync_to_thread=True,
)
def test_channel(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> ChannelView:
    return desk.channels.test(actor, name)


HANDLERS = (list_alerts, show_alert, close_alert, list_channels, test_channel)
