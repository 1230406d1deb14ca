"""How long an install takes on this system: a range, from the publisher and from what was measured here.

A release says ranges by node count. As installs are timed on a system, the publisher's range for a release of
the same type is replaced by what its own runs say: the middle of the range times how the ranges of that type
have turned out here, by the statistics of steps (:mod:`pitstop.policy.step_times`). A release that was timed
here itself takes as long as it did. What nobody has said is unknown, not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final, TypeVar

from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import Release, ReleaseId
from pitstop.policy.facts import MeasuredRun, SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.likely import Likely
from pitstop.policy.step_times import Asked, StepOf, StepTimes, Timed
from pitstop.policy.time_left import HIGH, LOW

T = TypeVar("T")

_INSTALL: Final = "install"


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
        self._usual = StepTimes(tuple(self._learned(graph, facts.measured)))
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
        if not own:
            return None
        asked = Asked(StepOf(_INSTALL, release.name))
        usual = StepTimes([Timed(asked, minutes, ago) for ago, minutes in enumerate(own, start=1)]).of(asked)
        return _range(usual.likely)

    def _scaled(self, release: Release) -> Duration | None:
        published = published_duration(release, self._nodes)
        if published is None:
            return None
        usual = self._usual.of(_ratio_of(release.type))
        return _range(usual.likely, published.middle) if usual.measured else published

    def _learned(self, graph: ReleaseGraph, measured: Iterable[MeasuredRun]) -> Iterator[Timed]:
        """What installs took here, as a share of the middle of what the publisher said; by type."""
        seen: Counter[PackageType] = Counter()
        for run in measured:
            release = graph.releases.get(run.release)
            published = published_duration(release, self._nodes) if release else None
            if release is not None and published is not None and published.middle > 0:
                seen[release.type] += 1
                yield Timed(_ratio_of(release.type), run.minutes / published.middle, seen[release.type])


def _ratio_of(type_: PackageType) -> Asked:
    return Asked(StepOf(_INSTALL, type_))


def _range(likely: Likely, times: float = 1.0) -> Duration:
    return Duration(times * likely.within(LOW), times * likely.within(HIGH), DurationSource.MEASURED)


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
