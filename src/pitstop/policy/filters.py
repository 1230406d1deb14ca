"""Filters: a graph in, a graph out, and each release that was taken out keeps the reason.

A filter takes out what a rule refuses for good on this system. What can be lifted (a missing hotfix, an old
OEM package) stays: that is what a path is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pitstop.model.findings import Finding
from pitstop.model.releases import ReleaseId
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.rules.hardware import hardware
from pitstop.policy.rules.identity import identity
from pitstop.policy.rules.recalled import recalled
from pitstop.policy.situation import Rule, Situation

FOR_GOOD: tuple[Rule, ...] = (recalled, identity, hardware)
"""Rules whose refusal no other release can lift, and that do not change along a path."""


def without_refused(situation: Situation, rules: Iterable[Rule] = FOR_GOOD) -> ReleaseGraph:
    """The graph without the releases that any of these rules refuses."""
    graph = situation.graph
    for rule in rules:
        graph = _without(replace(situation, graph=graph), rule)
    return graph


def _without(situation: Situation, rule: Rule) -> ReleaseGraph:
    removed: dict[ReleaseId, Finding] = {}
    for release in situation.graph.releases.values():
        for word in rule(release, situation):
            if word.finding is not None and word.finding.blocks:
                removed.setdefault(release.id, word.finding)
    return situation.graph.without(removed) if removed else situation.graph
