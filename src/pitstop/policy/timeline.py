"""Families over time: when each was released, and until when it is supported, known or forecast.

What a drawing of the support timeline shows, and the table beside it. Exceptions and ends that concern
certain hardware or facts are those of the system that asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pitstop.policy.facts import SystemFacts
from pitstop.policy.forecast import Forecast, forecast
from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.installed import installation
from pitstop.policy.release_dates import Days, family_days
from pitstop.policy.support import supported_families
from pitstop.policy.support_rules.counting import behind, counted
from pitstop.policy.support_rules.exceptions import ends, furthest, reach

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One family.

    Attributes:
        released: the days on which it may have been released.
        last_day: the last day of support that is known: some day of these; None: support has not ended.
        forecast: where support has not ended, when it will.
        current: whether the system is on it.
        supported: whether it is supported on the day asked about.
    """

    family: str
    released: Days
    last_day: Days | None
    forecast: Forecast | None
    current: bool
    supported: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The families in order of release; ``known_on``: beyond it everything is forecast."""

    bars: tuple[Bar, ...]
    today: date
    known_on: date | None


def timeline(graph: ReleaseGraph, facts: SystemFacts, *, last: int | None = None) -> Timeline:
    """The bars of all families, or of the ``last`` so many."""
    known_on = graph.known_on
    line = counted(graph)
    if known_on is None or not line:
        return Timeline((), facts.today, known_on)
    on = installation(graph, facts)
    nodes = list(graph.families.values())[-last if last is not None else 0 :]
    now = supported_families(graph, facts, line[-1], facts.today)
    return Timeline(tuple(_bar(graph, facts, node, on.family, now) for node in nodes), facts.today, known_on)


def _bar(
    graph: ReleaseGraph, facts: SystemFacts, node: FamilyNode, current: str | None, now: tuple[str, ...]
) -> Bar:
    ended = _last_day(graph, facts, node)
    ahead = None if ended is not None else forecast(graph, facts, node, graph.known_on or facts.today)
    return Bar(
        node.id,
        family_days(graph)[node.id],
        ended,
        ahead,
        node.id == current,
        node.id in now,
        node.withdrawn,
    )


def _last_day(graph: ReleaseGraph, facts: SystemFacts, node: FamilyNode) -> Days | None:
    """The last day with support, as a range; None while it has not ended by what is known."""
    by_count = _last_by_count(graph, facts, node)
    fixed = [end.entry.last_day for end in ends(graph, facts, node.id) if not end.missing][:1]
    known_on = graph.known_on
    if fixed and (by_count is None or by_count.latest is None or fixed[0] <= by_count.latest):
        return Days(fixed[0], fixed[0]) if known_on is None or fixed[0] < known_on else None
    return by_count


def _last_by_count(graph: ReleaseGraph, facts: SystemFacts, node: FamilyNode) -> Days | None:
    """The day before the family came out that put this one too far behind, or an exception's last day."""
    newer = [other for other in counted(graph) if other.order > node.order]
    for place, newest in enumerate(newer[: furthest(graph) + 1]):
        out = _day_before(family_days(graph)[newest.id])
        count = behind(graph, node, newest)
        opened = family_days(graph)[newest.id].latest or graph.known_on or date.max
        allowed = reach(graph, facts, node.id, newest.id, opened)
        if count > allowed.behind:
            return out
        until = allowed.by.last_day if allowed.by is not None and count > 2 else None
        following = family_days(graph)[newer[place + 1].id] if place + 1 < len(newer) else None
        if until is not None and _comes_first(until, following, graph.known_on):
            return Days(until, until)
    return None


def _comes_first(until: date, following: Days | None, known_on: date | None) -> bool:
    """Whether an exception has ended, and before the next family came out."""
    before_next = following is None or following.earliest is None or until < following.earliest
    return before_next and until < (known_on or date.max)


def _day_before(days: Days) -> Days:
    return Days(days.earliest - _DAY if days.earliest else None, days.latest - _DAY if days.latest else None)
