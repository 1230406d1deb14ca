"""When a system will fall out of support if nothing is installed: a range from the cadence seen so far.

A system is out when so many further families are released that it is more than two behind. How long that
takes is taken from how long it took before: the shortest and the longest span of as many releases among the
last ones, the extremes left aside where there are enough others. Fixed ends and dated exceptions are
certain days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.release_dates import Days, family_days
from pitstop.policy.support_rules.counting import SUPPORTED_BEHIND, behind, counted
from pitstop.policy.support_rules.exceptions import ends, reach

LOOKS_BACK = 10
"""So many of the last families make the cadence."""

_LEAST_SPANS = 2
_ENOUGH_SPANS = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The first day without support lies between these days, both included.

    Attributes:
        earliest, latest: None: cannot be said.
        certain: it rests on fixed days alone, not on the cadence.
    """

    earliest: date | None
    latest: date | None
    certain: bool
    why: str


def forecast(graph: ReleaseGraph, facts: SystemFacts, current: FamilyNode, known_on: date) -> Forecast | None:
    """The first day on which this system, left as it is, is out of support; None when it is already, or
    when neither dates nor ends say anything."""
    line = counted(graph)
    if not line:
        return None
    count = behind(graph, current, line[-1])
    found = [
        *_by_end(graph, facts, current),
        *_by_exception(graph, facts, current, count=count, known_on=known_on),
        *_by_contract(facts),
    ]
    if count <= SUPPORTED_BEHIND:
        found += _by_cadence(graph, SUPPORTED_BEHIND + 1 - count, known_on)
    return _first(found)


def _first(found: list[Forecast]) -> Forecast | None:
    if not found:
        return None
    earliest = min((item for item in found if item.earliest), key=lambda item: item.earliest or date.max)
    latest = min((item.latest for item in found if item.latest), default=None)
    return Forecast(earliest.earliest, latest, earliest.certain and earliest.latest == latest, earliest.why)


def _by_end(graph: ReleaseGraph, facts: SystemFacts, current: FamilyNode) -> list[Forecast]:
    return [
        Forecast(end.entry.last_day + _DAY, end.entry.last_day + _DAY, True, _because(end.entry.reason))
        for end in ends(graph, facts, current.id)
        if not end.missing
    ][:1]


def _by_contract(facts: SystemFacts) -> list[Forecast]:
    """Without a valid hardware contract the system is not entitled: its last day is a fixed end."""
    contract = facts.contract
    if contract is None or not contract.valid or contract.last_day is None or contract.last_day < facts.today:
        return []
    out = contract.last_day + _DAY
    return [Forecast(out, out, True, "The hardware support contract ends then.")]


def _because(reason: str) -> str:
    return f"Support of this system has a fixed end: {reason}." if reason else "Support has a fixed end."


def _by_exception(
    graph: ReleaseGraph, facts: SystemFacts, current: FamilyNode, *, count: int, known_on: date
) -> list[Forecast]:
    """A system that only an exception keeps in support is out when the exception ends."""
    newest = counted(graph)[-1]
    held = reach(graph, facts, current.id, newest.id, known_on)
    if held.by is None or not SUPPORTED_BEHIND < count <= held.behind:
        return []
    found = []
    if held.by.last_day is not None:
        day = held.by.last_day + _DAY
        found.append(Forecast(day, day, True, f"The exception ends on {held.by.last_day}."))
    further = 1 if held.by.while_newest is not None else held.behind + 1 - count
    return found + _by_cadence(graph, further, known_on)


def _by_cadence(graph: ReleaseGraph, further: int, known_on: date) -> list[Forecast]:
    """The day on which so many further families are out."""
    days = [family_days(graph)[node.id] for node in counted(graph)][-LOOKS_BACK:]
    spans = [_span(days[i], days[i + further]) for i in range(len(days) - further)]
    known = [span for span in spans if span is not None]
    newest = days[-1]
    if len(known) < _LEAST_SPANS or newest.earliest is None or newest.latest is None:
        return []
    aside = 1 if len(known) >= _ENOUGH_SPANS else 0
    shortest = sorted(span[0] for span in known)[aside]
    longest = sorted(span[1] for span in known)[-1 - aside]
    tomorrow = known_on + _DAY
    earliest = max(newest.earliest + shortest, tomorrow)
    latest = max(newest.latest + longest, earliest)
    what = "family" if further == 1 else f"{further} families"
    why = (
        f"The next {what} will end its support; so far that took "
        f"{shortest.days} to {longest.days} days, counted from the newest family."
    )
    return [Forecast(earliest, latest, False, why)]


def _span(first: Days, second: Days) -> tuple[timedelta, timedelta] | None:
    """The shortest and the longest time that may lie between."""
    if None in (first.earliest, first.latest, second.earliest, second.latest):
        return None
    least = (second.earliest or date.min) - (first.latest or date.min)
    most = (second.latest or date.min) - (first.earliest or date.min)
    return max(least, timedelta(0)), most
