"""The hotfix that goes on with a new family, in the same run."""

from __future__ import annotations

from pitstop.model.releases import Release, ReleaseStatus
from pitstop.policy.graph import ReleaseGraph


def riding_hotfix(graph: ReleaseGraph, release: Release) -> Release | None:
    """The newest hotfix of the family that ``release`` opens, where the release takes it along and one is
    on offer that is not withdrawn and asks for nothing of its own."""
    if not release.hotfix_rides or release.family is None:
        return None
    return next((h for h in graph.hotfixes(graph.families[release.family]) if _may_ride(graph, h)), None)


def riding_level(graph: ReleaseGraph, release: Release) -> int:
    """The hotfix level that the system is at when ``release`` has gone on."""
    hotfix = riding_hotfix(graph, release)
    if hotfix is None or release.family is None:
        return 0
    return graph.families[release.family].levels[hotfix.version]


def _may_ride(graph: ReleaseGraph, hotfix: Release) -> bool:
    asks = hotfix.conditions or hotfix.content or hotfix.risks or hotfix.hardware or hotfix.min_oem_version
    return hotfix.status is ReleaseStatus.AVAILABLE and not asks and not graph.disputed(hotfix)
