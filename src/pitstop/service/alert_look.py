"""Looks at what no event says: support, updates, runs that are still failed; and what becomes of alerts.

Nothing here is about the world outside: it is all known, and only put together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitstop.model.alerts import KEPT, Verdict
from pitstop.model.findings import Severity
from pitstop.model.runs import RunState
from pitstop.policy.alert_kinds import SUPPORT, UPDATES
from pitstop.policy.applicability import applicabilities
from pitstop.policy.standing import support_findings, update_findings
from pitstop.policy.support import support
from pitstop.ports.records import Alerts
from pitstop.service.facts import Knowledge

SETTLES = timedelta(minutes=30)
"""After the end of an update, what was held back comes at the latest after so long, if no look says before
whether it still holds."""

_SEVERITIES = {Verdict.NEEDS_ATTENTION: Severity.WARNING, Verdict.FAILED: Severity.CRITICAL}
_FAILED = (RunState.FAILED, RunState.UNDO_FAILED)

OwnChecks = Callable[[datetime], Verdict | None]
"""What the system's own checks say, of a round of all of them that began after this instant; None: there is
none yet."""


def nobody_asks(_since: datetime) -> Verdict | None:
    """Where there are no checks."""
    return None


@dataclass(frozen=True, slots=True)
class AlertLook:
    """Done now and then."""

    alerts: Alerts
    knowledge: Knowledge
    own_checks: OwnChecks = nobody_asks

    def often(self) -> None:
        """What people wait for: how bad a failed run is, and what was held back."""
        for alert in self.alerts.undecided():
            verdict = self.own_checks(alert.raised)
            if verdict is not None:
                self.alerts.decide(alert.id, _SEVERITIES[verdict])
        now = self.knowledge.clock.now()
        self.alerts.release(now - SETTLES, now)

    def standing(self) -> None:
        """What has not just happened, and holds."""
        now = self.knowledge.clock.now()
        graph, facts = self.knowledge.graph(), self.knowledge.facts()
        if facts.installed:
            self.alerts.settle(SUPPORT, tuple(support_findings(support(graph, facts))), now)
        self.alerts.settle(UPDATES, tuple(update_findings(applicabilities(graph, facts))), now)
        self._runs_still_failed(now)
        self.alerts.forget(now - KEPT)

    def _runs_still_failed(self, now: datetime) -> None:
        newest = {run.update: run for run in reversed(self.knowledge.runs.runs())}
        for run in newest.values():
            if run.state in _FAILED and run.finding is not None:
                self.alerts.raise_of_run(run.finding, run.update, now)
