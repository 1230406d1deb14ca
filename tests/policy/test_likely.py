"""Uncertain times: held to the laws that they follow, and to many throws of the dice."""

from __future__ import annotations

import random
from math import exp, log
from statistics import fmean, median, pstdev

import pytest

from pitstop.policy.likely import NOTHING, Likely, around, at_once, in_sequence


def thrown(likely: Likely, dice: random.Random) -> float:
    return likely.middle * exp(dice.gauss(0, likely.spread))


def test_the_middle_and_the_spread_come_back() -> None:
    likely = around(60, 0.3)
    assert [likely.middle, likely.spread] == pytest.approx([60, 0.3])
    assert likely.mean > 60
    assert log(likely.within(0.9) / likely.within(0.1)) == pytest.approx(2 * 1.2816 * 0.3, rel=1e-3)


def test_times_one_after_the_other_add_up_and_the_doubt_grows_more_slowly() -> None:
    together = in_sequence([around(60, 0.3)] * 4)
    assert together.mean == pytest.approx(4 * around(60, 0.3).mean)
    assert together.deviation == pytest.approx(2 * around(60, 0.3).deviation)
    assert in_sequence([]) == NOTHING


def test_the_longest_of_many_is_longer_than_each_is_expected_to_be() -> None:
    dice, one = random.Random(4), around(60, 0.3)
    seen = [max(thrown(one, dice) for _ in range(8)) for _ in range(4000)]
    said = at_once([one] * 8)
    assert said.mean == pytest.approx(fmean(seen), rel=0.05)
    assert said.deviation == pytest.approx(pstdev(seen), rel=0.4)
    assert at_once([Likely(3), Likely(5)]) == Likely(5)
    assert at_once([]) == NOTHING


def test_with_a_limit_the_next_goes_where_one_has_ended() -> None:
    assert at_once([Likely(4), Likely(2), Likely(2), Likely(3)], 2) == Likely(7)
    assert at_once([Likely(4), Likely(2)], 5) == Likely(4)
    assert at_once([Likely(4), Likely(2)], 1) == Likely(6)


def test_a_factor_stretches_and_blurs() -> None:
    stretched = around(60, 0.3).times(around(1.5, 0.4))
    assert [stretched.middle, stretched.spread] == pytest.approx([90, 0.5])


@pytest.mark.parametrize("elapsed", [1, 40, 60, 100, 160])
def test_what_is_left_is_told_of_those_that_have_lasted_so_long(elapsed: float) -> None:
    dice, one = random.Random(5), around(60, 0.4)
    seen = [took - elapsed for took in (thrown(one, dice) for _ in range(60_000)) if took > elapsed]
    assert one.after(elapsed).middle == pytest.approx(median(seen), rel=0.1)


def test_far_beyond_its_time_it_still_says_something() -> None:
    left = [around(60, 0.1).after(seconds).middle for seconds in (200, 2_000, 20_000, 1e6)]
    assert all(seconds > 0.5 for seconds in left)
    assert left == sorted(left)
    assert Likely(60).after(20) == Likely(40)
    assert Likely(60).after(80) == NOTHING == NOTHING.after(1)
