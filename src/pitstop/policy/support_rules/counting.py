"""N, N-1, N-2: counted in the order of release over the families that are not withdrawn."""

from __future__ import annotations

from datetime import date

from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.release_dates import family_days

SUPPORTED_BEHIND = 2
"""The newest family and this many before it are supported."""


def counted(graph: ReleaseGraph) -> tuple[FamilyNode, ...]:
    """The families that count to N, in order of release."""
    return graph.remembered(
        "families that count",
        lambda: tuple(node for node in graph.families.values() if not node.withdrawn),
    )


def behind(graph: ReleaseGraph, current: FamilyNode, newest: FamilyNode) -> int:
    """How many counted families came after ``current``, up to ``newest``."""
    ranks = graph.remembered("ranks of families", lambda: _ranks(graph))
    return max(ranks[newest.id] - ranks[current.id], 0)


def _ranks(graph: ReleaseGraph) -> dict[str, int]:
    """For each family how many counted ones there are up to it, itself included."""
    ranks, rank = {}, 0
    for node in graph.families.values():
        rank += not node.withdrawn
        ranks[node.id] = rank
    return ranks


def may_be_newest(graph: ReleaseGraph, at: date, *, known_on: date) -> tuple[FamilyNode, ...]:
    """The families that may have been the newest on that day, in order; one where the dates decide it. None
    where no family had been released for certain and none may have been."""
    line = counted(graph)
    if at >= known_on:
        return line[-1:]
    days = family_days(graph)
    certain = [node for node in line if (last := days[node.id].latest) is not None and last <= at]
    possible = [node for node in line if (first := days[node.id].earliest) is None or first <= at]
    least = certain[-1].order if certain else -1
    return tuple(node for node in possible if node.order >= least)
