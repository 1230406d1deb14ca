"""Which deltas lead to a package's content with the fewest bytes to carry.

Pure: what is signed and what is held in, a route out. A route begins at a package whose content is held, and
each of its deltas builds on the one before. Whether the full payload is less is for the caller to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from pitstop.package.delta_names import delta_ends


@dataclass(frozen=True, order=True, slots=True)
class Delta:
    """A signed file, ``size`` bytes long, with which the content of ``base`` becomes that of ``package``."""

    package: str
    base: str
    name: str
    size: int

    @classmethod
    def called(cls, name: str, size: int) -> Delta | None:
        """The delta of this name; None: no delta is called so."""
        ends = delta_ends(name)
        return None if ends is None else cls(*ends, name, size)


Route = tuple[Delta, ...]
"""Deltas in the order in which they are applied."""


def _whole(delta: Delta) -> int:
    return delta.size


def cheapest_route(
    package: str,
    deltas: Iterable[Delta],
    held: Callable[[str], bool],
    cost: Callable[[Delta], int] = _whole,
) -> Route | None:
    """The route to this package with the fewest bytes, and of these the one with the fewest deltas; None:
    there is none.

    Args:
        held: whether all content of a package is here. Asked only of packages that come into question.
        cost: bytes of a delta that are still to be fetched.
    """
    leading_to: dict[str, list[Delta]] = {}
    for delta in deltas:
        leading_to.setdefault(delta.package, []).append(delta)
    queue: list[tuple[int, int, str, Route]] = [(0, 0, package, ())]
    seen = set()
    while queue:
        spent, hops, at, route = heappop(queue)
        if at in seen:
            continue
        seen.add(at)
        if route and held(at):
            return route
        for delta in leading_to.get(at, ()):
            heappush(queue, (spent + cost(delta), hops + 1, delta.base, (delta, *route)))
    return None
