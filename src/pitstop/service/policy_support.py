"""Support on any day, and the timeline of families, as faces show them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time

from pitstop.model.conditions import FactTest
from pitstop.model.releases import HardwareMatch, SupportEnd, SupportException
from pitstop.policy.facts import SystemFacts
from pitstop.policy.forecast import Forecast
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.installed import installation
from pitstop.policy.path import Target
from pitstop.policy.release_dates import Days
from pitstop.policy.support import SupportState, known_day, support
from pitstop.policy.support_rules.counting import behind, counted
from pitstop.policy.timeline import Bar, timeline
from pitstop.service.findings import finding_view
from pitstop.service.policy_paths import path_view
from pitstop.service.question import PathQuestion
from pitstop.wire.policy_views import (
    DaysView,
    FamilyBarView,
    ForecastView,
    PathView,
    PolicyDateView,
    SupportReport,
    TimelineView,
)

_PRESENT = "present"


def support_report(graph: ReleaseGraph, facts: SystemFacts, at: date | None = None) -> SupportReport:
    """The support of this system on that day; today unless one is named."""
    day = at if at is not None else facts.today
    about = _PRESENT if day == facts.today else "past" if day < facts.today else "forecast"
    status = support(graph, facts, day)
    on = installation(graph, facts, until=day if about == "past" else None)
    return SupportReport(
        at=day,
        about=about,
        status=status.state,
        position=status.position,
        behind=status.behind,
        at_least=status.at_least,
        why=status.why,
        newest_family=status.newest or "",
        current_family=status.current or "",
        current_version=str(on.version or ""),
        supported_families=status.supported,
        as_known_on=status.known_on,
        entitled=status.entitled,
        ends=forecast_view(status.forecast),
        way_back=None if about == "past" else _way_back(graph, facts, day, status.state),
        findings=tuple(finding_view(finding) for finding in status.findings),
    )


def _way_back(graph: ReleaseGraph, facts: SystemFacts, day: date, state: SupportState) -> PathView | None:
    """The least that brings the system into support on that day; None where nothing need be done."""
    if state is SupportState.SUPPORTED:
        return None
    then = facts if day == facts.today else replace(facts, at=datetime.combine(day, time(), UTC))
    path = path_view(graph, then, PathQuestion(Target.SUPPORTED))
    return path if path.steps or path.why_not else None


def timeline_view(graph: ReleaseGraph, facts: SystemFacts) -> TimelineView:
    """All families over time, and the dated parts of the policy."""
    drawn = timeline(graph, facts)
    line, platform = counted(graph), graph.platform
    on = installation(graph, facts)
    return TimelineView(
        today=drawn.today,
        as_known_on=known_day(graph, facts),
        newest_family=line[-1].id if line else "",
        current_family=on.family or "",
        current_version=str(on.version or ""),
        status=support(graph, facts).state,
        families=tuple(_bar_view(graph, bar) for bar in drawn.bars),
        exceptions=tuple(_exception_view(entry) for entry in platform.support_exceptions) if platform else (),
        ends=tuple(_end_view(entry) for entry in platform.support_ends) if platform else (),
    )


def _bar_view(graph: ReleaseGraph, bar: Bar) -> FamilyBarView:
    node, line = graph.families[bar.family], counted(graph)
    count = behind(graph, node, line[-1])
    return FamilyBarView(
        family=bar.family,
        position="" if bar.withdrawn else f"N-{count}" if count else "N",
        released=_days_view(bar.released),
        last_day=_days_view(bar.last_day) if bar.last_day else None,
        forecast=forecast_view(bar.forecast),
        current=bar.current,
        supported=bar.supported,
        withdrawn=bar.withdrawn,
        builds=tuple(str(release.version) for release in (*node.builds, *node.hotfixes)),
    )


def _days_view(days: Days) -> DaysView:
    return DaysView(earliest=days.earliest, latest=days.latest, exact=days.exact)


def forecast_view(ahead: Forecast | None) -> ForecastView | None:
    if ahead is None:
        return None
    return ForecastView(earliest=ahead.earliest, latest=ahead.latest, certain=ahead.certain, why=ahead.why)


def _exception_view(entry: SupportException) -> PolicyDateView:
    return PolicyDateView(
        behind=entry.behind,
        while_newest=entry.while_newest or "",
        families=entry.families,
        hardware=_hardware(entry.hardware),
        conditions=_conditions(entry.when),
        first_day=entry.first_day,
        last_day=entry.last_day,
        reason=entry.reason,
        link=entry.link,
    )


def _end_view(entry: SupportEnd) -> PolicyDateView:
    return PolicyDateView(
        behind=None,
        while_newest="",
        families=entry.families,
        hardware=_hardware(entry.hardware),
        conditions=_conditions(entry.when),
        first_day=None,
        last_day=entry.last_day,
        reason=entry.reason,
        link=entry.link,
    )


def _hardware(matches: Iterable[HardwareMatch]) -> tuple[str, ...]:
    return tuple(f"{match.family} {match.model or ''}".strip() for match in matches)


def _conditions(tests: Iterable[FactTest]) -> tuple[str, ...]:
    return tuple(str(test) for test in tests)
