"""How long an install takes on this system: a range, from the publisher and from what was measured here.

A release says ranges by node count. As installs are timed on a system, the publisher's range for a release of
the same type is replaced by what its own runs say: the middle of the range times the shortest and longest
ratio seen
here. A release that was timed here itself is as long as it was. What nobody has said is unknown, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TypeVar

from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import Release, ReleaseId
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph

T = TypeVar("T")


class DurationSource(StrEnum):
    PUBLISHER = "publisher"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Duration:
    """Between ``least`` and ``most`` minutes."""

    least: float
    most: float
    source: DurationSource

    @property
    def middle(self) -> float:
        return (self.least + self.most) / 2


@dataclass(frozen=True, slots=True)
class TotalDuration:
    """Several installs one after the other, in minutes; ``unknown``: names of those that add nothing here
    because nobody has said how long they take."""

    least: float
    most: float
    unknown: tuple[str, ...] = ()


class Durations:
    """The durations of one system, worked out once for each release."""

    def __init__(self, graph: ReleaseGraph, facts: SystemFacts) -> None:
        self._nodes = facts.nodes
        self._own: dict[ReleaseId, list[float]] = {}
        for run in facts.measured:
            self._own.setdefault(run.release, []).append(run.minutes)
        self._ratios = self._learned(graph)
        self._shared = None if facts.measured else graph
        self._known: dict[str, Duration | None] = self.table("durations")

    def table(self, what: str) -> dict[str, T]:
        """A table by update name for what follows from these durations alone: shared by all that ask of
        systems of this size, unless something was measured on this one."""
        if self._shared is None:
            return {}
        return self._shared.remembered((what, self._nodes), dict[str, T])

    def of(self, release: Release) -> Duration | None:
        """How long this release takes here; None when it is not known."""
        if release.name not in self._known:
            self._known[release.name] = self._measured(release) or self._scaled(release)
        return self._known[release.name]

    def together(self, releases: Iterable[Release]) -> TotalDuration:
        least, most, unknown = 0.0, 0.0, list[str]()
        for release in releases:
            duration = self.of(release)
            if duration is None:
                unknown.append(release.name)
            else:
                least, most = least + duration.least, most + duration.most
        return TotalDuration(least, most, tuple(unknown))

    def _measured(self, release: Release) -> Duration | None:
        own = self._own.get(release.id)
        return Duration(min(own), max(own), DurationSource.MEASURED) if own else None

    def _scaled(self, release: Release) -> Duration | None:
        published = published_duration(release, self._nodes)
        ratios = self._ratios.get(release.type)
        if published is None or not ratios:
            return published
        least, most = published.middle * min(ratios), published.middle * max(ratios)
        return Duration(least, most, DurationSource.MEASURED)

    def _learned(self, graph: ReleaseGraph) -> dict[PackageType, list[float]]:
        """By type: what installs took here, as a share of the middle of what the publisher said."""
        ratios: dict[PackageType, list[float]] = {}
        for id_, minutes in self._own.items():
            release = graph.releases.get(id_)
            published = published_duration(release, self._nodes) if release else None
            if release is not None and published is not None and published.middle > 0:
                ratios.setdefault(release.type, []).extend(m / published.middle for m in minutes)
        return ratios


def published_duration(release: Release, nodes: int | None) -> Duration | None:
    """The publisher's range for this many nodes: that of the smallest system that is not smaller, else that
    for any. None where the release does not say, or the number of nodes is not known."""
    best: ExpectedRuntime | None = None
    for runtime in release.expected_runtimes:
        if runtime.nodes is None:
            best = best or runtime
        elif nodes is not None and nodes <= runtime.nodes < (best.nodes if best and best.nodes else inf):
            best = runtime
    if best is None:
        return None
    return Duration(best.least_minutes, best.most_minutes, DurationSource.PUBLISHER)
