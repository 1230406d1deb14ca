"""A release that its publisher withdrew does not go on any system."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.packages import PackageType
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.model.updates import UpdateState
from pitstop.policy.situation import Situation, Word, refusal


def recalled(release: Release, situation: Situation) -> Iterator[Word]:
    if release.status is not ReleaseStatus.WITHDRAWN:
        return
    reason = f": {release.status_reason}" if release.status_reason else ""
    instead = _instead(release, situation)
    remedy = (
        f"Use {instead.name} instead." if instead else "Wait for the next release; this one does not go on."
    )
    yield refusal(
        UpdateState.RECALLED,
        "release-withdrawn",
        release,
        f"The publisher has withdrawn {release.version}{reason}.",
        remedy,
    )


def _instead(release: Release, situation: Situation) -> Release | None:
    """The newest release on offer that takes its place in the same family, or the same OEM line."""
    graph, line = situation.graph, list[Release]()
    if release.type is PackageType.OEM:
        line = [other for other in reversed(graph.oem) if other.id.product == release.id.product]
    else:
        for node in graph.homes(release)[-1:]:
            line = list(graph.builds(node) if release.family else graph.hotfixes(node))
    return next((other for other in line if other.status is ReleaseStatus.AVAILABLE), None)
