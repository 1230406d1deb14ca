"""Signatures, compiled: whether one holds of a failure, and what of the failure says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]

from pitstop.model.answers import ask
from pitstop.model.known_issues import Certainty, Evidence, Place, Signature
from pitstop.policy.known_issues.texts import Texts, line_around

_SAID = (Place.ERROR, Place.OUTPUT, Place.LOG)
CERTAIN = 16.0
"""A score from which on one signature that is certain holds."""
_CERTAINTY = {Certainty.CERTAIN: CERTAIN, Certainty.LIKELY: 2.0}
_PLACE = {Place.ERROR: 3.0, Place.OUTPUT: 2.0, Place.LOG: 1.5, Place.STEP: 0.5}
_MEMORY = 4 << 20


@dataclass(frozen=True, slots=True)
class Holds:
    """A signature that holds: how much that says, and what says so."""

    signature: Signature
    score: float
    evidence: tuple[Evidence, ...]


class CompiledSignature:
    """One signature, ready to be held against many failures."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._places = signature.places or _SAID
        self._wanted = [compiled(*group) for group in signature.said]
        self._none = compiled(*signature.none) if signature.none else None
        self._step = compiled(signature.step) if signature.step else None

    def gate(self) -> tuple[str, ...]:
        """Patterns of which one is in every failure that this holds of; empty: none needs to be."""
        signature = self._signature
        return signature.said[0] if signature.said else ((signature.step,) if signature.step else ())

    def holds(self, texts: Texts) -> Holds | None:
        """What speaks for it; None: it does not hold."""
        if not self._is_there(texts):
            return None
        finds = [self._find(pattern, texts) for pattern in self._wanted]
        if None in finds or self._is_denied(texts):
            return None
        facts = list(self._facts(texts))
        if None in facts:
            return None
        evidence = [find[1] for find in finds if find] + [fact for fact in facts if fact]
        if self._step is not None or not evidence:
            evidence.append(Evidence("step", texts.of[Place.STEP] or texts.failure.kind))
        best = max((find[0] for find in finds if find), default=0.0)
        more = min(2.0, 0.5 * (len(self._wanted) - 1)) if self._wanted else 0.0
        score = _CERTAINTY[self._signature.certainty] + min(6.0, best + more + len(facts))
        return Holds(self._signature, score, tuple(dict.fromkeys(evidence)))

    def is_spoilt(self, texts: Texts) -> bool:
        """Whether all that is wanted is said, and also what must not be."""
        return (
            bool(self._wanted)
            and self._is_denied(texts)
            and self._is_there(texts)
            and all(self._find(pattern, texts) for pattern in self._wanted)
        )

    def _is_denied(self, texts: Texts) -> bool:
        return self._none is not None and self._none.search(texts.whole) is not None

    def _is_there(self, texts: Texts) -> bool:
        failure, signature = texts.failure, self._signature
        named = (
            (signature.states, failure.state),
            (signature.phases, failure.phase),
            (signature.kinds, failure.kind),
        )
        if any(allowed and value not in allowed for allowed, value in named):
            return False
        return self._step is None or self._step.search(texts.of[Place.STEP]) is not None

    def _find(self, pattern: Any, texts: Texts) -> tuple[float, Evidence] | None:
        """Where it is found with most weight: nearer to the end says more."""
        found = [find for place in self._places if (find := _last(pattern, place, texts.of[place]))]
        return max(found, key=lambda find: find[0], default=None)

    def _facts(self, texts: Texts) -> Iterator[Evidence | None]:
        facts = texts.failure.facts
        for test in self._signature.facts:
            holds = ask(test, facts).holds
            yield Evidence("fact", f"{test.fact} is {facts[test.fact]}") if holds else None


def _last(pattern: Any, place: Place, text: str) -> tuple[float, Evidence] | None:
    found = pattern.search(text) if text else None
    if found is None:
        return None
    begin, end = found.span()
    last = text.rfind(text[begin:end])  # said again further down
    begin, end = last, last + end - begin
    late = begin / max(1, len(text))
    return _PLACE[place] + late, Evidence(place.value, line_around(text, begin, end))


def compiled(*expressions: str) -> Any:
    """One pattern that is found where one of these is. They were checked when their list was read."""
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.max_mem = _MEMORY * max(1, len(expressions) // 8)
    options.log_errors = False
    return re2.compile("|".join(f"(?:{expression})" for expression in expressions), options)


def any_of(signatures: Iterable[CompiledSignature]) -> tuple[str, ...] | None:
    """Patterns of which one is in every failure that one of these holds of; None: there are no such."""
    gates = [signature.gate() for signature in signatures]
    if not all(gates):
        return None
    return tuple(expression for gate in gates for expression in gate)
