"""The search behind a path: best first over what would be on the system, by the rules that the engine uses.

A search state is an installation. From it the search wants the builds of the next families; where a rule says
that something has to go on first, it wants that instead, and so on. Nothing is installed in thought that
the rules of :mod:`pitstop.policy.applicability` keep off, so each step of a path is installable. What is
still to come is estimated from below (the builds of the families ahead, and the cheapest hotfix that their
gates ask for), so that the first path found is the best one, and usually no other is looked at.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count

from pitstop.model.packages import PackageType
from pitstop.model.releases import Release, ReleaseId
from pitstop.model.versions import Version
from pitstop.policy.applicability import GATES, blocks, said
from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.installed import Installation, after
from pitstop.policy.objectives import NOTHING, Cost, Costs, plus
from pitstop.policy.riding import riding_hotfix
from pitstop.policy.situation import Situation, Word


class Because(StrEnum):
    """Why a step is on a path."""

    TARGET = "target"
    NEXT_FAMILY = "next-family"
    REQUIRED = "required"
    RECOMMENDED = "recommended"


@dataclass(frozen=True, slots=True)
class Goal:
    """Where to: a family, and in it (or beside it, for OEM) perhaps one release.

    Attributes:
        up_to_newest: in the family, the newest hotfix is wanted as well.
        recommended: the newest hotfix of a family goes on before the family is left.
    """

    family: FamilyNode
    release: Release | None = None
    up_to_newest: bool = False
    recommended: bool = True

    def reached(self, on: Installation) -> bool:
        if self.release is not None and self.release.type is PackageType.OEM:
            return on.oem is not None and on.oem >= self.release.version
        if on.family != self.family.id:
            return False
        return self.release is None or on.level >= self.family.levels.get(self.release.version, 0)


@dataclass(frozen=True, slots=True)
class Leg:
    """One step of a route: what goes on, why, what is on before and after, and what the rules say of it."""

    release: Release
    rides: Release | None
    because: Because
    why: str
    before: Installation
    then: Installation
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """A release that was wanted and that nothing could lift the words against."""

    release: Release
    on: Installation
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """``legs`` is None when there is no route; ``blocked`` says what stood in the way; ``furthest`` is the
    family that could be reached."""

    legs: tuple[Leg, ...] | None
    blocked: tuple[Blocked, ...]
    furthest: FamilyNode | None


@dataclass(slots=True, eq=False)
class _Place:
    """A search state with the way to it."""

    on: Installation
    cost: Cost
    leg: Leg | None = None
    came_from: _Place | None = None


@dataclass(slots=True, eq=False)
class _Wish:
    """A release that is wanted at a place; the others of its kind are tried after it."""

    place: _Place
    release: Release
    because: Because
    why: str
    chain: tuple[ReleaseId, ...] = ()
    others: list[tuple[Cost, Release]] = field(default_factory=list)
    rides: Release | None = None
    then: Installation | None = None


def search(situation: Situation, goal: Goal, costs: Costs) -> Found:
    """The best route from what is on to the goal."""
    return _Search(situation, goal, costs).run()


class _Search:
    def __init__(self, situation: Situation, goal: Goal, costs: Costs) -> None:
        self.situation = situation
        self.graph = situation.graph
        self.goal = goal
        self.costs = costs
        self.bounds = _Bounds(self.graph, goal.family, costs)
        self.telling = _telling_builds(self.graph)
        self.heap: list[tuple[Cost, int, int, _Wish]] = []
        self.counter = count()
        self.seen: dict[tuple[object, ...], Version | None] = {}
        self.blocked: list[Blocked] = []
        self.furthest = situation.family
        self.judged: tuple[Installation, Release, tuple[Word, ...]] | None = None

    def run(self) -> Found:
        place: _Place | None = _Place(self.situation.on, NOTHING)
        while place is not None:
            if self.goal.reached(place.on) and self._advised(place) is None:
                return Found(tuple(_way(place)), tuple(self.blocked), self.furthest)
            self._expand(place)
            place = self._next_place()
        return Found(None, tuple(self.blocked), self.furthest)

    def _next_place(self) -> _Place | None:
        """Grant the most promising wish; None when there is none left."""
        while self.heap:
            *_, wish = heapq.heappop(self.heap)
            self._push_others(wish)
            place = self._grant(wish)
            if place is not None and self._is_new(place):
                return place
        return None

    def _is_new(self, place: _Place) -> bool:
        on = place.on
        key = (on.family, on.level, on.base, on.version, on.on & self.telling)
        if key in self.seen and not _is_newer(on.oem, self.seen[key]):
            return False
        self.seen[key] = on.oem
        node = self.graph.families.get(on.family or "")
        if node is not None and (self.furthest is None or node.order > self.furthest.order):
            self.furthest = node
        return True

    # --- wishes ------------------------------------------------------------------------------------------

    def _expand(self, place: _Place) -> None:
        """Wish for what comes next from here."""
        advised = self._advised(place)
        if advised is not None:
            self._wish(self._advice(place, advised))
            return
        goal = self.goal
        if goal.release is not None and (place.on.family == goal.family.id or _is_oem(goal.release)):
            self._wish(_Wish(place, goal.release, Because.TARGET, "The target."))
        for node in self.graph.entered_next(place.on.family or ""):
            if node.id in self.bounds.ahead:
                target = node is goal.family and (goal.release is None or goal.release.family == node.id)
                because = Because.TARGET if target else Because.NEXT_FAMILY
                what = "the target" if target else f"which follows {place.on.family}"
                for build in self._builds_wanted(node):
                    why = f"Family {node.id}, {what}."
                    self._wish(_Wish(place, build, because, why))

    def _advice(self, place: _Place, hotfix: Release) -> _Wish:
        """The wish for the newest hotfix; required where a gate ahead asks for one that is not on."""
        here = self.graph.families[place.on.family or ""]
        for node in self.graph.entered_next(here.id):
            for build in self.graph.builds(node) if node.id in self.bounds.ahead else ():
                gate = build.required_hotfix
                if gate is not None and here.levels.get(gate, 0) > place.on.level:
                    why = f"{build.version} needs hotfix {gate} or newer; this is the newest."
                    return _Wish(place, hotfix, Because.REQUIRED, why)
        why = f"The newest hotfix of family {here.id}: recommended, not required."
        return _Wish(place, hotfix, Because.RECOMMENDED, why)

    def _builds_wanted(self, node: FamilyNode) -> tuple[Release, ...]:
        wanted = self.goal.release
        if wanted is not None and wanted.family == node.id:
            return (wanted,)
        return self.graph.builds(node)

    def _advised(self, place: _Place) -> Release | None:
        """The newest hotfix that should go on before the next family, or at the end, and can."""
        on, goal = place.on, self.goal
        at_end = on.family == goal.family.id
        here = self.graph.families.get(on.family or "")
        if here is None or not (goal.up_to_newest if at_end else goal.recommended):
            return None
        for hotfix in self.graph.hotfixes(here, on.level + 1):
            if not any(blocks(word, self.situation) for word in self._words(hotfix, on)):
                return hotfix
        return None

    def _words(self, release: Release, on: Installation) -> tuple[Word, ...]:
        """What the rules say of the release there; advice is asked for again as soon as it is granted."""
        if self.judged is None or self.judged[0] is not on or self.judged[1] is not release:
            situation = Situation(self.graph, self.situation.facts, on)
            self.judged = (on, release, tuple(said(release, situation, GATES)))
        return self.judged[2]

    def _wish(self, wish: _Wish) -> None:
        rides = wish.rides = riding_hotfix(self.graph, wish.release)
        then = wish.then = self._after(wish.place.on, wish.release, rides)
        cost = plus(wish.place.cost, self.costs.of(wish.release, rides))
        self._push(plus(cost, self.bounds.from_here(then)), wish)

    def _push(self, total: Cost, wish: _Wish) -> None:
        node = self.graph.families.get(wish.release.family or wish.place.on.family or "")
        heapq.heappush(self.heap, (total, -(node.order if node else 0), next(self.counter), wish))

    def _after(self, on: Installation, release: Release, rides: Release | None) -> Installation:
        then = after(self.graph, on, release)
        return after(self.graph, then, rides) if rides is not None else then

    def _grant(self, wish: _Wish) -> _Place | None:
        """The place that the wish leads to; None where something has to go on first, which is wished for."""
        before = wish.place.on
        words = self._words(wish.release, before)
        blocking = [word for word in words if blocks(word, self.situation)]
        if blocking:
            self._wish_for_what_lifts(wish, blocking)
            return None
        rides, then = wish.rides, wish.then
        if then is None:
            rides = riding_hotfix(self.graph, wish.release)
            then = self._after(before, wish.release, rides)
        cost = plus(wish.place.cost, self.costs.of(wish.release, rides))
        leg = Leg(wish.release, rides, wish.because, wish.why, before, then, words)
        return _Place(then, cost, leg, wish.place)

    def _wish_for_what_lifts(self, wish: _Wish, words: list[Word]) -> None:
        chain = (*wish.chain, wish.release.id)
        lifting = [[r for r in word.first if r.id not in chain and self.graph.offers(r)] for word in words]
        if not all(lifting):
            self.blocked.append(Blocked(wish.release, wish.place.on, tuple(words)))
            return
        why = words[0].finding.what if words[0].finding else ""
        priced = [(self._total(wish.place, release), release) for release in reversed(lifting[0])]
        priced.sort(key=lambda pair: pair[0], reverse=True)  # popped from the end: of equals, the newest
        first = _Wish(wish.place, wish.release, Because.REQUIRED, why, chain, priced)
        self._push_others(first)

    def _push_others(self, wish: _Wish) -> None:
        """Of releases of which any would do, the cheapest is wished for, then the others one by one."""
        if wish.others:
            total, release = wish.others.pop()
            self._push(total, replace(wish, release=release, rides=None, then=None))
            wish.others = []

    def _total(self, place: _Place, release: Release) -> Cost:
        own = plus(place.cost, self.costs.of(release))
        node = self.graph.families.get(place.on.family or "")
        level = node.levels.get(release.version) if node is not None and release.families else None
        if node is not None and level is not None:
            return plus(own, self.bounds.from_level(node, level))
        return plus(own, self.bounds.from_here(after(self.graph, place.on, release)))


class _Bounds:
    """The least that is still to come, from each family to the goal's.

    Attributes:
        ahead: by family id, the least cost from entering it until the goal's family is entered.
    """

    def __init__(self, graph: ReleaseGraph, goal: FamilyNode, costs: Costs) -> None:
        self._graph = graph
        self._costs = costs
        self._gates: dict[tuple[str, int], Cost] = {}
        self._known: dict[tuple[str, int], Cost] = {}
        self._highest: dict[str, int] = {}
        self._builds: dict[str, list[tuple[Cost, Version | None]]] = {}
        self.ahead: dict[str, Cost] = {goal.id: NOTHING}
        self._goal = goal
        for node in self._backwards(goal):
            least = self._onwards(node.id, self._entry_level(node))
            if least is not None:
                self.ahead[node.id] = least

    def from_here(self, on: Installation) -> Cost:
        node = self._graph.families.get(on.family or "")
        return NOTHING if node is None else self.from_level(node, on.level)

    def from_level(self, node: FamilyNode, level: int) -> Cost:
        """The least that is still to come on this family and hotfix level."""
        if node is self._goal:
            return NOTHING
        key = (node.id, min(level, self._highest_gate(node)))
        if key not in self._known:
            self._known[key] = self._onwards(*key) or NOTHING
        return self._known[key]

    def _highest_gate(self, node: FamilyNode) -> int:
        """Levels above it are as good as it."""
        if node.id not in self._highest:
            gates = [g for n in self._graph.entered_next(node.id) for _, g in self._openings(n) if g]
            self._highest[node.id] = max((node.levels.get(gate, 0) for gate in gates), default=0)
        return self._highest[node.id]

    def _backwards(self, goal: FamilyNode) -> Iterator[FamilyNode]:
        """The families before the goal's, the nearest first."""
        yield from reversed(tuple(self._graph.families.values())[: goal.order])

    def _onwards(self, family: str, level: int) -> Cost | None:
        node = self._graph.families[family]
        least: Cost | None = None
        for after_it in self._graph.entered_next(node.id):
            ahead = self.ahead.get(after_it.id)
            if ahead is None:
                continue
            for cost, gate in self._openings(after_it):
                total = plus(plus(self._gate(node, level, gate), cost), ahead)
                if least is None or total < least:
                    least = total
        return least

    def _openings(self, node: FamilyNode) -> list[tuple[Cost, Version | None]]:
        found = self._builds.get(node.id)
        if found is None:
            builds = self._graph.builds(node)
            found = [(self._costs.of(b, riding_hotfix(self._graph, b)), b.required_hotfix) for b in builds]
            self._builds[node.id] = found
        return found

    def _gate(self, node: FamilyNode, level: int, gate: Version | None) -> Cost:
        needed = node.levels.get(gate, 0) if gate is not None else 0
        if level >= needed:
            return NOTHING
        key = (node.id, needed)
        if key not in self._gates:
            found = [self._costs.of(hotfix) for hotfix in self._graph.hotfixes(node, needed)]
            self._gates[key] = min(found, default=NOTHING)
        return self._gates[key]

    def _entry_level(self, node: FamilyNode) -> int:
        """As high as the level may be right after the family was entered."""
        top = len(node.hotfixes)
        rides = any(build.hotfix_rides for build in node.builds)
        return top if rides else max((level for _, level in node.lasting), default=0)


def _is_newer(oem: Version | None, than: Version | None) -> bool:
    """Whether this OEM package would do where the other does not: an older one is never better, and what was
    seen before cost no more."""
    return oem is not None and (than is None or oem > than)


def _is_oem(release: Release) -> bool:
    return release.type is PackageType.OEM


def _way(place: _Place) -> list[Leg]:
    legs: list[Leg] = []
    at: _Place | None = place
    while at is not None and at.leg is not None:
        legs.append(at.leg)
        at = at.came_from
    return legs[::-1]


def _telling_builds(graph: ReleaseGraph) -> frozenset[ReleaseId]:
    """Identities whose having gone on may matter later than in their own family: those that conditions name,
    and hotfixes that stay on when the family is left."""

    def telling() -> frozenset[ReleaseId]:
        named = {
            known.id
            for release in graph.releases.values()
            for condition in release.conditions
            if condition.when_installed is not None
            and (known := graph.platform_build(condition.when_installed)) is not None
        }
        lasting = {id_ for node in graph.families.values() for id_, _ in node.lasting}
        return frozenset(named | lasting)

    return graph.remembered("telling builds", telling)
