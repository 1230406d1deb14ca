"""Statistics that a few wild values do not throw.

The centre is Huber's: a value counts by its distance, but by no more than a bound (P. J. Huber, *Robust
Estimation of a Location Parameter*, Annals of Mathematical Statistics 35, 1964). The bound above is narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Weighed = tuple[float, float]
"""A value and its weight, which is above 0."""

_NORMAL_MAD = 1.4826
"""A normal distribution's deviation, by the median of its absolute deviations."""

_BELOW, _ABOVE = 2.5, 1.5
"""So many widths a value counts as away at most."""

_START = 0.25
_ROUNDS = 60
_STILL = 1e-3


def quantile(values: Iterable[Weighed], share: float) -> float:
    """The value below which lies this share of the weight; halfway between two where it meets there.

    Raises:
        ValueError: there are no values.
    """
    ordered = sorted(values)
    wanted = share * sum(weight for _, weight in ordered)
    reached = 0.0
    for number, (value, weight) in enumerate(ordered):
        reached += weight
        if reached > wanted * (1 + 1e-9):
            return value
        if reached >= wanted * (1 - 1e-9) and number + 1 < len(ordered):
            return (value + ordered[number + 1][0]) / 2
    raise ValueError("there are no values")


def scale(values: Sequence[Weighed], around: float) -> float:
    """How far the values usually lie from there, whatever the wildest of them do."""
    return _NORMAL_MAD * quantile(((abs(value - around), weight) for value, weight in values), 0.5)


def centre(values: Sequence[Weighed], width: float) -> float:
    """Where values that usually lie this far apart balance. One far above counts for less than one far below:
    of times, and of their logarithms, the wild ones are long."""
    whole = sum(weight for _, weight in values)
    found = quantile(values, _START)
    for _ in range(_ROUNDS):
        pull = sum(weight * bounded(value - found, width) for value, weight in values) / whole
        found += pull
        if abs(pull) < _STILL * width:
            break
    return found


def bounded(value: float, width: float) -> float:
    """The distance as it counts."""
    return max(-_BELOW * width, min(_ABOVE * width, value))
