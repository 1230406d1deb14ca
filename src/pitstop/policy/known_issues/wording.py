"""Likeness of wording: which issue is written of in the words that a failure is told in.

BM25 over the list, of two kinds of terms. *Words* are cut to their beginning, so that *locked* and *locks*
are one; scripts without blanks are taken two characters at a time. *Subjects* are what the glossary knows
different words for, also in other languages; they weigh more. A term counts by how few issues use it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from pitstop.model.known_issues import Evidence, KnownIssue, Place
from pitstop.policy.known_issues.subjects import said_of, subjects_of
from pitstop.policy.known_issues.texts import Texts, plain

_WORD = re.compile(r"[^\W\d_]{2,}")
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_OF_PATTERNS = re.compile(r"\\.|[][(){}|?*+^$.]")
_STEM = 6
_COMMON = frozenset(
    word
    for words in (
        "the and or of to in on at by is are was were be been it its this that which not no with for from",
        "as has have had but than then there here will would can cannot could may must do does did done so",
        "if when while after before until only all any each every other another same more most less very",
        "too also into out up down over under again still yet already because one two three status ended",
        "error failed within deadline resume update run step node service true false null none see an",
    )
    for word in words.split()
)
_K1, _B = 1.4, 0.4
_PARTS = (("title", 3.0), ("symptom", 2.0), ("cause", 1.0), ("remediation", 0.5))
_HEAD = ("title", "symptom")
_OF_A_SIGNATURE = 1.0
_OF_A_SUBJECT = 2.0
"""How much a subject weighs beside a word."""
_WEIGHT = {Place.ERROR: 1.2, Place.OUTPUT: 1.0, Place.LOG: 0.8, Place.STEP: 0.5}
_KIND = 0.7
_LAST_CHARACTERS = 2_000
"""Of each place; what speaks of everything is like everything."""
_LEAST_ISSUES = 40
"""A shorter list is taken as one of so many: what one of three issues says is not common."""
_MOST_LEAD = 3.0
LEAST_WORDS = 3
"""So many words say something where no subject is shared."""
_BENEFIT = 0.25

_Term = tuple[bool, str]
"""Whether it is a subject, and its name or the word's beginning."""


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike an issue's wording is to a failure's.

    Attributes:
        number: of the issue in the list.
        score: BM25; in units of a word of which no issue speaks.
        covered: what share of the subjects in the issue's title and symptom the failure speaks of.
        explained: what share of the subjects that the failure speaks of are the issue's.
        terms: what they share, most telling first.
    """

    number: int
    score: float
    covered: float
    explained: float
    terms: tuple[_Term, ...]


class Wording:
    """The words of a list of issues, ready to be held against many failures."""

    def __init__(self, issues: Sequence[KnownIssue]) -> None:
        documents = [_document(issue) for issue in issues]
        lengths = [sum(document.values()) for document in documents]
        average = sum(lengths) / len(lengths) if lengths else 1.0
        used = Counter(term for document in documents for term in document)
        count = max(_LEAST_ISSUES, len(issues))
        self._unknown = _rarity(count, 0)
        self._rarity = {term: _rarity(count, number) / self._unknown for term, number in used.items()}
        self._heads = [_head(issue) for issue in issues]
        self._holders: dict[_Term, list[tuple[int, float]]] = defaultdict(list)
        for number, document in enumerate(documents):
            norm = _K1 * (1 - _B + _B * lengths[number] / average)
            for term, times in document.items():
                weight = self._rarity[term] * times * (_K1 + 1) / (times + norm)
                self._holders[term].append((number, weight))

    def alike(self, texts: Texts) -> tuple[Alike, ...]:
        """The issues that share a term with the failure, those with most first."""
        query = _query(texts)
        spoken_of = frozenset(term for term in query if term[0])
        shared: dict[int, list[tuple[float, _Term]]] = defaultdict(list)
        for term, weight in query.items():
            for number, value in self._holders.get(term, ()):
                shared[number].append((weight * value, term))
        found = (
            Alike(
                number,
                sum(part for part, _ in parts),
                self._share(self._heads[number], query.keys()),
                self._share(spoken_of, {term for _, term in parts}),
                tuple(term for _, term in sorted(parts, reverse=True)),
            )
            for number, parts in shared.items()
        )
        return tuple(sorted(found, key=lambda one: (-one.score, one.number)))

    def _share(self, of: Set[_Term], there: Set[_Term]) -> float:
        """What share of these terms are there, by rarity; of few, none lacks altogether."""
        lacking = sum(self._rarity.get(term, 1.0) for term in of - there)
        whole = sum(self._rarity.get(term, 1.0) for term in of)
        return 1 - lacking / (whole + _BENEFIT)


def strength(ranked: Sequence[Alike]) -> float:
    """How much speaks for the first: its score, more where it is ahead of the next, less where what one of
    issue and failure is about is not spoken of by the other."""
    best = ranked[0]
    if len(best.terms) < LEAST_WORDS and not any(is_subject for is_subject, _ in best.terms):
        return 0.0
    lead = best.score / ranked[1].score if len(ranked) > 1 else _MOST_LEAD
    return best.score * min(_MOST_LEAD, lead) * best.covered * best.explained


def shown(alike: Alike, texts: Texts, most: int = 6) -> tuple[Evidence, ...]:
    """What is alike, for people: the subjects as the failure speaks of them, then words."""
    subjects = [name for is_subject, name in alike.terms if is_subject][:most]
    words = [f"{word}…" if len(word) >= _STEM else word for is_subject, word in alike.terms if not is_subject]
    whole = f"{_last(texts)}\n{texts.failure.kind}"
    told = [f"{name} ({said_of(name, whole)})" for name in subjects]
    parts = [f"about {', '.join(told)}"] if told else []
    parts += [f"words {', '.join(words[:most])}"] if words else []
    return tuple(Evidence("wording", part) for part in parts)


def words_of(text: str) -> Iterator[str]:
    """The words of a text as they are compared."""
    lowered = plain(text).lower()
    for east in _EAST.findall(lowered):
        yield from (east[at : at + 2] for at in range(max(1, len(east) - 1)))
    for word in _WORD.findall(_EAST.sub(" ", lowered)):
        if word not in _COMMON:
            yield word[:_STEM]


def _terms(text: str) -> Iterator[_Term]:
    yield from ((False, word) for word in words_of(text))
    yield from ((True, subject) for subject in subjects_of(plain(text)))


def _document(issue: KnownIssue) -> dict[_Term, float]:
    counted: dict[_Term, float] = defaultdict(float)
    for part, weight in _PARTS:
        for term in _terms(getattr(issue, part)):
            counted[term] += weight * (_OF_A_SUBJECT if term[0] else 1.0)
    for term in {term for pattern in _patterns(issue) for term in _terms(_OF_PATTERNS.sub(" ", pattern))}:
        counted[term] += _OF_A_SIGNATURE
    return counted


def _patterns(issue: KnownIssue) -> Iterator[str]:
    for signature in issue.signatures:
        for group in signature.said:
            yield from group


def _head(issue: KnownIssue) -> frozenset[_Term]:
    named = (subjects_of(plain(getattr(issue, part))) for part in _HEAD)
    return frozenset((True, subject) for subjects in named for subject in subjects)


def _query(texts: Texts) -> dict[_Term, float]:
    weights = dict.fromkeys(_terms(texts.failure.kind), _KIND)
    for place, weight in _WEIGHT.items():
        for term in _terms(texts.of[place][-_LAST_CHARACTERS:]):
            weights[term] = max(weight, weights.get(term, 0.0))
    return weights


def _last(texts: Texts) -> str:
    return "\n".join(texts.of[place][-_LAST_CHARACTERS:] for place in _WEIGHT)


def _rarity(of: int, used: int) -> float:
    return math.log(1 + (of - used + 0.5) / (used + 0.5))
