"""``/path``: the ordered updates to a target, drawn and told, and laid into the maintenance windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import Any, Final

from litestar import get
from litestar.params import FromQuery
from litestar.response import Response

from pitstop.model.errors import NotSignedIn, PitstopError
from pitstop.policy.objectives import Objective
from pitstop.policy.path import Target
from pitstop.portal.drawings import calendar as strip
from pitstop.portal.drawings import path as drawn
from pitstop.portal.visits import OpenVisit, Visit
from pitstop.service.question import PathQuestion, objective_of
from pitstop.wire.policy_views import BookingView, CalendarView, OpeningView, ReleaseView

TARGETS: Final[Mapping[str, str]] = MappingProxyType(
    {Target.NEWEST: "The newest release", Target.SUPPORTED: "Back in support with the least"}
)
OBJECTIVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Objective.LEAST_TIME: "The least time",
        Objective.FEWEST_RESTARTS: "The fewest restarts",
        Objective.FEWEST_WINDOWS: "The fewest windows",
    }
)
ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {"": "As suits the target", "yes": "With recommended hotfixes", "no": "Only what is required"}
)
_NO_TARGET: Final = frozenset({"Installed", "Obsolete", "Recalled", "Invalid"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the calendar: a booking, a window that is closed, or (neither) the deadline."""

    at: datetime
    booking: BookingView | None = None
    closed: OpeningView | None = None


@get("/path", sync_to_thread=True)
def show(
    visit: OpenVisit,
    to: FromQuery[str] = Target.NEWEST,
    objective: FromQuery[str] = Objective.LEAST_TIME,
    recommended: FromQuery[str] = "",
) -> Response[str]:
    asked = {"to": to, "objective": objective, "recommended": recommended}
    try:
        asked["objective"] = objective_of(objective)
        question = PathQuestion(to, objective_of(objective), {"yes": True, "no": False}.get(recommended))
        calendar = visit.desk.policy.calendar(visit.actor, question)
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _page(visit, asked, None, error)
    return _page(visit, asked, calendar)


def _page(
    visit: Visit,
    asked: Mapping[str, str],
    calendar: CalendarView | None,
    problem: PitstopError | None = None,
) -> Response[str]:
    return visit.page(
        "path.html",
        problem=problem,
        asked=asked,
        targets=TARGETS,
        objectives=OBJECTIVES,
        advice=ADVICE,
        releases=_possible_targets(visit.desk.policy.releases(visit.actor), asked["to"]),
        calendar=calendar,
        entries=entries(calendar) if calendar else (),
        titles={step.name: step.title for step in calendar.path.steps} if calendar else {},
        drawings=_both(drawn.draw, calendar.path, drawn.WIDE, drawn.NARROW) if calendar else [],
        strips=_both(strip.draw, calendar, strip.WIDE, strip.NARROW) if calendar else [],
    )


def _both(draw: Any, what: object, *widths: int) -> list[Any]:
    """For a wide page and for a narrow one; none where there is nothing to draw."""
    return [drawing for width in widths if (drawing := draw(what, width=width)) is not None]


def _possible_targets(releases: Sequence[ReleaseView], asked: str) -> list[ReleaseView]:
    """What it makes sense to go to; and what was asked for, so that the form says what the page shows."""
    return [
        release
        for release in releases
        if release.state not in _NO_TARGET or asked in (release.name, release.version)
    ]


def entries(calendar: CalendarView) -> tuple[Entry, ...]:
    """Bookings, closed windows and the deadline, one after the other."""
    found = [Entry(booking.start, booking=booking) for booking in calendar.bookings]
    found += [Entry(opening.start, closed=opening) for opening in calendar.closed]
    if calendar.deadline is not None and calendar.bookings:
        found.append(Entry(datetime.combine(calendar.deadline, time.max, UTC)))
    return tuple(sorted(found, key=lambda entry: entry.at))
