"""Filters: a graph in, a graph out, and each release that was taken out keeps the reason.

A filter takes out what a rule refuses for good on this system. What can be lifted (a missing hotfix, an old
OEM package) stays: that is what a path is for.
"""

from __future__ import annotations

from pitstop.model.findings import Finding
from pitstop.model.releases import Release, ReleaseId, ReleaseStatus
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.rules.hardware import hardware
from pitstop.policy.rules.identity import identity
from pitstop.policy.rules.recalled import recalled
from pitstop.policy.situation import Rule, Situation

FOR_GOOD: tuple[Rule, ...] = (recalled, identity, hardware)
"""Rules whose refusal no other release can lift, and that do not change along a path. They ask for nothing of
a system but its hardware: what they take out is worked out once for each."""


def without_refused(situation: Situation) -> ReleaseGraph:
    """The graph without the releases that the rules ``FOR_GOOD`` refuse on this system."""
    graph, facts = situation.graph, situation.facts
    if graph.removed:
        return _without_refused(situation)
    key = ("without refused", facts.hardware_family, facts.hardware_model)
    return graph.remembered(key, lambda: _without_refused(situation))


def _without_refused(situation: Situation) -> ReleaseGraph:
    graph = situation.graph
    removed: dict[ReleaseId, Finding] = {}
    for release in graph.remembered("may be refused for good", lambda: _suspects(graph)):
        words = (word for rule in FOR_GOOD for word in rule(release, situation))
        finding = next((word.finding for word in words if word.finding is not None), None)
        if finding is not None:
            removed[release.id] = finding
    return graph.without(removed) if removed else graph


def _suspects(graph: ReleaseGraph) -> tuple[Release, ...]:
    """The releases that those rules have anything to say of, on some system."""
    return tuple(
        release
        for release in graph.releases.values()
        if release.hardware or release.status is ReleaseStatus.WITHDRAWN or graph.disputed(release)
    )
