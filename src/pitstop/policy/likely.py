"""A time that is not certain: its mean and deviation in seconds, and how such times come together.

Times one after the other add up, mean to mean and variance to variance. The longest of several at once is
longer than any of them is expected to be (C. E. Clark, *The greatest of a finite set of random variables*,
Operations Research 9, 1961). For quantiles a time is read as log-normal: work is never shorter than nothing,
and now and then far longer than usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from heapq import heapreplace
from itertools import count
from math import exp, expm1, hypot, log, log1p, sqrt
from statistics import NormalDist
from typing import Final

_NORMAL = NormalDist()
_FAR = 4.0
"""From so many deviations on, the share that is left is too small to be told from none."""

_HARDLY = 1e-3
"""Of its mean so little has not begun to tell."""

_SIDE = _NORMAL.cdf(1.0)


@dataclass(frozen=True, slots=True)
class Likely:
    """Seconds that something will take: about ``mean``, give or take ``deviation``."""

    mean: float
    deviation: float = 0.0

    @property
    def spread(self) -> float:
        """Deviation of the logarithm."""
        return sqrt(log1p((self.deviation / self.mean) ** 2)) if self.mean > 0 else 0.0

    @property
    def middle(self) -> float:
        """As often less as more."""
        return self.mean * exp(-(self.spread**2) / 2)

    def within(self, share: float) -> float:
        """So many seconds are enough in this share (above 0, below 1) of all cases."""
        return self.middle * exp(_NORMAL.inv_cdf(share) * self.spread)

    def times(self, factor: Likely) -> Likely:
        """Stretched by a factor that is not certain itself."""
        return around(self.middle * factor.middle, hypot(self.spread, factor.spread))

    def after(self, elapsed: float) -> Likely:
        """What is left, where so many seconds have gone by and it has not ended."""
        if elapsed <= _HARDLY * self.mean:
            return self
        if self.spread == 0:
            return Likely(max(0.0, self.mean - elapsed))
        short, middle, long = (self._left(elapsed, share) for share in (1 - _SIDE, 0.5, _SIDE))
        return around(middle, log(long / short) / 2)

    def _left(self, elapsed: float, share: float) -> float:
        """So many seconds more are enough in this share of the cases that have lasted so long."""
        beyond = (log(elapsed) - log(self.middle)) / self.spread
        if beyond > _FAR:  # the normal tail falls like exp(-z²/2)
            reached = sqrt(beyond**2 - 2 * log(1 - share))
            return elapsed * expm1(self.spread * (reached - beyond))
        gone = _NORMAL.cdf(beyond)
        reached = _NORMAL.inv_cdf(gone + (1 - gone) * share)
        return self.middle * exp(self.spread * reached) - elapsed


NOTHING: Final = Likely(0.0)


def around(middle: float, spread: float) -> Likely:
    """The time with this middle, and this deviation of the logarithm."""
    mean = middle * exp(spread**2 / 2)
    return Likely(mean, mean * sqrt(expm1(spread**2)))


def one_after_another(first: Likely, second: Likely) -> Likely:
    return Likely(first.mean + second.mean, hypot(first.deviation, second.deviation))


def longer(one: Likely, other: Likely) -> Likely:
    """The longer of two that go on at the same time and know nothing of each other."""
    apart = hypot(one.deviation, other.deviation)
    if apart == 0:
        return max(one, other, key=lambda item: item.mean)
    ahead = (one.mean - other.mean) / apart
    first, second, density = _NORMAL.cdf(ahead), _NORMAL.cdf(-ahead), _NORMAL.pdf(ahead)
    mean = one.mean * first + other.mean * second + apart * density
    square = (
        (one.mean**2 + one.deviation**2) * first
        + (other.mean**2 + other.deviation**2) * second
        + (one.mean + other.mean) * apart * density
    )
    return Likely(mean, sqrt(max(0.0, square - mean**2)))


def in_sequence(times: list[Likely]) -> Likely:
    return reduce(one_after_another, times, NOTHING)


def at_once(times: list[Likely], limit: int | None = None) -> Likely:
    """Until all have ended, where ``limit`` (None: all) go on at once,
    and the next begins when one has ended."""
    lanes = limit or len(times)
    if lanes < len(times):
        times = _in_lanes(times, lanes)
    return reduce(longer, times) if times else NOTHING


def _in_lanes(times: list[Likely], lanes: int) -> list[Likely]:
    """Each in turn goes where it is expected to be free first."""
    order = count()
    free = [(item.mean, next(order), item) for item in times[:lanes]]
    free.sort()
    for item in times[lanes:]:
        total = one_after_another(free[0][2], item)
        heapreplace(free, (total.mean, next(order), total))
    return [item for _, _, item in free]
