"""Dated exceptions and ends: support further back than usual for a time, and days after which there is none.

Both may concern certain families, hardware or facts only. What depends on a fact that is missing is unknown,
with the fact named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pitstop.model.answers import NO, Answer, ask_all
from pitstop.model.conditions import FactTest
from pitstop.model.releases import HardwareMatch, SupportEnd, SupportException
from pitstop.policy.facts import SystemFacts, fits_hardware
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.support_rules.counting import SUPPORTED_BEHIND


@dataclass(frozen=True, slots=True)
class Reach:
    """How far behind is supported, and by which exception if it is further than usual.

    Attributes:
        maybe: how far it would be if every exception whose facts are missing held.
    """

    behind: int
    maybe: int
    by: SupportException | None = None
    missing: tuple[str, ...] = ()


def reach(graph: ReleaseGraph, facts: SystemFacts, current: str, newest: str, at: date) -> Reach:
    """How many families behind ``newest`` are supported on that day, for a system on ``current``."""
    best = Reach(SUPPORTED_BEHIND, SUPPORTED_BEHIND)
    for entry in graph.platform.support_exceptions if graph.platform else ():
        if entry.while_newest not in (None, newest) or not _in_force(entry, at):
            continue
        concerns = _concerns(entry.families, entry.hardware, entry.when, current, facts)
        if concerns.holds and entry.behind > best.behind:
            best = Reach(entry.behind, max(entry.behind, best.maybe), entry, best.missing)
        elif concerns.holds is None:
            best = Reach(
                best.behind, max(best.maybe, entry.behind), best.by, (*best.missing, *concerns.missing)
            )
    return best


def furthest(graph: ReleaseGraph) -> int:
    """How many families behind N any exception reaches, ever."""
    entries = graph.platform.support_exceptions if graph.platform else ()
    return max(SUPPORTED_BEHIND, *(entry.behind for entry in entries), 0)


@dataclass(frozen=True, slots=True)
class End:
    """A support end that concerns a system; ``missing`` says what makes that unknown."""

    entry: SupportEnd
    missing: tuple[str, ...] = ()


def ends(graph: ReleaseGraph, facts: SystemFacts, current: str) -> tuple[End, ...]:
    """The ends that concern this system, or may, the first one first."""
    found: list[End] = []
    for entry in graph.platform.support_ends if graph.platform else ():
        concerns = _concerns(entry.families, entry.hardware, entry.when, current, facts)
        if concerns.holds is not False:
            found.append(End(entry, concerns.missing))
    return tuple(sorted(found, key=lambda end: end.entry.last_day))


def _in_force(entry: SupportException, at: date) -> bool:
    begun = entry.first_day is None or entry.first_day <= at
    return begun and (entry.last_day is None or at <= entry.last_day)


def _concerns(
    families: Iterable[str],
    hardware: tuple[HardwareMatch, ...],
    when: tuple[FactTest, ...],
    current: str,
    facts: SystemFacts,
) -> Answer:
    named = tuple(families)
    if named and current not in named:
        return NO
    fits = fits_hardware(hardware, facts)
    if fits is False:
        return NO
    answer = ask_all(when, facts.facts)
    if fits is None and answer.holds is not False:
        return Answer(None, ("this system's hardware is not recorded", *answer.missing))
    return answer
