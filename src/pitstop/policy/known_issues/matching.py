"""A failure and a list of issues to a ranked list of offers, each with what speaks for it.

First the signatures. Where none holds, the wording is compared, and what it yields is told apart: it is
perhaps related. Nothing is better than a wrong offer: what an issue's ``excludes`` speak against is not
offered, nor what is for other versions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pitstop.model.errors import InvalidVersion
from pitstop.model.known_issues import Failure, KnownIssue, Likeness, Match
from pitstop.model.versions import Version
from pitstop.policy.known_issues.signatures import CERTAIN, CompiledSignature, Holds, any_of, compiled
from pitstop.policy.known_issues.texts import Texts, texts_of
from pitstop.policy.known_issues.wording import Alike, Wording, shown, strength

MOST_OFFERS = 5
LEAST_STRENGTH = 1.5
"""How much wording must say, in words of which no other issue speaks, for an issue to be offered for it."""
STRENGTH_FOR_PATTERNS, FEW_PATTERNS = 1.0, 8
"""So much more for each doubling of the patterns that an issue has beyond a few, while no signature holds."""
WORDING_AMONG_MATCHES = 3.0
"""How much wording says among issues whose signatures hold."""
_AT_ONCE = 8
"""Issues whose patterns are looked for together, before each by itself."""


class Matcher:
    """A list of issues, ready to be held against many failures. Takes seconds to build from thousands."""

    def __init__(self, issues: Sequence[KnownIssue]) -> None:
        self.issues = tuple(issues)
        entries = [_Entry(issue, number) for number, issue in enumerate(self.issues)]
        self._entries = entries
        self._shelves = [_Shelf(entries[at : at + _AT_ONCE]) for at in range(0, len(entries), _AT_ONCE)]
        self._wording = Wording(self.issues)

    def matches(self, failure: Failure, most: int = MOST_OFFERS) -> tuple[Match, ...]:
        """What this failure may be, likeliest first; empty: none of these issues."""
        texts = texts_of(failure)
        held = {
            entry.number: held
            for shelf in self._shelves
            for entry in shelf.candidates(texts)
            if applies(entry.issue, failure) and (held := entry.held(texts))
        }
        alike = self._wording.alike(texts)
        if not held:
            return self._related(texts, alike)
        scores = {one.number: one.score for one in alike}
        best = max((scores.get(number, 0.0) for number in held), default=0.0) or 1.0
        found = [
            _match(self.issues[number], holds, scores.get(number, 0.0) / best)
            for number, holds in held.items()
        ]
        ranked = sorted(found, key=lambda match: (-match.score, match.issue.id))
        return _mends_told_apart(ranked)[:most]

    def _related(self, texts: Texts, alike: Sequence[Alike]) -> tuple[Match, ...]:
        """The one that is alike enough, if its publisher has said nothing against it."""
        ranked = [one for one in alike if applies(self.issues[one.number], texts.failure)]
        if not ranked:
            return ()
        entry, speaks = self._entries[ranked[0].number], strength(ranked)
        if speaks < entry.least or entry.spoken_against(texts):
            return ()
        words = shown(ranked[0], texts)
        return (Match(entry.issue, Likeness.RELATED, round(speaks, 3), words),)


def _mends_told_apart(ranked: Sequence[Match]) -> tuple[Match, ...]:
    """A mend is offered with the first offer alone, and only where no other issue is certain as well."""
    first, *others = ranked
    contested = any(other.score >= CERTAIN for other in others)
    return (
        replace(first, mend=first.mend and not contested),
        *(replace(other, mend=False) for other in others),
    )


class _Entry:
    """One issue with its signatures compiled."""

    def __init__(self, issue: KnownIssue, number: int) -> None:
        self.issue, self.number = issue, number
        self.signatures = [CompiledSignature(signature) for signature in issue.signatures]
        self._excludes = [CompiledSignature(signature) for signature in issue.excludes]

    def held(self, texts: Texts) -> list[Holds]:
        """The signatures that hold, unless something excludes the issue."""
        held = [holds for signature in self.signatures if (holds := signature.holds(texts))]
        return [] if held and self.excluded(texts) else held

    def excluded(self, texts: Texts) -> bool:
        return any(exclude.holds(texts) is not None for exclude in self._excludes)

    def spoken_against(self, texts: Texts) -> bool:
        """Whether it is excluded, or a signature would hold but for what must not be there."""
        return self.excluded(texts) or any(signature.is_spoilt(texts) for signature in self.signatures)

    @property
    def least(self) -> float:
        """How much must speak for it where no signature holds: the more there are, the more that says."""
        patterns = sum(len(group) for signature in self.issue.signatures for group in signature.said)
        return LEAST_STRENGTH + STRENGTH_FOR_PATTERNS * math.log2(1 + patterns / FEW_PATTERNS)


class _Shelf:
    """A few issues, passed over together where none of their patterns is in a failure."""

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self._entries = entries
        gate = any_of(signature for entry in entries for signature in entry.signatures)
        self._gate = compiled(*gate) if gate else None
        self._open = gate is None

    def candidates(self, texts: Texts) -> Sequence[_Entry]:
        if self._open or (self._gate is not None and self._gate.search(texts.whole) is not None):
            return self._entries
        return ()


def _match(issue: KnownIssue, held: list[Holds], alike: float) -> Match:
    ranked = sorted(held, key=lambda holds: -holds.score)
    evidence = dict.fromkeys(item for holds in ranked for item in holds.evidence)
    mend = issue.mend is not None and any(holds.signature.mend for holds in held)
    score = ranked[0].score + min(1.0, 0.5 * (len(ranked) - 1)) + WORDING_AMONG_MATCHES * alike
    return Match(issue, Likeness.MATCH, round(score, 3), tuple(evidence)[:6], mend)


def applies(issue: KnownIssue, failure: Failure) -> bool:
    """Whether the issue is one of the version that was going on; where that is not known, it may be."""
    to, version = issue.applicable, failure.version
    if version is None:
        return True
    if issue.fixed_in and (gone := _version(issue.fixed_in)) is not None and version >= gone:
        return False
    if to.all_supported or str(version) in to.builds:
        return True
    return (failure.family is None and bool(to.families)) or failure.family in to.families


def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except InvalidVersion:
        return None
