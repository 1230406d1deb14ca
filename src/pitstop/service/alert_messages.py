"""Alerts with all that is known about what to do: steps in order, and links to where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pitstop.model.alerts import CLOSED, Alert, Owed
from pitstop.model.findings import Finding, Severity
from pitstop.model.runs import Run
from pitstop.policy.alerting import steps_of
from pitstop.policy.going_on import ways_on
from pitstop.ports.alert_channels import Link, Message
from pitstop.ports.records import Runs
from pitstop.service.alert_issues import best_of, issue_link, issue_steps
from pitstop.wire.issue_views import OfferView

_GOES_ON = re.compile(
    r"(then )?(resume (the|that|this) run|try again|check health again|install the update again)\b",
    re.IGNORECASE,
)
"""Steps of a finding's remedy in whose place stands how this very run goes on."""


@dataclass(frozen=True, slots=True)
class Remediation:
    """What to do about an alert: the steps in order, and where to go. Paths are those of the portal."""

    steps: tuple[str, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class AlertMessages:
    """Knows the runs, and where the portal is.

    Attributes:
        portal: its address, without a slash at the end.
        offered: by id of a run that has failed, which known issues its failed steps may be.
    """

    runs: Runs
    system: str
    portal: str
    offered: Callable[[str], Sequence[OfferView]]

    def remediation(self, alert: Alert) -> Remediation:
        finding, run = alert.finding, self.run_of(alert)
        steps, links = steps_of(finding.remedy), tuple(_links(finding, run))
        if run is not None and (on := ways_on(run)):
            steps = (*(step for step in steps if not _GOES_ON.match(step)), *on)
            offers = self.offered(run.id) if alert.closed is None else ()
            if (best := best_of(offers)) is not None:
                steps = (*issue_steps(best, run.id), *steps)
                links = (issue_link(best, offers, run.id), *links)
        return Remediation(steps, links)

    def run_of(self, alert: Alert) -> Run | None:
        """The run whose failure raised it: the newest of its update that was there at the time."""
        if alert.update is None:
            return None
        return next((run for run in self.runs.runs(alert.update) if run.created <= alert.raised), None)

    def message(self, owed: Owed) -> Message:
        """What a channel is told."""
        alert, finding = owed.alert, owed.alert.finding
        told_before = Severity(owed.before) if owed.before not in ("", CLOSED) else finding.severity
        remediation = self.remediation(alert)
        is_closed = owed.state == CLOSED
        return Message(
            id=alert.id,
            system=self.system,
            code=finding.code,
            severity=told_before if is_closed else finding.severity,
            subject=finding.subject,
            what=finding.what,
            impact=finding.impact,
            steps=remediation.steps,
            links=tuple(Link(link.words, self._absolute(link.url)) for link in remediation.links),
            detail=finding.detail,
            raised=alert.raised,
            page=f"{self.portal}/alerts/{alert.id}",
            closed=(alert.closed or alert.refreshed) if is_closed else None,
            closed_by=alert.closed_by,
            reason=alert.reason,
            before=told_before if not is_closed and told_before is not finding.severity else None,
            verdict=alert.verdict or "",
            source=alert.source,
            update=alert.update or "",
        )

    def _absolute(self, url: str) -> str:
        return f"{self.portal}{url}" if url.startswith("/") else url


def _links(finding: Finding, run: Run | None) -> Iterator[Link]:
    if run is not None:
        yield Link("The run", f"/runs/{run.id}")
        yield Link("The update", f"/updates/{quote(run.update, safe='')}")
    if finding.subject.startswith("node "):
        name = finding.subject.split()[1]
        yield Link(f"Node {name}", f"/nodes/{quote(name, safe='')}")
    yield from (Link("More", address) for address in finding.links)
    yield Link("Runbook", f"/runbooks/{finding.code}")
