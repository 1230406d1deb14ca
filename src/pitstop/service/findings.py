"""Findings as faces show them."""

from __future__ import annotations

from pitstop.model.findings import Finding
from pitstop.model.run_actions import RunAction
from pitstop.model.updates import Action
from pitstop.wire.views import ActionView, FindingView


def finding_view(finding: Finding) -> FindingView:
    return FindingView(
        code=finding.code,
        severity=finding.severity,
        subject=finding.subject,
        what=finding.what,
        remedy=finding.remedy,
        impact=finding.impact,
        detail=finding.detail,
        links=finding.links,
        runbook=f"docs/runbooks/{finding.code}.md",
    )


def action_view(action: Action | RunAction) -> ActionView:
    return ActionView(verb=action.verb, label=action.label, says=action.says)
