"""Where things stand in the drawings: days along a line, bars of families, boxes of a path, windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from pitstop.portal.drawings import calendar, path, timeline
from pitstop.portal.drawings.scale import Days, fitted, text_width, wrapped
from pitstop.wire.policy_views import (
    BookingView,
    CalendarView,
    DaysView,
    FamilyBarView,
    ForecastView,
    OpeningView,
    PathStepView,
    PathView,
    TimelineView,
)
from pitstop.wire.views import Range

D = date.fromisoformat
TODAY = D("2024-05-14")


# --- days along a line --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "x"),
    [
        ("2024-01-01", 100.0),
        ("2024-01-06", 150.0),
        ("2024-01-11", 200.0),
        ("2023-01-01", 100.0),
        ("2030-01-01", 200.0),
    ],
)
def test_a_day_stands_at_its_part_of_the_line(day: str, x: float) -> None:
    assert Days(D("2024-01-01"), D("2024-01-11"), 100, 200).x(D(day)) == x


def test_a_line_of_one_day_divides_by_nothing() -> None:
    assert Days(TODAY, TODAY, 0, 100).x(TODAY) == 0


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2024-05-01", "2024-06-01", ["2024-05-06", "2024-05-13", "2024-05-20", "2024-05-27"]),
        ("2024-05-01", "2024-08-09", ["2024-05-06", "2024-05-20", "2024-06-03", "2024-06-17", "2024-07-01"]),
        ("2023-12-20", "2024-08-01", ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]),
        ("2023-02-10", "2025-01-01", ["2023-04", "2023-07", "2023-10", "2024-01", "2024-04", "2024-07"]),
        ("2017-11-05", "2025-10-30", ["2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025"]),
        ("1976-03-01", "2025-10-30", ["1980", "1985", "1990", "1995", "2000"]),
    ],
)
def test_marks_are_the_closest_that_do_not_run_into_each_other(
    first: str, last: str, labels: list[str]
) -> None:
    ticks = Days(D(first), D(last), 0, 800).ticks(74)
    assert [tick.label for tick in ticks][: len(labels)] == labels
    assert all(after.x - before.x >= 70 for before, after in pairwise(ticks))


def test_marks_end_where_the_calendar_ends() -> None:
    assert Days(D("9990-01-01"), date.max, 0, 300).ticks(60)[-1].label == "9998"


def test_text_is_cut_where_it_would_be_too_wide() -> None:
    assert fitted("Lantern", 100, 12) == "Lantern"
    cut = fitted("Lantern 2305, the first hotfix", 100, 12)
    assert cut.endswith("…")
    assert text_width(cut, 12) <= 100


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("Lantern 2305", ("Lantern 2305",)),
        ("Lantern 2305, hotfix 1", ("Lantern 2305,", "hotfix 1")),
        ("Lantern 2305, hotfix 1, and more of it", ("Lantern 2305,", "hotfix 1, an…")),
        ("Antidisestablishmentarian", ("Antidisestab…",)),
    ],
)
def test_text_is_broken_between_words(text: str, lines: tuple[str, ...]) -> None:
    assert wrapped(text, 92, 12, lines=2) == lines


# --- the timeline -------------------------------------------------------------------------------------------


def on(first: str, last: str | None = None) -> DaysView:
    return DaysView(earliest=D(first), latest=D(last or first), exact=last is None)


def ahead(first: str | None, last: str | None, *, certain: bool = False) -> ForecastView:
    return ForecastView(
        earliest=D(first) if first else None, latest=D(last) if last else None, certain=certain, why=""
    )


def a_bar(
    family: str,
    released: DaysView,
    *,
    last_day: DaysView | None = None,
    forecast: ForecastView | None = None,
    current: bool = False,
) -> FamilyBarView:
    return FamilyBarView(
        family=family,
        position="N",
        released=released,
        last_day=last_day,
        forecast=forecast,
        current=current,
        supported=last_day is None,
        withdrawn=False,
        builds=(),
    )


def a_timeline(*bars: FamilyBarView, known: date | None = TODAY) -> TimelineView:
    return TimelineView(
        today=TODAY,
        as_known_on=known,
        newest_family="",
        current_family="",
        current_version="",
        status="supported",
        families=bars,
        exceptions=(),
        ends=(),
    )


ENDED = a_bar("2302", on("2023-03-01", "2023-03-31"), last_day=on("2023-12-04"))
CURRENT = a_bar("2305", on("2023-06-08"), last_day=on("2024-05-01", "2024-05-07"), current=True)
OPEN = a_bar("2402", on("2024-04-23"), forecast=ahead("2024-12-28", "2025-03-09"))


def drawn(*bars: FamilyBarView, width: int = timeline.WIDE, asked: date | None = None) -> timeline.Drawing:
    drawing = timeline.draw(a_timeline(*bars), width=width, asked=asked)
    assert drawing is not None
    return drawing


@pytest.mark.parametrize(
    ("bar", "kinds"),
    [
        (ENDED, ["maybe", "known"]),
        (CURRENT, ["known", "maybe"]),
        (OPEN, ["known", "ahead", "maybe"]),
        (a_bar("1", on("2024-04-23"), forecast=ahead("2024-12-28", "2024-12-28")), ["known", "ahead"]),
        (a_bar("2", on("2024-04-23"), forecast=ahead("2024-06-01", None)), ["known", "ahead", "maybe"]),
        (a_bar("3", on("2024-04-23")), ["known", "ahead"]),
        (a_bar("4", on("2024-04-23"), forecast=ahead("2024-05-01", "2024-08-01")), ["known", "maybe"]),
        (a_bar("5", on("2024-05-14"), forecast=ahead("2024-12-28", "2024-12-28")), ["known", "ahead"]),
    ],
)
def test_a_bar_is_solid_as_known_hatched_by_forecast_and_dotted_where_a_day_is_not_known(
    bar: FamilyBarView, kinds: list[str]
) -> None:
    (row,) = drawn(bar).rows
    assert [span.kind for span in row.spans] == kinds


@pytest.mark.parametrize("width", [timeline.WIDE, timeline.NARROW])
def test_spans_follow_each_other_and_stay_inside(width: int) -> None:
    drawing = drawn(ENDED, CURRENT, OPEN, width=width)
    for row in drawing.rows:
        assert all(span.x >= 0 and span.x + span.width <= width for span in row.spans)
        for before, after in pairwise(row.spans):
            assert after.x == pytest.approx(before.x + before.width, abs=0.2)


def test_days_that_are_not_known_at_all_reach_the_edge() -> None:
    never = DaysView(earliest=None, latest=None, exact=False)
    (row,) = drawn(a_bar("1", never, last_day=never)).rows
    assert [span.kind for span in row.spans] == ["known"]
    assert row.words == "end not known"


def test_rows_stand_below_each_other_newest_first_and_the_system_is_marked() -> None:
    drawing = drawn(ENDED, CURRENT, OPEN)
    assert [row.family for row in drawing.rows] == ["2402", "2305", "2302"]
    assert [row.is_current for row in drawing.rows] == [False, True, False]
    for before, after in pairwise(drawing.rows):
        assert after.top == before.top + before.height
    assert drawing.height == drawing.rows[-1].top + drawing.rows[-1].height


@pytest.mark.parametrize(
    ("bar", "words"),
    [
        (ENDED, "until 2023-12-04"),
        (CURRENT, "until 2024-05"),
        (OPEN, "until 2024-12 to 2025-03"),
        (
            a_bar("1", on("2024-04-23"), forecast=ahead("2024-12-28", "2024-12-28", certain=True)),
            "until 2024-12-27",
        ),
        (a_bar("1", on("2024-04-23"), forecast=ahead("2024-12-28", None)), "until 2024-12 or later"),
        (a_bar("1", on("2024-04-23"), forecast=ahead(None, "2024-12-28")), "until 2024-12 or sooner"),
        (a_bar("1", on("2024-04-23"), forecast=ahead(None, None)), "end not known"),
        (a_bar("1", on("2024-04-23")), "end not known"),
    ],
)
def test_each_row_says_until_when(bar: FamilyBarView, words: str) -> None:
    assert drawn(bar).rows[0].words == words


def test_words_stand_behind_the_bar_or_before_it_and_never_beyond_the_drawing() -> None:
    drawing = drawn(ENDED, OPEN)
    open_, ended = drawing.rows
    assert (open_.anchor, ended.anchor) == ("end", "start")
    assert ended.words_x + text_width(ended.words, timeline.TYPE) <= drawing.width
    assert open_.words_x - text_width(open_.words, timeline.TYPE) >= 0


def test_today_the_end_of_knowledge_and_the_day_asked_about_are_marked() -> None:
    known, asked = D("2024-03-01"), D("2024-09-01")
    drawing = timeline.draw(a_timeline(ENDED, OPEN, known=known), width=timeline.WIDE, asked=asked)
    assert drawing is not None
    assert [mark.kind for mark in drawing.marks] == ["known", "today", "asked"]
    assert drawing.marks[0].x < drawing.marks[1].x < drawing.marks[2].x
    assert drawing.shade == drawing.marks[0].x
    assert len({mark.label_y for mark in drawing.marks}) == 3
    assert drawing.marks[-1].label_y < drawing.tick_y < drawing.plot


def test_knowledge_of_today_is_marked_once() -> None:
    drawing = drawn(OPEN)
    assert [mark.label for mark in drawing.marks] == ["Today, 2024-05-14; forecast from here"]
    assert drawing.shade == drawing.marks[0].x


@pytest.mark.parametrize("width", [timeline.WIDE, timeline.NARROW])
@pytest.mark.parametrize(
    "asked", [None, "2016-01-01", "2024-05-13", "2024-05-15", "2031-01-01", "2099-01-01"]
)
def test_labels_of_marks_stay_inside(width: int, asked: str | None) -> None:
    drawing = drawn(ENDED, CURRENT, OPEN, width=width, asked=D(asked) if asked else None)
    for mark in drawing.marks:
        length = text_width(mark.label, timeline.TYPE)
        begin = mark.label_x - (length if mark.anchor == "end" else 0)
        assert begin >= -1
        assert begin + length <= width + 1


def test_a_day_far_away_does_not_press_the_families_together() -> None:
    usual, far = drawn(ENDED, OPEN).rows[0].spans, drawn(ENDED, OPEN, asked=D("2099-01-01")).rows[0].spans
    assert far[1].width > usual[1].width / 4
    assert [mark.kind for mark in drawn(OPEN, asked=D("2099-01-01")).marks] == ["today"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert timeline.draw(a_timeline(), width=timeline.WIDE) is None


def test_without_knowledge_nothing_is_shaded() -> None:
    drawing = timeline.draw(a_timeline(OPEN, known=None), width=timeline.WIDE)
    assert drawing is not None
    assert drawing.shade is None


@pytest.mark.parametrize(("current", "shown"), [(None, 4), (9, 4), (6, 4), (2, 8), (0, 10)])
def test_the_newest_families_are_shown_and_always_that_of_the_system(current: int | None, shown: int) -> None:
    bars = tuple(a_bar(str(number), on("2024-01-01"), current=number == current) for number in range(10))
    assert timeline.shown_families(bars, 4) == bars[10 - shown :]


# --- the path -----------------------------------------------------------------------------------------------


def a_step(
    number: int, *, because: str = "next-family", restarts: bool = False, **more: object
) -> PathStepView:
    fields: dict[str, object] = {
        "rides": "",
        "duration": Range(least=240, most=420),
        "title": f"Lantern {number}",
        **more,
    }
    return PathStepView(
        number=number,
        name=f"Northstar{number}",
        package_type="Full",
        version=f"1.{number}",
        family=str(number),
        because=because,
        why="",
        from_version=f"1.{number - 1}",
        to_version=f"1.{number}",
        duration_source="publisher",
        restarts_nodes=restarts,
        **fields,  # type: ignore[arg-type]  # fields of a step, by their names
    )


def a_path(*steps: PathStepView, reached: bool = True) -> PathView:
    return PathView(
        target="newest",
        objective="least-time",
        recommended=None,
        reached=reached,
        from_version="1.0",
        to_version=f"1.{len(steps)}",
        steps=steps,
        total=None,
        unknown=(),
        restarts=0,
        why_not=(),
        left_out=(),
        as_known_on=TODAY,
    )


def path_of(*steps: PathStepView, width: int = path.WIDE, reached: bool = True) -> path.Drawing:
    drawing = path.draw(a_path(*steps, reached=reached), width=width)
    assert drawing is not None
    return drawing


def said(words: Sequence[path.Word]) -> list[str]:
    return [word.text for word in words]


def test_the_path_begins_with_what_is_installed_and_ends_at_the_target() -> None:
    drawing = path_of(
        a_step(1, because="required"), a_step(2, because="recommended"), a_step(3, because="target")
    )
    assert [box.because for box in drawing.boxes] == ["now", "gate", "recommended", "target"]
    assert said(drawing.boxes[0].words) == ["Now", "1.0", "installed"]
    assert said(drawing.boxes[1].words) == ["1 · Full", "1.1", "Lantern 1", "◆ gate"]
    assert len(drawing.arrows) == 3


def test_a_target_that_is_not_reached_is_a_box_of_its_own_behind_a_broken_arrow() -> None:
    drawing = path_of(a_step(1, because="target"), reached=False)
    assert [box.because for box in drawing.boxes] == ["now", "next", "unreached"]
    assert [arrow.is_broken for arrow in drawing.arrows] == [False, True]
    assert drawing.arrows[-1].words == ()


def test_without_any_way_the_target_alone_is_drawn() -> None:
    assert [box.because for box in path_of(reached=False).boxes] == ["now", "unreached"]


def test_nothing_to_do_is_not_drawn() -> None:
    assert path.draw(a_path(), width=path.WIDE) is None


@pytest.mark.parametrize("width", [path.WIDE, path.NARROW])
@pytest.mark.parametrize("count", [1, 3, 4, 9, 30])
def test_boxes_stay_inside_and_apart_and_arrows_lead_from_one_to_the_next(width: int, count: int) -> None:
    drawing = path_of(*(a_step(number) for number in range(1, count + 1)), width=width)
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= width
        assert box.y + box.height <= drawing.height
    for before, after in pairwise(drawing.boxes):
        assert after.x >= before.x + before.width or after.y >= before.y + before.height
    for arrow, (one, other) in zip(drawing.arrows, pairwise(drawing.boxes), strict=True):
        assert on_edge(arrow.points[0], one)
        assert on_edge(arrow.points[-1], other)


def on_edge(point: tuple[float, float], box: path.Box) -> bool:
    x, y = point
    level = y in (box.y, box.y + box.height) and box.x <= x <= box.x + box.width
    return level or (x in (box.x, box.x + box.width) and box.y <= y <= box.y + box.height)


@pytest.mark.parametrize("width", [path.WIDE, path.NARROW])
def test_words_in_boxes_stay_inside(width: int) -> None:
    long = a_step(10, title="Azure Stack Hub update of a very long name indeed", because="recommended")
    for box in path_of(long, a_step(11, rides="Northstar1.2402.12.34567"), width=width).boxes:
        for word in box.words:
            size = path.LARGE if word.role == "version" else path.SMALL
            begin = word.x - (text_width(word.text, size) if word.anchor == "end" else 0)
            assert box.x <= begin
            assert begin + text_width(word.text, size) <= box.x + box.width + 1
            assert box.y < word.y < box.y + box.height


@pytest.mark.parametrize(
    ("step", "wide", "narrow"),
    [
        (a_step(1), ["4 min", "to 7 min"], ["4 to 7 min"]),
        (a_step(1, duration=Range(least=60, most=60)), ["1 min"], ["1 min"]),
        (a_step(1, duration=None), ["time not", "known"], ["time not known"]),
        (a_step(1, restarts=True), ["4 min", "to 7 min", "↻ restarts"], ["4 to 7 min, ↻ restarts"]),
    ],
)
def test_an_arrow_says_how_long_it_takes_and_whether_nodes_restart(
    step: PathStepView, wide: list[str], narrow: list[str]
) -> None:
    assert said(path_of(step).arrows[0].words) == wide
    assert said(path_of(step, width=path.NARROW).arrows[0].words) == narrow


def test_the_hotfix_that_rides_along_is_told() -> None:
    assert "with Northstar1.9" in said(path_of(a_step(1, rides="Northstar1.9")).boxes[1].words)


# --- the calendar -------------------------------------------------------------------------------------------

SINCE = datetime(2024, 5, 14, 9, tzinfo=UTC)


def an_opening(days: int, closed_by: str = "") -> OpeningView:
    start = SINCE + timedelta(days=days)
    return OpeningView(
        window="Saturdays", zone="UTC", start=start, end=start + timedelta(hours=4), closed_by=closed_by
    )


def a_booking(number: int, opening: OpeningView) -> BookingView:
    return BookingView(
        number=number,
        name=f"Northstar{number}",
        opening=opening,
        start=opening.start,
        end_least=None,
        end_most=None,
        after_deadline=False,
    )


def a_calendar(
    *bookings: BookingView, closed: tuple[OpeningView, ...] = (), deadline: str | None = None
) -> CalendarView:
    return CalendarView(
        path=a_path(),
        since=SINCE,
        fits=True,
        bookings=bookings,
        openings=tuple(dict.fromkeys(booking.opening for booking in bookings)),
        closed=closed,
        findings=(),
        deadline=D(deadline) if deadline else None,
        deadline_certain=False,
    )


def strip_of(asked: CalendarView, *, width: int = calendar.WIDE) -> calendar.Drawing:
    drawing = calendar.draw(asked, width=width)
    assert drawing is not None
    return drawing


def test_windows_stand_in_time_with_the_numbers_of_their_updates() -> None:
    first, second = an_opening(10), an_opening(40)
    drawing = strip_of(
        a_calendar(
            a_booking(1, first), a_booking(2, first), a_booking(3, second), closed=(an_opening(25, "x"),)
        )
    )
    assert [window.words for window in drawing.windows] == ["1, 2", "✕", "3"]
    assert [window.is_closed for window in drawing.windows] == [False, True, False]
    assert drawing.windows[0].x < drawing.windows[1].x < drawing.windows[2].x
    assert all(window.width >= 7 for window in drawing.windows)


def test_numbers_that_would_run_into_each_other_are_left_out() -> None:
    openings = [an_opening(number * 7) for number in range(1, 60)]
    drawing = strip_of(
        a_calendar(*(a_booking(number, opening) for number, opening in enumerate(openings, 1))),
        width=calendar.NARROW,
    )
    told = [window for window in drawing.windows if window.words]
    assert 1 < len(told) < len(drawing.windows)
    for before, after in pairwise(told):
        assert before.x + text_width(before.words, 12) / 2 <= after.x + 7


@pytest.mark.parametrize("width", [calendar.WIDE, calendar.NARROW])
@pytest.mark.parametrize(
    ("deadline", "anchor"), [("2024-05-20", "start"), ("2024-07-30", "end"), ("2026-01-01", "end")]
)
def test_the_deadline_is_marked_inside_the_drawing(width: int, deadline: str, anchor: str) -> None:
    drawing = strip_of(a_calendar(a_booking(1, an_opening(80)), deadline=deadline), width=width)
    assert drawing.deadline is not None
    assert drawing.deadline.anchor == anchor
    assert drawing.left <= drawing.deadline.x <= drawing.right
    assert deadline in drawing.deadline.label


def test_without_windows_there_is_no_strip() -> None:
    assert calendar.draw(a_calendar(deadline="2024-07-01"), width=calendar.WIDE) is None
