"""A visit: one request of somebody who is signed in, and the frame around every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from litestar.connection import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Response

from pitstop.model.accounts import GRANTS, Actor, Permission
from pitstop.model.errors import PitstopError
from pitstop.model.findings import Severity
from pitstop.policy.alerting import rank
from pitstop.portal.problems import shown
from pitstop.portal.rendering import html
from pitstop.portal.sessions import origin_of, token_of
from pitstop.service.desk import Desk
from pitstop.service.watching import Watches
from pitstop.wire.alert_views import AlertView
from pitstop.wire.views import SystemView

PortalRequest: TypeAlias = Request[Any, Any, Any]

DONE: Final[Mapping[str, str]] = {
    "checked": "All sources were asked. What is new is on this page.",
    "resumed": "The run goes on.",
    "closed": "The alert was closed.",
    "channel-took": "The channel has taken the test message.",
    "checks-run": "The checks were run. What they found is on this page.",
    "checks-asked": "The checks are being run. Load this page again to see what they find.",
    "check-skipped": "The check is skipped. That is written down, with the reason.",
    "check-unskipped": "The check is no longer skipped.",
    "node-added": "The node was added; it has passed its test, or was declared untested.",
    "node-changed": "The node is declared as it stands here.",
    "node-removed": "The node was removed.",
    "key-trusted": "The new host key is pinned.",
    "collecting": "Logs are being collected.",
    "cancelled": "Nothing more is collected.",
    "pinned": "The logs stay, however old they get.",
    "unpinned": "The logs stay no longer than others.",
    "sending": "The logs are on their way. Load this page again to see whether they have arrived.",
    "logs-removed": "The logs were removed.",
    "case-opened": "The case is open. Its file is being made.",
    "case-said": "It is written down in the case.",
    "case-closed": "The case is closed.",
    "case-reopened": "The case is open again.",
    "case-renewed": "The file is being made anew.",
    "account": "The account was added.",
    "discarded": "The import was discarded. What it had brought into place stays.",
    "risk-accepted": "The risk is accepted. That is written down, with the reason.",
    "risk-revoked": "The risk is no longer accepted.",
    "signed-out": "You are signed out.",
    "password": "The password was changed, and all sessions were ended. Sign in again.",
}
"""What a page may say after a form, by the word in its address: never free text from an address."""


@dataclass
class Visit:
    """Who asks, of what, and which part of the portal the page belongs to."""

    desk: Desk
    actor: Actor
    path: str
    done: str = ""

    def may(self, permission: Permission) -> bool:
        return permission in GRANTS[self.actor.role]

    @cached_property
    def system(self) -> SystemView | None:
        """The system; None for a role that may not see it."""
        return self.desk.system.show(self.actor) if self.may(Permission.SEE) else None

    @cached_property
    def active_alerts(self) -> tuple[AlertView, ...]:
        """The worst first; of those that are as bad, the newest."""
        alerts = self.desk.alerts.list(self.actor, active_only=True) if self.may(Permission.SEE) else ()
        return tuple(sorted(alerts, key=lambda alert: rank(Severity(alert.finding.severity)), reverse=True))

    def page(
        self, template: str, *, status: int = 200, problem: PitstopError | None = None, **facts: Any
    ) -> Response[str]:
        """A page in its frame. With a problem, that stands on top and gives the status."""
        told = shown(problem) if problem is not None else None
        frame = {
            "visitor": self.actor,
            "may_operate": self.may(Permission.OPERATE),
            "may_read_logs": self.may(Permission.READ_LOGS),
            "may_administer": self.may(Permission.ADMINISTER),
            "may_see": self.may(Permission.SEE),
            "here": "/" + self.path.split("/")[1],
            "path": self.path,
            "system": self.system,
            "alerts": self.active_alerts,
            "said": DONE.get(self.done, ""),
            "problem": told,
        }
        return html(template, frame | facts, told.status if told else status)


OpenVisit: TypeAlias = NamedDependency[SkipValidation[Visit]]
OpenDesk: TypeAlias = NamedDependency[SkipValidation[Desk]]
OpenWatches: TypeAlias = NamedDependency[SkipValidation[Watches]]


def visit_of(request: PortalRequest, desk: Desk) -> Visit:
    """Raises NotSignedIn."""
    actor = desk.accounts.actor(token_of(request), origin_of(request))
    return Visit(desk, actor, request.url.path, request.query_params.get("done", ""))


def anonymous_page(template: str, status: int, facts: dict[str, Any]) -> Response[str]:
    """A page for nobody in particular: no navigation, nothing of the system."""
    frame: dict[str, Any] = {
        "visitor": None,
        "may_operate": False,
        "may_read_logs": False,
        "may_administer": False,
        "may_see": False,
        "here": "",
        "path": "",
        "system": None,
        "alerts": (),
        "said": "",
        "problem": None,
    }
    return html(template, frame | facts, status)
