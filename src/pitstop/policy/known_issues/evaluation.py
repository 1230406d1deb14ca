"""How well a list of issues is matched with failures whose issue is known.

``top1``: of all cases, the share that is right: the expected issue is the first offer, or, where none is
expected, nothing is offered (neither a match nor what is perhaps related). ``top3``: the same, with the
issue among the first three. ``false_mends``: how many mends were offered for a failure that they are not for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pitstop.model.known_issues import Failure, KnownIssue, Match
from pitstop.policy.known_issues.matching import Matcher


@dataclass(frozen=True, slots=True)
class Case:
    """A failure and the issue that it is (None: none of the list). ``set``: ``dev`` or ``held-out``."""

    id: str
    set: str
    failure: Failure
    expected: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A case and what was offered for it."""

    case: Case
    offers: tuple[Match, ...]

    def is_within(self, first: int) -> bool:
        """Whether it is right when so many offers are looked at."""
        if self.case.expected is None:
            return not self.offers
        return any(offer.issue.id == self.case.expected for offer in self.offers[:first])

    @property
    def false_mends(self) -> int:
        return sum(offer.mend and offer.issue.id != self.case.expected for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of an evaluation; shares are between 0 and 1."""

    issues: int
    cases: int
    top1: float
    top3: float
    false_mends: int


def evaluate(issues: Sequence[KnownIssue], cases: Iterable[Case]) -> tuple[Score, tuple[Judged, ...]]:
    """Hold each case against the issues."""
    matcher = Matcher(issues)
    judged = tuple(Judged(case, matcher.matches(case.failure)) for case in cases)
    count = len(judged)
    share = [sum(one.is_within(first) for one in judged) / count if count else 0.0 for first in (1, 3)]
    false_mends = sum(one.false_mends for one in judged)
    return Score(len(issues), count, round(share[0], 4), round(share[1], 4), false_mends), judged
