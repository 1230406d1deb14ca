"""Paths and their calendars as faces show them. Pure: a graph and facts in, read models out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pitstop.model.findings import Finding, Severity
from pitstop.policy.calendar import fewest_windows, lay_out
from pitstop.policy.durations import Duration
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.objectives import Objective
from pitstop.policy.path import Path, PathStep, plan_path
from pitstop.policy.support import known_day, support
from pitstop.policy.windows import Blackout, MaintenanceWindow, Opening, openings
from pitstop.service.findings import finding_view
from pitstop.service.question import PathQuestion
from pitstop.wire.policy_views import BookingView, CalendarView, OpeningView, PathStepView, PathView
from pitstop.wire.views import Range

_MINUTE = 60.0
_SHOWN_AHEAD = timedelta(days=400)

NO_WINDOWS = Finding(
    "no-windows",
    Severity.WARNING,
    "maintenance windows",
    "No maintenance window is declared, so nothing can be laid into one.",
    "Declare when work may be done: pitstop windows set.",
)


@dataclass(frozen=True, slots=True)
class Times:
    """When work may be done."""

    windows: tuple[MaintenanceWindow, ...] = ()
    blackouts: tuple[Blackout, ...] = ()

    def opening_view(self, opening: Opening) -> OpeningView:
        zone = next((window.zone for window in self.windows if window.name == opening.window), "UTC")
        closed = opening.blackout
        return OpeningView(
            window=opening.window,
            zone=zone,
            start=opening.start,
            end=opening.end,
            closed_by="" if closed is None else closed.reason or "a blackout",
        )

    def next_openings(self, since: datetime, count: int) -> tuple[OpeningView, ...]:
        """Raises InvalidInput: a window's rule, zone or length cannot be used."""
        found = openings(self.windows, self.blackouts, since, since + _SHOWN_AHEAD)
        return tuple(self.opening_view(opening) for opening in found[:count])


def path_view(graph: ReleaseGraph, facts: SystemFacts, question: PathQuestion) -> PathView:
    """Raises NotFound: there is no release of that name or build."""
    return view_of_path(graph, facts, question, planned(graph, facts, question))


def planned(graph: ReleaseGraph, facts: SystemFacts, question: PathQuestion) -> Path:
    return plan_path(graph, facts, question.target, question.objective, recommended=question.recommended)


def view_of_path(graph: ReleaseGraph, facts: SystemFacts, question: PathQuestion, path: Path) -> PathView:
    total = path.total
    nothing_known = bool(path.steps) and all(step.duration is None for step in path.steps)
    return PathView(
        target=path.target,
        objective=question.objective,
        recommended=question.recommended,
        reached=path.reached,
        from_version=path.from_version,
        to_version=path.to_version,
        steps=tuple(_step_view(step) for step in path.steps),
        total=None if nothing_known else Range(least=total.least * _MINUTE, most=total.most * _MINUTE),
        unknown=total.unknown,
        restarts=path.restarts,
        why_not=tuple(finding_view(finding) for finding in path.why_not),
        left_out=tuple(finding_view(finding) for finding in path.left_out),
        as_known_on=known_day(graph, facts),
    )


def calendar_view(
    graph: ReleaseGraph, facts: SystemFacts, question: PathQuestion, times: Times
) -> CalendarView:
    """The path in the windows from now on. With *fewest windows* the windows themselves decide which of the
    best paths it is.

    Raises:
        NotFound: there is no release of that name or build.
        InvalidInput: a window cannot be used.
    """
    path = _chosen(graph, facts, question, times)
    deadline, certain = _deadline(graph, facts)
    calendar = lay_out(path, times.windows, times.blackouts, facts.at, deadline=deadline)
    findings = list(calendar.findings) if times.windows or not path.steps else [NO_WINDOWS]
    return CalendarView(
        path=view_of_path(graph, facts, question, path),
        since=facts.at,
        fits=calendar.fits,
        bookings=tuple(
            BookingView(
                number=booking.step.number,
                name=booking.step.release.name,
                opening=times.opening_view(booking.opening),
                start=booking.start,
                end_least=booking.end_least,
                end_most=booking.end_most,
                after_deadline=booking.after_deadline,
            )
            for booking in calendar.bookings
        ),
        openings=tuple(times.opening_view(opening) for opening in calendar.windows),
        closed=tuple(times.opening_view(opening) for opening in calendar.closed),
        findings=tuple(finding_view(finding) for finding in findings),
        deadline=deadline,
        deadline_certain=certain,
    )


def _chosen(graph: ReleaseGraph, facts: SystemFacts, question: PathQuestion, times: Times) -> Path:
    path = planned(graph, facts, question)
    if question.objective is not Objective.FEWEST_WINDOWS or not times.windows:
        return path
    others = [planned(graph, facts, replace(question, objective=objective)) for objective in Objective]
    asked_for = [other for other in others if other.reached == path.reached]
    return fewest_windows([path, *asked_for], times.windows, times.blackouts, facts.at)[0]


def _deadline(graph: ReleaseGraph, facts: SystemFacts) -> tuple[date | None, bool]:
    """The last day with support for the system as it is, at the soonest; whether that is a fixed day."""
    ahead = support(graph, facts).forecast
    if ahead is None or ahead.earliest is None:
        return None, False
    return ahead.earliest - timedelta(days=1), ahead.certain


def _step_view(step: PathStep) -> PathStepView:
    release = step.release
    return PathStepView(
        number=step.number,
        name=release.name,
        title=release.title,
        package_type=release.type,
        version=str(release.version),
        family=release.family or ", ".join(release.families),
        rides=step.rides.name if step.rides else "",
        because=step.because,
        why=step.why,
        from_version=step.from_version,
        to_version=step.to_version,
        duration=duration_view(step.duration),
        duration_source=step.duration.source if step.duration else "",
        restarts_nodes=step.restarts_nodes,
        findings=tuple(finding_view(finding) for finding in step.findings),
    )


def duration_view(duration: Duration | None) -> Range | None:
    """In seconds; None where it is not known."""
    if duration is None:
        return None
    return Range(least=duration.least * _MINUTE, most=duration.most * _MINUTE)
