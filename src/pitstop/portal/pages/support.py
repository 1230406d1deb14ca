"""``/support``: whether the servicing policy supports the system, today or on any day, and the families over
time."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from litestar.response import Response

from pitstop.model.errors import InvalidInput
from pitstop.portal.drawings import timeline as drawn
from pitstop.portal.visits import OpenVisit, Visit
from pitstop.wire.policy_views import TimelineView

FAMILIES_SHOWN: Final = 12
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Days that may be asked about: others are slips of the keyboard."""

OnDay = Annotated[str, QueryParameter(name="at")]
AllFamilies = Annotated[str, QueryParameter(name="families")]


@get("/support", sync_to_thread=True)
def show(visit: OpenVisit, at: OnDay = "", families: AllFamilies = "") -> Response[str]:
    try:
        day = _day(at)
    except InvalidInput as error:
        return _page(visit, None, families=families, typed=at, problem=error)
    return _page(visit, day, families=families, typed=at)


def _page(
    visit: Visit, day: date | None, *, families: str, typed: str, problem: InvalidInput | None = None
) -> Response[str]:
    report = visit.desk.policy.support(visit.actor, day)
    whole = visit.desk.policy.timeline(visit.actor)
    timeline = _shortened(whole) if families != "all" else whole
    return visit.page(
        "support.html",
        problem=problem,
        report=report,
        timeline=timeline,
        folded=len(whole.families) - len(timeline.families),
        typed=typed,
        drawings=_drawings(timeline, day),
    )


def _shortened(timeline: TimelineView) -> TimelineView:
    shown = drawn.shown_families(timeline.families, FAMILIES_SHOWN)
    return msgspec.structs.replace(timeline, families=shown)


def _drawings(timeline: TimelineView, day: date | None) -> list[Any]:
    """For a wide page and for a narrow one; none where nothing is known."""
    both = (drawn.draw(timeline, width=width, asked=day) for width in (drawn.WIDE, drawn.NARROW))
    return [drawing for drawing in both if drawing is not None]


def _day(text: str) -> date | None:
    """Raises InvalidInput."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:40]!r} is not a day", hint="Write it as year-month-day, such as 2024-05-14."
        ) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput(
            f"{day} is too far away", hint=f"Ask about a day from {FIRST_YEAR} to {LAST_YEAR}."
        )
    return day
