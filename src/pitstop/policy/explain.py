"""Why can't I install X? All reasons, and the way to it."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.updates import UpdateState
from pitstop.policy.applicability import Applicability, applicability, situation_of
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.path import Path, plan_path


@dataclass(frozen=True, slots=True)
class Explanation:
    """``path``: the way to the release; None where it is installed, or may go on right now."""

    applicability: Applicability
    path: Path | None


def explain(graph: ReleaseGraph, facts: SystemFacts, release: str) -> Explanation:
    """What this release, by name or build, shows on this system.

    Raises:
        NotFound: there is no release of that name or build.
    """
    found = graph.find(release)
    verdict = applicability(found, situation_of(graph, facts))
    if verdict.installable or verdict.state is UpdateState.INSTALLED:
        return Explanation(verdict, None)
    return Explanation(verdict, plan_path(graph, facts, found.name))
