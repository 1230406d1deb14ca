"""Microsoft.InfrastructureInsights.Admin 2016-05-01: alerts in its JSON shapes. Pure.

That API knows Warning and Critical, Active and Closed. What is only for information, or held back, is not in
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pitstop.model.alerts import AlertState
from pitstop.model.findings import Severity
from pitstop.wire.alert_views import AlertView
from pitstop.wire.formats import capitalised
from pitstop.wire.update_admin import Scope, Shape, arm_instant

API_VERSION = "2016-05-01"
NAMESPACE = "Microsoft.InfrastructureInsights.Admin"

Token = dict[str, str]
"""A piece of rich text: ``Text``, ``LinkBegin`` or ``LinkEnd``."""


class AlertProperties(Shape, frozen=True):
    """Instants are text; "" where there is none."""

    alert_id: str
    fault_id: str
    fault_type_id: str
    title: str
    severity: str
    state: str
    description: tuple[Token, ...]
    remediation: tuple[Token, ...]
    impacted_resource_id: str
    impacted_resource_display_name: str
    resource_registration_id: str
    resource_provider_registration_id: str
    alert_properties: dict[str, str]
    created_timestamp: str
    last_updated_timestamp: str
    closed_timestamp: str
    closed_by_user_alias: str


class AlertResource(Shape, frozen=True):
    """The envelope."""

    id: str
    name: str
    type: str
    location: str
    tags: dict[str, str]
    properties: AlertProperties


class AlertList(Shape, frozen=True):
    value: tuple[AlertResource, ...]
    next_link: str | None = None


def region_health(scope: Scope) -> str:
    """The id of what alerts hang below."""
    root = f"/subscriptions/{scope.subscription}/resourceGroups/{scope.group}"
    return f"{root}/providers/{NAMESPACE}/regionHealths/{scope.location}"


def is_in_it(alert: AlertView) -> bool:
    """Whether this API can say it."""
    return alert.state is not AlertState.HELD and alert.finding.severity != Severity.INFORMATIONAL


def alert_resource(scope: Scope, alert: AlertView, base: str) -> AlertResource:
    """``base``: scheme and host that links begin with."""
    finding = alert.finding
    return AlertResource(
        id=f"{region_health(scope)}/alerts/{alert.id}",
        name=alert.id,
        type=f"{NAMESPACE}/regionHealths/alerts",
        location=scope.location,
        tags={},
        properties=AlertProperties(
            alert_id=alert.id,
            fault_id=f"{finding.code}/{finding.subject}",
            fault_type_id=finding.code,
            title=capitalised(finding.what),
            severity=finding.severity,
            state="Closed" if alert.closed else "Active",
            description=tuple(_text(said) for said in (finding.what, finding.impact) if said),
            remediation=tuple(_remediation(alert, base)),
            impacted_resource_id=scope.update(alert.update) if alert.update else scope.id,
            impacted_resource_display_name=finding.subject,
            resource_registration_id="",
            resource_provider_registration_id="",
            alert_properties={"source": alert.source, "verdict": alert.verdict},
            created_timestamp=_said(alert.raised),
            last_updated_timestamp=_said(alert.closed or alert.refreshed),
            closed_timestamp=_said(alert.closed),
            closed_by_user_alias=alert.closed_by,
        ),
    )


def _remediation(alert: AlertView, base: str) -> Iterator[Token]:
    for number, step in enumerate(alert.steps, start=1):
        yield _text(f"{number}. {step}")
    for link in alert.links:
        url = f"{base}{link.url}" if link.url.startswith("/") else link.url
        yield {"type": "LinkBegin", "linkType": "Uri", "uri": url, "resourceId": ""}
        yield _text(link.words)
        yield {"type": "LinkEnd"}


def _text(said: str) -> Token:
    return {"type": "Text", "text": said}


def _said(at: datetime | None) -> str:
    return arm_instant(at) or ""
