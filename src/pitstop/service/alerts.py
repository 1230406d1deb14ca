"""Alerts: seeing and closing them. They are raised by what happens, in the transaction in which it does."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.alerts import Alert
from pitstop.ports.records import Alerts
from pitstop.service.audited import Audited
from pitstop.service.findings import finding_view
from pitstop.wire.views import AlertView


@dataclass(frozen=True, slots=True)
class AlertsService:
    """Implements :class:`pitstop.service.desk.AlertsDesk`."""

    records: Alerts
    audited: Audited

    def list(self, actor: Actor, *, active_only: bool = False) -> tuple[AlertView, ...]:
        actor.require(Permission.SEE)
        return tuple(_view(alert) for alert in self.records.alerts(active_only=active_only))

    def close(self, actor: Actor, alert_id: str) -> AlertView:
        with self.audited.change(actor, Permission.OPERATE, "close alert", alert_id):
            return _view(self.records.close_alert(alert_id, actor.name, self.audited.clock.now()))


def _view(alert: Alert) -> AlertView:
    return AlertView(
        id=alert.id,
        finding=finding_view(alert.finding),
        raised=alert.raised,
        refreshed=alert.refreshed,
        closed=alert.closed,
        closed_by=alert.closed_by,
    )
