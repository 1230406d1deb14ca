"""The path: the ordered updates from what is installed to a target, each with why it is on it.

Every step is installable, after the ones before it, by the rules that the engine asks again before each run.
By default the newest hotfix of a family goes on before the family is left, as is recommended; the path that
brings a system back into support with the least leaves out what is not required.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import PackageType
from pitstop.model.releases import Release
from pitstop.policy.applicability import GATES, blocking_words, said, situation_of
from pitstop.policy.durations import Duration, Durations, TotalDuration
from pitstop.policy.facts import SystemFacts
from pitstop.policy.filters import without_refused
from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.installed import Installation
from pitstop.policy.objectives import Costs, Objective
from pitstop.policy.route_search import Because, Blocked, Found, Goal, Leg, search
from pitstop.policy.situation import Situation
from pitstop.policy.support import SupportState, support, supported_families
from pitstop.policy.support_rules.counting import counted


class Target(StrEnum):
    """Where a path may lead to, beside a named release."""

    NEWEST = "newest"
    SUPPORTED = "supported"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One update on a path.

    Attributes:
        rides: the hotfix that goes on in the same run.
        why: why it is on the path, in one sentence.
        from_version, to_version: what the platform shows before and after; for OEM the OEM package.
        duration: None: not known.
        findings: what is worth knowing before it, such as an accepted risk.
    """

    number: int
    release: Release
    rides: Release | None
    because: Because
    why: str
    from_version: str
    to_version: str
    duration: Duration | None
    restarts_nodes: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """The way to a target, or as far as it goes.

    Attributes:
        target: as it was asked for; ``release``: the release that it stands for, if it is one.
        reached: whether the steps lead all the way; no steps and reached: the system is there already.
        to_version: what the platform shows at the end.
        why_not: what stands in the way of the target; empty when it is reached.
        left_out: releases between here and the target that do not go on this system, and releases that were
            looked at and could not be used, with the reasons.
    """

    target: str
    objective: Objective
    reached: bool
    steps: tuple[PathStep, ...]
    total: TotalDuration
    restarts: int
    from_version: str
    to_version: str
    why_not: tuple[Finding, ...] = ()
    left_out: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that a path answers.

    Attributes:
        goals: in the order in which they are tried.
        why_none: why the target itself is out of reach, where that is clear from the start.
        any_will_do: each goal is as good as what was asked for; else only the first is.
    """

    target: str
    goals: tuple[Goal, ...]
    why_none: tuple[Finding, ...] = ()
    any_will_do: bool = False


def plan_path(
    graph: ReleaseGraph,
    facts: SystemFacts,
    target: Target | str = Target.NEWEST,
    objective: Objective = Objective.LEAST_TIME,
    *,
    recommended: bool | None = None,
) -> Path:
    """The path of least cost under the objective.

    Args:
        target: newest, supported, or a release by name or build.
        recommended: whether newest hotfixes go on before their family is left though no gate asks for them;
            None: yes, except on the way back into support.

    Raises:
        NotFound: there is no release of that name or build.
    """
    whole = situation_of(graph, facts)
    situation = replace(whole, graph=without_refused(whole))
    asked = _asked(situation, target, recommended)
    durations = Durations(graph, facts)
    found, why_not = _first_way(situation, asked, Costs(durations, objective))
    legs = found.legs if found is not None and found.legs is not None else ()
    return _path(situation, asked, legs, durations, objective, why_not, found)


def _first_way(situation: Situation, asked: _Asked, costs: Costs) -> tuple[Found | None, list[Finding]]:
    """The route to the first goal that there is one to, and why there is none to what was asked for."""
    why_not = list(asked.why_none)
    nearest: FamilyNode | None = None
    for goal in asked.goals:
        if nearest is not None and goal.family.order > nearest.order:
            continue
        found = search(situation, goal, costs)
        if found.legs is not None:
            return found, [] if asked.any_will_do else why_not
        why_not = why_not or list(_why_not(situation, goal, found))
        nearest = None if asked.any_will_do else found.furthest
    return None, why_not


def _is_support(target: Target | str) -> bool:
    return target == Target.SUPPORTED


# --- what is asked ------------------------------------------------------------------------------------------


def _asked(situation: Situation, target: Target | str, recommended: bool | None) -> _Asked:
    if situation.family is None:
        return _Asked(str(target), (), (_no_family(situation),))
    if _is_support(target):
        return _back_in_support(situation, bool(recommended))
    advise = recommended is not False
    if target == Target.NEWEST:
        return _newest(situation, situation.family, advise)
    return _named(situation, str(target), advise)


def _newest(situation: Situation, here: FamilyNode, advise: bool) -> _Asked:
    """The newest family, and when there is no way to it the furthest that there is a way to."""
    line = reachable(situation.graph, here)
    newest = counted(situation.graph)[-1:]
    if not newest:
        return _Asked(Target.NEWEST, (), (_nothing_supported(),))
    why = _gaps(situation.graph, line, newest[-1]) if newest and newest[-1] not in line else ()
    goals = tuple(Goal(node, None, advise, advise) for node in reversed(line))
    return _Asked(Target.NEWEST, goals, tuple(why))


def _back_in_support(situation: Situation, advise: bool) -> _Asked:
    """The families on which the system would be supported, the nearest first; none if it is supported."""
    graph, facts = situation.graph, situation.facts
    status = support(graph, facts)
    if status.state is SupportState.SUPPORTED:
        return _Asked(Target.SUPPORTED, ())
    if not counted(graph):
        return _Asked(Target.SUPPORTED, (), (_nothing_supported(),))
    families = supported_families(graph, facts, counted(graph)[-1], facts.today)
    goals = tuple(Goal(graph.families[id_], None, False, advise) for id_ in reversed(families))
    if status.entitled is False and situation.on.family in families:
        contract = tuple(finding for finding in status.findings if finding.code == "contract-missing")
        return _Asked(Target.SUPPORTED, (), contract)
    return _Asked(Target.SUPPORTED, goals, any_will_do=True)


def _named(situation: Situation, target: str, advise: bool) -> _Asked:
    graph, here = situation.graph, situation.family
    release = graph.find(target)
    if situation.has(release) or here is None:
        return _Asked(target, ())
    if release.type is PackageType.OEM:
        return _Asked(target, (Goal(_home_of_oem(graph, release, here), release, False, advise),))
    homes = graph.homes(release)
    node = next((home for home in homes if home.order >= here.order), homes[-1])
    if release.id in graph.removed:
        return _Asked(target, (), (graph.removed[release.id],))
    if node.order < here.order or (node is here and here.levels[release.version] <= situation.on.level):
        words = said(release, situation, GATES)
        return _Asked(target, (), tuple(word.finding for word in words if word.finding))
    return _Asked(target, (Goal(node, release, False, advise),), tuple(_gaps_to(graph, here, node)))


def _home_of_oem(graph: ReleaseGraph, release: Release, here: FamilyNode) -> FamilyNode:
    """The family that the platform must be on for this OEM package, or the one that it is on."""
    least = graph.platform_build(release.min_platform_version) if release.min_platform_version else None
    homes = graph.homes(least) if least else ()
    return max((here, *homes[:1]), key=lambda node: node.order)


# --- what stands in the way ---------------------------------------------------------------------------------


def reachable(graph: ReleaseGraph, here: FamilyNode) -> list[FamilyNode]:
    """The families that builds on offer lead to, this one first, in order of release."""
    found, open_ends = {here.id: here}, [here]
    while open_ends:
        for node in graph.entered_next(open_ends.pop().id):
            if node.id not in found and graph.builds(node):
                found[node.id] = node
                open_ends.append(node)
    return sorted(found.values(), key=lambda node: node.order)


def _gaps_to(graph: ReleaseGraph, here: FamilyNode, goal: FamilyNode) -> Iterable[Finding]:
    line = reachable(graph, here)
    return () if goal in line else tuple(_gaps(graph, line, goal))


def _gaps(graph: ReleaseGraph, line: list[FamilyNode], goal: FamilyNode) -> Iterator[Finding]:
    """Why the families that builds lead to end before the goal."""
    for node in graph.entered_next(line[-1].id):
        if node.order > goal.order:
            continue
        yield from (graph.removed[build.id] for build in node.builds if build.id in graph.removed)
        if not node.builds:
            yield Finding(
                "family-without-release",
                Severity.CRITICAL,
                f"family {node.id}",
                f"No catalogue knows a release that opens family {node.id}, which follows {line[-1].id}.",
                "Poll or import the publisher's newest catalogue, or ask the publisher for it.",
            )


def _why_not(situation: Situation, goal: Goal, found: Found) -> Iterator[Finding]:
    """The reasons at the furthest point that the search came to, each once."""
    reasons = list(_unlifted(situation.graph, found))
    told: set[tuple[str, str]] = set()
    for finding in reasons:
        if (finding.subject, finding.what) not in told:
            told.add((finding.subject, finding.what))
            yield finding
    if not reasons:
        yield Finding(
            "no-way",
            Severity.CRITICAL,
            f"family {goal.family.id}",
            f"No releases on offer lead from family {situation.on.family} to family {goal.family.id}.",
            "Poll or import the publisher's newest catalogue, or ask the publisher for the way.",
        )


def _unlifted(graph: ReleaseGraph, found: Found) -> Iterator[Finding]:
    """What nothing on offer can lift; what could be lifted only where there is nothing else."""
    furthest = max((_order(graph, item) for item in found.blocked), default=0)
    words = [word for item in found.blocked if _order(graph, item) == furthest for word in item.words]
    for_good = [word for word in words if not word.first]
    yield from (word.finding for word in for_good or words if word.finding is not None)


def _order(graph: ReleaseGraph, item: Blocked) -> int:
    node = graph.families.get(item.on.family or "")
    return node.order if node else 0


def _no_family(situation: Situation) -> Finding:
    on = situation.on.family
    return Finding(
        "current-family-unknown",
        Severity.CRITICAL,
        "this system",
        f"No catalogue knows family {on}, which this system is on."
        if on
        else "The ledger has no platform release.",
        "Poll or import the platform's newest catalogue."
        if on
        else "Declare what is installed with `pitstop system adopt`.",
    )


def _nothing_supported() -> Finding:
    return Finding(
        "nothing-supported",
        Severity.CRITICAL,
        "platform catalogue",
        "No family is supported: the publisher has withdrawn them all, or none is known.",
        "Poll or import the platform's newest catalogue, or ask the publisher.",
    )


# --- the path -----------------------------------------------------------------------------------------------


def _path(  # noqa: PLR0917 - one call, the parts of one answer
    situation: Situation,
    asked: _Asked,
    legs: tuple[Leg, ...],
    durations: Durations,
    objective: Objective,
    why_not: list[Finding],
    found: Found | None,
) -> Path:
    steps = tuple(_step(number, leg, durations) for number, leg in enumerate(legs, start=1))
    end = legs[-1].then if legs else situation.on
    return Path(
        asked.target,
        objective,
        not why_not,
        steps,
        durations.together(release for leg in legs for release in _goes_on(leg)),
        sum(step.restarts_nodes for step in steps),
        str(situation.on.version or ""),
        str(end.version or ""),
        tuple(why_not),
        tuple(_left_out(situation, end, legs, found)),
    )


def _goes_on(leg: Leg) -> tuple[Release, ...]:
    return (leg.release,) if leg.rides is None else (leg.release, leg.rides)


def _step(number: int, leg: Leg, durations: Durations) -> PathStep:
    oem = leg.release.type is PackageType.OEM
    total = durations.together(_goes_on(leg))
    own = durations.of(leg.release)
    return PathStep(
        number,
        leg.release,
        leg.rides,
        leg.because,
        leg.why,
        str((leg.before.oem if oem else leg.before.version) or ""),
        str((leg.then.oem if oem else leg.then.version) or ""),
        replace(own, least=total.least, most=total.most) if own is not None else None,
        any(release.restarts_nodes for release in _goes_on(leg)),
        tuple(word.finding for word in leg.words if word.finding is not None),
    )


def _left_out(
    situation: Situation, end: Installation, legs: tuple[Leg, ...], found: Found | None
) -> Iterator[Finding]:
    """What was taken out by a filter on the way, and what was looked at and could not be used, each once."""
    refused = [*_removed_between(situation, end), *_other_builds(situation, legs)]
    for item in found.blocked if found is not None and legs else ():
        refused += [word.finding for word in item.words if word.finding is not None]
    yield from {(finding.subject, finding.what): finding for finding in refused}.values()


def _removed_between(situation: Situation, end: Installation) -> Iterator[Finding]:
    graph, here = situation.graph, situation.family
    there = graph.families.get(end.family or "")
    if here is None or there is None:
        return
    for id_, finding in graph.removed.items():
        if any(here.order <= node.order <= there.order for node in graph.homes(graph.releases[id_])):
            yield finding


def _other_builds(situation: Situation, legs: tuple[Leg, ...]) -> Iterator[Finding]:
    """Why another build of a family that is entered was not taken."""
    for leg in legs:
        for node in situation.graph.homes(leg.release) if leg.release.family else ():
            for build in situation.graph.builds(node):
                if build is not leg.release:
                    words = blocking_words(build, replace(situation, on=leg.before))
                    yield from (word.finding for word in words if word.finding is not None)
