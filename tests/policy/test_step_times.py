"""A step's usual time: from this system's own history, from the general where the particular is not known."""

from __future__ import annotations

import random
from dataclasses import replace
from math import exp

import pytest

from pitstop.model.runs import Step
from pitstop.policy.step_times import DEFAULT_SECONDS, Asked, StepOf, StepTimes, Timed, asked_of

RESTART = StepOf("command", "Restart")
COPY = StepOf("copy", "Replace files")
GB = 1_000_000_000


def timed(*seconds: float, of: StepOf = RESTART, node: str = "n1", size: int | None = None) -> list[Timed]:
    """Oldest first."""
    return [Timed(Asked(of, node, size), each, ago) for ago, each in enumerate(reversed(seconds), start=1)]


def middle(times: StepTimes, asked: Asked) -> float:
    return exp(times.of(asked).middle)


def test_before_anything_was_timed_it_is_what_the_package_says() -> None:
    said = StepTimes().of(Asked(RESTART, "n1", expected=90))
    assert exp(said.middle) == pytest.approx(90)
    assert said.said
    assert not said.measured
    assert said.likely.within(0.9) > 2 * 90


def test_of_what_nobody_has_said_anything_it_is_a_guess_and_marked_as_one() -> None:
    guess = StepTimes().of(Asked(RESTART, "n1"))
    assert exp(guess.middle) == pytest.approx(DEFAULT_SECONDS)
    assert [guess.said, guess.measured] == [False, False]
    known = StepTimes(timed(30, 30, of=StepOf("command", "Another")))
    assert middle(known, Asked(RESTART, "n1")) == pytest.approx(30)


def test_what_was_timed_here_takes_the_place_of_the_package() -> None:
    times = StepTimes(timed(300, 310))
    assert times.of(Asked(RESTART, "n1", expected=20)).measured
    assert middle(times, Asked(RESTART, "n1", expected=20)) == pytest.approx(305, rel=0.02)


def test_a_hang_does_not_become_the_custom() -> None:
    assert middle(StepTimes(timed(60, 62, 1800)), Asked(RESTART, "n1")) < 80
    assert middle(StepTimes(timed(60, 1800)), Asked(RESTART, "n1")) < 120


def test_what_has_changed_for_good_becomes_the_custom() -> None:
    slower = StepTimes(timed(60, 60, 60, 60, 120, 120, 120, 120))
    assert middle(slower, Asked(RESTART, "n1")) == pytest.approx(120, rel=0.2)


def test_a_slow_node_is_known_by_its_own_times() -> None:
    seen = [each for node in ("n1", "n2", "n3", "n4", "n5") for each in timed(60, 60, 60, node=node)]
    times = StepTimes([*seen, *timed(100, 100, 100, node="slow")])
    assert middle(times, Asked(RESTART, "n1")) == pytest.approx(60, rel=0.05)
    assert middle(times, Asked(RESTART, "slow")) == pytest.approx(95, rel=0.08)
    assert middle(times, Asked(RESTART, "new")) == pytest.approx(60, rel=0.1)
    assert times.of(Asked(RESTART, "new")).doubt > times.of(Asked(RESTART, "n1")).doubt


def test_more_bytes_take_longer_by_what_was_seen() -> None:
    one = StepTimes(timed(100, 100, of=COPY, size=GB))
    assert 130 < middle(one, Asked(COPY, "n1", 2 * GB)) < 200
    assert middle(one, Asked(COPY, "n1")) == pytest.approx(100)
    fixed = StepTimes(
        [
            replace(each, asked=replace(each.asked, size=GB << each.runs_ago))
            for each in timed(*[100] * 6, of=COPY)
        ]
    )
    assert middle(fixed, Asked(COPY, "n1", GB << 7)) < 160


def test_figures_of_the_package_err_here_as_those_of_other_steps_have() -> None:
    seen = [
        Timed(Asked(StepOf("command", name), "n1", expected=10), 30, ago)
        for name in ("Stop", "Migrate", "Start", "Restart")
        for ago in (1, 2)
    ]
    new = StepTimes(seen).of(Asked(StepOf("service", "Reload"), "n1", expected=20))
    assert 40 < exp(new.middle) < 65


def test_the_range_narrows_as_times_agree() -> None:
    def width(times: StepTimes) -> float:
        likely = times.of(Asked(RESTART, "n1")).likely
        return likely.within(0.9) / likely.within(0.1)

    steady, dice = StepTimes(timed(*[60] * 8)), random.Random(3)
    wild = StepTimes(timed(*[60 * exp(dice.gauss(0, 0.8)) for _ in range(8)]))
    assert width(steady) < width(StepTimes(timed(60))) < width(wild)


def test_a_step_is_the_same_on_every_node() -> None:
    on_role = Step("1", "Restart on n1", kind="command", node="n1")
    reach = Step("1", "Nodes answer: n2", kind="reach", node="n2")
    assert asked_of(on_role).of == RESTART
    assert asked_of(reach).of == StepOf("reach", "Nodes answer")
