"""How fast something goes: bytes, files, nodes, whatever is counted, per second.

Measured over the last seconds only, so that a link that has become slow shows it soon; what was there at the
first look (a download that is resumed) is no speed. Pure: time is handed in, as seconds of any one clock.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = 20.0
"""Seconds that the measure looks back."""

LEAST = 1.0
"""Seconds that must have been seen before a pace is told."""

_APART = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """Looks at a count, oldest first: (when, how many)."""

    looks: tuple[tuple[float, int], ...] = ()

    def noted(self, at: float, count: int) -> Pace:
        """This pace after one more look. A count that went down begins anew."""
        if not self.looks or count < self.looks[-1][1]:
            return Pace(((at, count),))
        looks = self.looks
        if len(looks) > 1 and at - looks[-2][0] < _APART:
            looks = looks[:-1]
        old = sum(moment <= at - WINDOW for moment, _ in looks)
        return Pace((*looks[max(0, old - 1) :], (at, count)))

    def per_second(self, now: float) -> float | None:
        """The pace, up to now: standing still brings it down. None while too little was seen."""
        if not self.looks:
            return None
        looks = [look for look in self.looks if look[0] > now - 2 * WINDOW]
        if not looks:
            return 0.0
        (began, before), (_, count) = looks[0], looks[-1]
        return (count - before) / (now - began) if now - began >= LEAST else None


def seconds_left(done: int, whole: int, per_second: float | None) -> float | None:
    """How long what is left takes at this pace; None where that cannot be said."""
    if done >= whole:
        return 0.0
    return (whole - done) / per_second if per_second else None
