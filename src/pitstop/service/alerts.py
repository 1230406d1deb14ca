"""Alerts: seeing and closing them. They are raised by what happens, in the transaction in which it does, and
by looks at what is (see :mod:`pitstop.policy.alert_kinds`)."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.alerts import Alert
from pitstop.ports.records import Alerts
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.audited import Audited
from pitstop.service.findings import finding_view
from pitstop.wire.alert_views import AlertView, LinkView


@dataclass(frozen=True, slots=True)
class AlertsService:
    """Implements :class:`pitstop.service.desk.AlertsDesk`."""

    records: Alerts
    messages: AlertMessages
    audited: Audited

    def list(self, actor: Actor, *, active_only: bool = False) -> tuple[AlertView, ...]:
        actor.require(Permission.SEE)
        return tuple(self._view(alert) for alert in self.records.alerts(active_only=active_only))

    def show(self, actor: Actor, alert_id: str) -> AlertView:
        actor.require(Permission.SEE)
        return self._view(self.records.alert(alert_id))

    def close(self, actor: Actor, alert_id: str, reason: str = "") -> AlertView:
        reason = " ".join(reason.split())
        what = f"close alert: {reason}" if reason else "close alert"
        with self.audited.change(actor, Permission.OPERATE, what, alert_id):
            return self._view(
                self.records.close_alert(alert_id, actor.name, self.audited.clock.now(), reason)
            )

    def _view(self, alert: Alert) -> AlertView:
        remediation, run = self.messages.remediation(alert), self.messages.run_of(alert)
        return AlertView(
            id=alert.id,
            finding=finding_view(alert.finding),
            state=alert.state,
            raised=alert.raised,
            refreshed=alert.refreshed,
            closed=alert.closed,
            closed_by=alert.closed_by,
            reason=alert.reason,
            source=alert.source,
            verdict=alert.verdict or "",
            steps=remediation.steps,
            links=tuple(LinkView(words=link.words, url=link.url) for link in remediation.links),
            update=alert.update,
            run=run.id if run else None,
        )
