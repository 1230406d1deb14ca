"""How far steps have come, and how fast: measured over the last seconds, whatever was there before."""

from __future__ import annotations

import pytest

from pitstop.engine.progress import Portion, Progress
from pitstop.model.pace import Pace, seconds_left

MB = 1_000_000


class Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_steady_pace_is_told_with_the_time_that_is_left() -> None:
    watch = Watch()
    progress = Progress(watch)
    report = progress.reporter("run", "1.1")
    for second in range(11):
        watch.now = 100.0 + second
        report(second * MB, 30 * MB)
    told = progress.of("run", "1.1")
    assert told == Portion(10 * MB, 30 * MB, rate=MB)
    assert told.seconds_left == pytest.approx(20.0)


def test_what_was_here_before_is_no_speed() -> None:
    pace = Pace().noted(0.0, 500 * MB).noted(2.0, 502 * MB)
    assert pace.per_second(2.0) == pytest.approx(MB)


def test_no_pace_is_told_from_the_first_moment() -> None:
    assert Pace().per_second(0.0) is None
    assert Pace().noted(0.0, 0).noted(0.1, 90 * MB).per_second(0.1) is None


def test_a_link_that_stands_still_becomes_slower_and_then_nothing() -> None:
    pace = Pace()
    for second in range(10):
        pace = pace.noted(float(second), second * MB)
    paces = [pace.per_second(now) for now in (9.0, 18.0, 300.0)]
    assert paces == [pytest.approx(MB), pytest.approx(MB / 2), 0.0]


def test_only_the_last_seconds_count() -> None:
    pace = Pace()
    for second in range(100):
        pace = pace.noted(float(second), second * MB if second < 50 else 50 * MB + (second - 50) * 100)
    assert pace.per_second(99.0) == pytest.approx(100.0, rel=0.1)


def test_many_looks_are_not_all_kept() -> None:
    pace = Pace()
    for tick in range(20_000):
        pace = pace.noted(tick / 100, tick)
    assert len(pace.looks) < 100
    assert pace.per_second(200.0) == pytest.approx(100.0, rel=0.05)


def test_a_count_that_goes_down_begins_anew() -> None:
    pace = Pace().noted(0.0, 0).noted(5.0, 50 * MB).noted(6.0, 0).noted(8.0, 2 * MB)
    assert pace.per_second(8.0) == pytest.approx(MB)


@pytest.mark.parametrize(
    ("done", "rate", "left"), [(5, None, None), (5, 0.0, None), (5, 5.0, 1.0), (10, None, 0.0)]
)
def test_time_left_is_told_where_it_is_known(done: int, rate: float | None, left: float | None) -> None:
    assert seconds_left(done, 10, rate) == left


def test_steps_of_a_run_are_taken_together_and_forgotten_alone() -> None:
    watch = Watch()
    progress = Progress(watch)
    for second in range(3):
        watch.now = 100.0 + second
        progress.reporter("run", "1")(second * 10, 100)
        progress.reporter("run", "2")(second * 30, 100)
    assert progress.of_run("run") == Portion(80, 200, rate=40.0)
    progress.forget("run", "2")
    assert progress.of_run("run") == Portion(20, 100, rate=10.0)
    progress.forget("run", "1")
    assert progress.of_run("run") is None
