"""Alerts, as Microsoft.InfrastructureInsights.Admin has them: list (with a filter), get, close."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from pitstop.api.update_admin.call import Call
from pitstop.api.update_admin.errors import ArmError
from pitstop.model.errors import NotFound
from pitstop.wire.alert_views import AlertView
from pitstop.wire.insights_admin import (
    API_VERSION,
    AlertList,
    AlertProperties,
    AlertResource,
    alert_resource,
    is_in_it,
    region_health,
)

PAGE = 100

_TERM = re.compile(
    r"\s*(?:properties/)?(?P<field>[a-z]+)\s+(?P<is>eq|ne)\s+'(?P<value>[^']*)'\s*", re.IGNORECASE
)
_FIELDS: Mapping[str, Callable[[AlertProperties], str]] = {
    "state": lambda alert: alert.state,
    "severity": lambda alert: alert.severity,
    "faulttypeid": lambda alert: alert.fault_type_id,
    "faultid": lambda alert: alert.fault_id,
    "alertid": lambda alert: alert.alert_id,
    "title": lambda alert: alert.title,
    "impactedresourceid": lambda alert: alert.impacted_resource_id,
    "impactedresourcedisplayname": lambda alert: alert.impacted_resource_display_name,
}


def list_alerts(call: Call) -> AlertList:
    wanted = _filter(call.query("$filter"))
    shown = [_resource(call, alert) for alert in call.desk.alerts.list(call.actor) if is_in_it(alert)]
    found = [alert for alert in shown if wanted(alert.properties)]
    page, rest = found[call.page : call.page + PAGE], found[call.page + PAGE :]
    return AlertList(value=tuple(page), next_link=_next(call) if rest else None)


def _next(call: Call) -> str:
    link = f"{call.link(f'{region_health(call.scope)}/alerts', API_VERSION)}&$skiptoken={call.page + PAGE}"
    asked = call.query("$filter")
    return f"{link}&$filter={quote(asked)}" if asked else link


def show_alert(call: Call) -> AlertResource:
    return _resource(call, _find(call))


def close_alert(call: Call) -> AlertResource:
    """Who asks closes it; whom the call names is kept as the reason."""
    user = call.query("user")
    reason = f"closed for {user}"[:500] if user and user != call.actor.name else ""
    return _resource(call, call.desk.alerts.close(call.actor, _find(call).id, reason))


def _find(call: Call) -> AlertView:
    """Raises NotFound."""
    wanted = call.names["alert"].lower()
    alert = call.desk.alerts.show(call.actor, wanted)
    if not is_in_it(alert):
        raise NotFound(f"alert {wanted} cannot be said in this API", hint="See it at /api/v1/alerts.")
    return alert


def _resource(call: Call, alert: AlertView) -> AlertResource:
    return alert_resource(call.scope, alert, call.base)


def _filter(text: str) -> Callable[[AlertProperties], bool]:
    """``state eq 'Active' and severity eq 'Critical'``.

    Raises:
        ArmError: it is no such thing, or names what alerts do not have.
    """
    terms = []
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE) if text.strip() else ():
        term = _TERM.fullmatch(part)
        field = _FIELDS.get(term["field"].lower()) if term else None
        if term is None or field is None:
            raise ArmError(400, "InvalidFilter", f"'{part}' is no filter that is known here.", "$filter")
        terms.append((field, term["is"].lower() == "eq", term["value"].casefold()))
    return lambda alert: all((field(alert).casefold() == value) is same for field, same, value in terms)
