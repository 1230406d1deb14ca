"""When families were released, as far as it is known: a range of days for each, never a guess.

A date with month precision is some day of that month. The order of release narrows what is known: a family
was not released before the one before it, nor after the one after it, nor after the catalogue was signed.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from pitstop.model.releases import DatePrecision, ReleaseDate
from pitstop.policy.graph import FamilyNode, ReleaseGraph


@dataclass(frozen=True, slots=True)
class Days:
    """Some day from ``earliest`` to ``latest``, both included; None: no bound is known."""

    earliest: date | None
    latest: date | None

    @property
    def exact(self) -> bool:
        return self.earliest is not None and self.earliest == self.latest

    def __str__(self) -> str:
        if self.exact:
            return str(self.earliest)
        if self.earliest is None or self.latest is None:
            return "an unknown day"
        return f"{self.earliest} to {self.latest}"


UNKNOWN_DAYS = Days(None, None)


def days_of(released: ReleaseDate | None) -> Days:
    """The days on which it may have been released."""
    if released is None:
        return UNKNOWN_DAYS
    day = released.day
    if released.precision is DatePrecision.DAY:
        return Days(day, day)
    if released.precision is DatePrecision.NOT_BEFORE:
        return Days(day, None)
    return Days(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def family_days(graph: ReleaseGraph) -> dict[str, Days]:
    """For each family the days on which it may have been released."""
    return graph.remembered("days of families", lambda: _family_days(graph))


def _family_days(graph: ReleaseGraph) -> dict[str, Days]:
    own = [_own_days(node) for node in graph.families.values()]
    earliest: list[date | None] = []
    for days in own:
        known = [day for day in (earliest[-1] if earliest else None, days.earliest) if day is not None]
        earliest.append(max(known, default=None))
    latest: list[date | None] = []
    for days in reversed(own):
        known = [day for day in (latest[-1] if latest else graph.known_on, days.latest) if day is not None]
        latest.append(min(known, default=None))
    spans = zip(graph.families, earliest, reversed(latest), strict=True)
    return {id_: Days(first, last) for id_, first, last in spans}


def _own_days(node: FamilyNode) -> Days:
    """Those of the build that opened the family first; a re-issue came later."""
    return days_of(node.builds[0].released) if node.builds else UNKNOWN_DAYS
