"""What a path should have least of. Each objective is a cost that adds up along the path.

Costs are compared place by place: the first place is what is asked for, the others settle ties. An update
whose duration nobody knows counts no minutes, and one in the place of the unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from pitstop.model.releases import Release
from pitstop.policy.durations import Durations

Cost = tuple[float, float, float, float]
NOTHING: Cost = (0.0, 0.0, 0.0, 0.0)


class Objective(StrEnum):
    """``fewest-windows``: each update takes a window of its own unless windows are handed in
    (:mod:`pitstop.policy.calendar`), so it is the fewest updates."""

    LEAST_TIME = "least-time"
    FEWEST_RESTARTS = "fewest-restarts"
    FEWEST_WINDOWS = "fewest-windows"


_PLACES: dict[Objective, Callable[[float, float, float], Cost]] = {
    Objective.LEAST_TIME: lambda minutes, unknown, restarts: (minutes, unknown, restarts, 1.0),
    Objective.FEWEST_RESTARTS: lambda minutes, unknown, restarts: (restarts, minutes, unknown, 1.0),
    Objective.FEWEST_WINDOWS: lambda minutes, unknown, restarts: (1.0, minutes, unknown, restarts),
}


class Costs:
    """The cost of each update under one objective."""

    def __init__(self, durations: Durations, objective: Objective) -> None:
        self._durations = durations
        self._places = _PLACES[objective]
        self._known: dict[str, Cost] = durations.table(objective)

    def of(self, release: Release, rides: Release | None = None) -> Cost:
        """One run that installs ``release`` and, in the same run, the hotfix that rides along."""
        if rides is not None:
            return self._run((release, rides))
        cost = self._known.get(release.name)
        if cost is None:
            cost = self._known[release.name] = self._one(release)
        return cost

    def _one(self, release: Release) -> Cost:
        duration = self._durations.of(release)
        restarts = 1.0 if release.restarts_nodes else 0.0
        return self._places(duration.middle if duration else 0.0, 0.0 if duration else 1.0, restarts)

    def _run(self, releases: tuple[Release, ...]) -> Cost:
        total = self._durations.together(releases)
        restarts = float(any(release.restarts_nodes for release in releases))
        return self._places((total.least + total.most) / 2, float(len(total.unknown)), restarts)


def plus(one: Cost, other: Cost) -> Cost:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])
