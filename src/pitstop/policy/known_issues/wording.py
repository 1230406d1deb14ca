"""Likeness of wording: which issue is written of in the words that a failure is told in.

BM25 over the list: a word counts by how few issues use it. Words are cut to their beginning, so that *locked*
and *locks* are one; scripts without blanks are taken two characters at a time. Offered is only what shares
enough rare words, and clearly more than the next.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pitstop.model.known_issues import KnownIssue, Place
from pitstop.policy.known_issues.texts import Texts, plain

_WORD = re.compile(r"[^\W\d_]{2,}")
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
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
_WEIGHT = {Place.STEP: 0.7, Place.ERROR: 1.2, Place.OUTPUT: 1.0, Place.LOG: 0.8}

LEAST_SHARE = 0.30
"""Of what the failure says, by rarity, an offer must share so much."""
LEAST_WORDS = 4
LEAST_LEAD = 1.25
"""How many times the score of the next issue."""
SHARE_AGAINST_SIGNATURES = 0.65
WORDS_AGAINST_SIGNATURES = 6
"""The same for an issue whose publisher has said how it is recognised, while it is not so."""


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike an issue's wording is: BM25, the share of the failure's words, the shared ones."""

    score: float
    share: float
    words: tuple[str, ...]


class Wording:
    """The words of a list of issues, ready to be held against many failures."""

    def __init__(self, issues: Sequence[KnownIssue]) -> None:
        documents = [_document(issue) for issue in issues]
        lengths = [sum(document.values()) for document in documents]
        average = sum(lengths) / len(lengths) if lengths else 1.0
        used = Counter(word for document in documents for word in document)
        self._count = max(1, len(issues))
        self._rarity = {word: _rarity(self._count, number) for word, number in used.items()}
        self._holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, document in enumerate(documents):
            norm = _K1 * (1 - _B + _B * lengths[number] / average)
            for word, times in document.items():
                weight = self._rarity[word] * times * (_K1 + 1) / (times + norm)
                self._holders[word].append((number, weight))

    def alike(self, texts: Texts) -> dict[int, Alike]:
        """By number of the issue in the list, those that share a word."""
        query = _query(texts)
        scores: dict[int, float] = defaultdict(float)
        shared: dict[int, list[tuple[float, str]]] = defaultdict(list)
        unknown = _rarity(self._count, 0)
        whole = sum(self._rarity.get(word, unknown) * weight for word, weight in query.items())
        for word, weight in query.items():
            for number, value in self._holders.get(word, ()):
                scores[number] += weight * value
                shared[number].append((self._rarity[word] * weight, word))
        return {
            number: Alike(
                score,
                sum(part for part, _ in shared[number]) / whole,
                tuple(word for _, word in sorted(shared[number], reverse=True)),
            )
            for number, score in scores.items()
        }


def related(alike: Mapping[int, Alike], has_signatures: Callable[[int], bool]) -> tuple[int, Alike] | None:
    """What may be offered on its wording alone; None where nothing stands out."""
    ranked = sorted(alike.items(), key=lambda item: -item[1].score)
    if not ranked:
        return None
    number, best = ranked[0]
    against = has_signatures(number)
    share, words = (
        (SHARE_AGAINST_SIGNATURES, WORDS_AGAINST_SIGNATURES) if against else (LEAST_SHARE, LEAST_WORDS)
    )
    if best.share < share or len(best.words) < words:
        return None
    if len(ranked) > 1 and best.score < LEAST_LEAD * ranked[1][1].score:
        return None
    return number, best


def words_of(text: str) -> Iterator[str]:
    """The words of a text as they are compared."""
    lowered = plain(text).lower()
    for east in _EAST.findall(lowered):
        yield from (east[at : at + 2] for at in range(max(1, len(east) - 1)))
    for word in _WORD.findall(_EAST.sub(" ", lowered)):
        if word not in _COMMON:
            yield word[:_STEM]


def _document(issue: KnownIssue) -> dict[str, float]:
    counted: dict[str, float] = defaultdict(float)
    for part, weight in _PARTS:
        for word in words_of(getattr(issue, part)):
            counted[word] += weight
    return counted


def _query(texts: Texts) -> dict[str, float]:
    weights: dict[str, float] = {}
    for place, weight in _WEIGHT.items():
        for word in words_of(texts.of[place]):
            weights[word] = max(weight, weights.get(word, 0.0))
    return weights


def _rarity(of: int, used: int) -> float:
    return math.log(1 + (of - used + 0.5) / (used + 0.5))


def told(words: Iterable[str]) -> str:
    """The words that are shared, for people."""
    return ", ".join(f"{word}…" if len(word) >= _STEM else word for word in words)
