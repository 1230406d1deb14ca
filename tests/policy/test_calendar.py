"""Windows recur in local time through daylight saving; a path is laid into them in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pitstop.model.errors import InvalidInput
from pitstop.model.packages import ExpectedRuntime
from pitstop.model.releases import Release
from pitstop.policy.calendar import fewest_windows, lay_out
from pitstop.policy.objectives import Objective
from pitstop.policy.path import Path, plan_path
from pitstop.policy.windows import Blackout, MaintenanceWindow, openings
from policy.building import chain, codes, full, graph_of, hotfix, platform, system

BERLIN = "Europe/Berlin"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(first: str, rule: str = "", hours: float = 4, zone: str = BERLIN) -> MaintenanceWindow:
    return MaintenanceWindow("nights", local(first), rule, timedelta(hours=hours), zone)


SATURDAYS = window("2024-01-06T22:00", "FREQ=WEEKLY;BYDAY=SA")


def starts(
    since: str, until: str, *windows: MaintenanceWindow, blackouts: tuple[Blackout, ...] = ()
) -> list[str]:
    found = openings(windows, blackouts, utc(since), utc(until))
    return [opening.start.isoformat()[:16] for opening in found if opening.blackout is None]


# --- windows ------------------------------------------------------------------------------------------------


def test_a_window_keeps_its_local_time_when_daylight_saving_begins() -> None:
    assert starts("2024-03-20", "2024-04-08", SATURDAYS) == [
        "2024-03-23T21:00",
        "2024-03-30T21:00",
        "2024-04-06T20:00",
    ]


def test_a_window_keeps_its_length_over_the_change() -> None:
    found = openings((SATURDAYS,), (), utc("2024-03-30T12:00"), utc("2024-03-31T12:00"))
    assert [opening.length for opening in found] == [timedelta(hours=4)]
    assert found[0].end == utc("2024-03-31T01:00")


def test_a_start_that_the_clocks_skip_is_when_they_have_jumped() -> None:
    daily = window("2024-03-30T02:30", "FREQ=DAILY;COUNT=3", hours=1)
    assert starts("2024-03-29", "2024-04-02", daily) == [
        "2024-03-30T01:30",
        "2024-03-31T01:30",
        "2024-04-01T00:30",
    ]


def test_of_a_start_that_comes_twice_the_first_counts() -> None:
    daily = window("2024-10-26T02:30", "FREQ=DAILY;COUNT=2", hours=1)
    assert starts("2024-10-25", "2024-10-29", daily) == ["2024-10-26T00:30", "2024-10-27T00:30"]


def test_rules_such_as_the_second_tuesday_of_a_month() -> None:
    patch_day = window("2024-01-09T20:00", "FREQ=MONTHLY;BYDAY=2TU", zone="UTC")
    assert starts("2024-01-01", "2024-04-01", patch_day) == [
        "2024-01-09T20:00",
        "2024-02-13T20:00",
        "2024-03-12T20:00",
    ]


def test_a_window_without_a_rule_opens_once() -> None:
    assert starts("2024-01-01", "2025-01-01", window("2024-05-01T08:00", zone="UTC")) == ["2024-05-01T08:00"]


def test_a_window_that_is_open_already_is_found() -> None:
    assert starts("2024-03-23T23:00", "2024-03-24", SATURDAYS) == ["2024-03-23T21:00"]


def test_a_blackout_closes_every_window_that_touches_its_days_and_says_so() -> None:
    frozen = Blackout(date(2024, 3, 24), date(2024, 3, 24), "end of quarter")
    found = openings((SATURDAYS,), (frozen,), utc("2024-03-20"), utc("2024-04-01"))
    assert [(opening.blackout is None) for opening in found] == [False, True]
    assert found[0].blackout == frozen


def test_overlapping_windows_are_not_counted_twice() -> None:
    early, late = window("2024-05-01T08:00", zone="UTC"), window("2024-05-01T10:00", zone="UTC")
    found = openings((early, late), (), utc("2024-05-01"), utc("2024-05-02"))
    assert [(o.start.hour, o.end.hour) for o in found] == [(8, 12), (12, 14)]


@pytest.mark.parametrize(
    "bad",
    [
        window("2024-01-06T22:00", "FREQ=SOMETIMES"),
        window("2024-01-06T22:00", "nonsense"),
        window("2024-01-06T22:00", "FREQ=MINUTELY"),
        window("2024-01-06T22:00", zone="Mars/Olympus"),
        window("2024-01-06T22:00", zone="../../etc/passwd"),
        window("2024-01-06T22:00", hours=0),
        window("2024-01-06T22:00+01:00"),
    ],
)
def test_a_window_that_cannot_be_used_is_refused_by_name(bad: MaintenanceWindow) -> None:
    with pytest.raises(InvalidInput, match="window nights"):
        openings((bad,), (), utc("2024-01-01"), utc("2024-02-01"))


# --- laying out ---------------------------------------------------------------------------------------------


def timed(release: Release, least: int, most: int | None = None) -> Release:
    """With a runtime in hours."""
    return replace(release, expected_runtimes=(ExpectedRuntime(None, least * 60, (most or least) * 60),))


def a_path(*more: Release, **options: Any) -> Path:
    """From a over b to c: a hotfix of an hour, then two to three hours, then four."""
    graph = graph_of(
        platform(
            chain("a", "b", "c"),
            full("1.1.0.1", "a"),
            timed(hotfix("1.1.1.1", "a"), 1),
            timed(full("1.2.0.1", "b"), 2, 3),
            *(more or (timed(full("1.3.0.1", "c"), 4),)),
        )
    )
    return plan_path(graph, system(graph, "1.1.0.1"), **options)


def test_several_updates_go_into_one_window_where_the_longest_time_fits() -> None:
    calendar = lay_out(a_path(), (SATURDAYS,), (), utc("2024-05-01"))
    assert calendar.fits
    placed = [(b.step.release.name, b.start.isoformat()[:16]) for b in calendar.bookings]
    assert placed == [
        ("Cloud1.1.1.1", "2024-05-04T20:00"),
        ("Cloud1.2.0.1", "2024-05-04T21:00"),
        ("Cloud1.3.0.1", "2024-05-11T20:00"),
    ]
    assert calendar.bookings[1].end_least == utc("2024-05-04T23:00")
    assert calendar.bookings[1].end_most == utc("2024-05-05T00:00")
    assert len(calendar.windows) == 2


def test_what_is_left_of_an_open_window_counts_from_now() -> None:
    calendar = lay_out(a_path(), (SATURDAYS,), (), utc("2024-05-04T22:30"))
    assert [b.start.day for b in calendar.bookings] == [4, 11, 18]
    assert calendar.bookings[0].start == utc("2024-05-04T22:30")


def test_what_fits_nowhere_is_said_with_why_and_the_others_wait_for_it() -> None:
    calendar = lay_out(a_path(timed(full("1.3.0.1", "c"), 5)), (SATURDAYS,), (), utc("2024-05-01"))
    assert not calendar.fits
    assert [b.step.release.name for b in calendar.bookings] == ["Cloud1.1.1.1", "Cloud1.2.0.1"]
    (finding,) = calendar.findings
    assert (finding.code, finding.subject) == ("fits-no-window", "update Cloud1.3.0.1")
    assert "up to 5.0 h" in finding.what
    first = lay_out(a_path(), (window("2024-01-06T22:00", "FREQ=DAILY", hours=0.5),), (), utc("2024-05-01"))
    assert [f.code for f in first.findings] == ["fits-no-window", "waits-for-other", "waits-for-other"]


def test_without_windows_nothing_fits() -> None:
    calendar = lay_out(a_path(), (), (), utc("2024-05-01"))
    assert (calendar.bookings, calendar.fits) == ((), False)


def test_an_unknown_duration_takes_a_window_of_its_own_and_says_so() -> None:
    calendar = lay_out(a_path(full("1.3.0.1", "c")), (SATURDAYS,), (), utc("2024-05-01"))
    last = calendar.bookings[-1]
    assert (last.start, last.end_most) == (utc("2024-05-11T20:00"), None)
    assert codes(calendar.findings) == {"duration-unknown"}


def test_blackouts_push_the_path_back_and_are_shown() -> None:
    frozen = Blackout(date(2024, 5, 1), date(2024, 5, 31), "exams")
    calendar = lay_out(a_path(), (SATURDAYS,), (frozen,), utc("2024-05-01"))
    assert calendar.bookings[0].start == utc("2024-06-01T20:00")
    assert len(calendar.closed) == 4


@pytest.mark.parametrize(("deadline", "late"), [("2024-05-12", []), ("2024-05-11", ["Cloud1.3.0.1"])])
def test_the_support_deadline_is_marked(deadline: str, late: list[str]) -> None:
    calendar = lay_out(a_path(), (SATURDAYS,), (), utc("2024-05-01"), deadline=date.fromisoformat(deadline))
    assert [b.step.release.name for b in calendar.bookings if b.after_deadline] == late
    assert ("after-support-ends" in codes(calendar.findings)) is bool(late)


def test_a_path_with_nothing_to_do_needs_no_window() -> None:
    graph = graph_of(platform(chain("a"), full("1.1.0.1", "a")))
    calendar = lay_out(plan_path(graph, system(graph, "1.1.0.1")), (), (), utc("2024-05-01"))
    assert (calendar.fits, calendar.windows) == (True, ())


def test_of_several_paths_the_one_with_the_fewest_windows_is_taken() -> None:
    lean = a_path(recommended=False)
    thorough = a_path()
    short = window("2024-01-06T22:00", "FREQ=WEEKLY;BYDAY=SA", hours=7)
    path, calendar = fewest_windows([thorough, lean], (short,), (), utc("2024-05-01"))
    assert path is lean
    assert len(calendar.windows) == 1
    with pytest.raises(InvalidInput):
        fewest_windows([], (short,), (), utc("2024-05-01"))


def test_the_objective_of_fewest_windows_alone_takes_the_fewest_updates() -> None:
    path = a_path(objective=Objective.FEWEST_WINDOWS, recommended=False)
    assert [step.release.name for step in path.steps] == ["Cloud1.2.0.1", "Cloud1.3.0.1"]
