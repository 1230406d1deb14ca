"""What each part of the likeness of wording is worth: `python -m tools.known_issues_parts`; minutes.

On the cases for tuning of `examples/known_issues` alone, with symptoms as in `topics.toml`. *unseen*: the
right issue has lost every pattern that is in the failure. *cut*: the failure is cut off at both ends as well.
*left out*: the right issue is not in the list, nothing may be offered. *none*: the failure is none of them,
and looks like one. Each figure is the share that is right; the last line is JSON.
"""

from __future__ import annotations

import functools
import json
import random
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from pitstop.model.known_issues import Failure, KnownIssue, Signature
from pitstop.package.failure_cases_format import read_cases
from pitstop.policy.known_issues import matching, wording
from pitstop.policy.known_issues.signatures import compiled
from pitstop.policy.known_issues.texts import texts_of
from pitstop.publish.documents import read_issues_list

FOLDER = Path(__file__).parent.parent / "examples" / "known_issues"
Made = TypeVar("Made")
Trial = tuple[str, Failure, tuple[KnownIssue, ...], str | None]
"""Kind, failure, list, and the id that is right."""

WITHOUT: dict[str, dict[str, object]] = {
    "nothing": {},
    "the glossary": {"wording.subjects_of": lambda _: frozenset()},
    "words": {"wording.words_of": lambda _: iter(())},
    "rarity": {"wording._rarity": lambda _, used: 1.0 if used else 1.001},
    "words of patterns": {"wording._OF_A_SIGNATURE": 0.0},
    "weight of places": {"wording._WEIGHT": dict.fromkeys(wording._WEIGHT, 1.0)},
    "lead": {"wording._MOST_LEAD": 1.0},
    "what is covered": {"matching.strength": lambda ranked: _strength(ranked, covered=1.0)},
    "what is explained": {"matching.strength": lambda ranked: _strength(ranked, explained=1.0)},
    "what speaks against": {"matching._Entry.spoken_against": lambda *_: False},
    "more for patterns": {"matching.STRENGTH_FOR_PATTERNS": 0.0},
}


def _strength(ranked: Sequence[wording.Alike], **flat: float) -> float:
    return wording.strength((replace(ranked[0], **flat), *ranked[1:])) if ranked else 0.0  # type: ignore[arg-type]


def trials() -> Iterator[Trial]:
    issues = tuple(_as_topics(read_issues_list(FOLDER / "catalogue.toml")))
    chance = random.Random(4)  # noqa: S311 as reproducible as it must be
    for line in read_cases((FOLDER / "cases.jsonl").read_bytes()):
        if line.set != "dev":
            continue
        failure, right = line.failure.failure(), line.expected
        if right is None:
            yield "none", failure, issues, None
            continue
        short = _cut(failure, chance)
        yield "unseen", failure, _unseen(issues, right, failure), right
        yield "cut", short, _unseen(issues, right, failure), right
        yield "left out", failure, tuple(issue for issue in issues if issue.id != right), None


def _as_topics(issues: Sequence[KnownIssue]) -> Iterator[KnownIssue]:
    topics = tomllib.loads((FOLDER / "topics.toml").read_text(encoding="utf-8"))["topic"]
    trouble = {topic["id"]: topic["trouble"] for topic in topics}
    return (replace(issue, symptom=trouble[issue.id]) for issue in issues)


def _unseen(issues: Sequence[KnownIssue], right: str, failure: Failure) -> tuple[KnownIssue, ...]:
    whole = texts_of(failure).whole

    def kept(signature: Signature) -> Signature:
        said = (tuple(each for each in group if not _pattern(each).search(whole)) for group in signature.said)
        return replace(signature, said=tuple(filter(None, said)))

    return tuple(
        replace(issue, signatures=tuple(map(kept, issue.signatures))) if issue.id == right else issue
        for issue in issues
    )


_pattern: Callable[[str], Any] = functools.cache(compiled)


def _cut(failure: Failure, chance: random.Random) -> Failure:
    def cut(text: str) -> str:
        if len(text) < 30:
            return text
        length = int(len(text) * chance.uniform(0.3, 0.7))
        begin = chance.randrange(0, len(text) - length)
        return text[begin : begin + length]

    log = failure.log[: len(failure.log) // 2]
    return replace(failure, error=cut(failure.error), output=cut(failure.output), log=log)


def offered(failure: Failure, issues: tuple[KnownIssue, ...]) -> str | None:
    """What the wording alone offers."""
    matcher = matching.Matcher.__new__(matching.Matcher)
    matcher.issues = issues
    matcher._entries = [_entry(issue) for issue in issues]
    texts = texts_of(failure)
    found = matcher._related(texts, wording.Wording(issues).alike(texts))
    return found[0].issue.id if found else None


def _once(make: Callable[[KnownIssue], Made]) -> Callable[[KnownIssue], Made]:
    """Made once for each issue; all of them outlive it."""
    made: dict[int, Made] = {}

    def kept(issue: KnownIssue) -> Made:
        if id(issue) not in made:
            made[id(issue)] = make(issue)
        return made[id(issue)]

    return kept


_entry = _once(lambda issue: matching._Entry(issue, 0))


def measured(every: Sequence[Trial], without: dict[str, object]) -> dict[str, float]:
    counted: dict[str, list[bool]] = {}
    with ExitStack() as changed:
        for name, value in without.items():
            changed.enter_context(mock.patch(f"pitstop.policy.known_issues.{name}", value))
        changed.enter_context(mock.patch.object(wording, "_document", _once(wording._document)))
        for kind, failure, issues, right in every:
            counted.setdefault(kind, []).append(offered(failure, issues) == right)
    return {kind: round(sum(right) / len(right), 3) for kind, right in counted.items()}


def main() -> int:
    every = sorted(trials(), key=lambda trial: trial[0])
    found = {}
    for name, without in WITHOUT.items():
        found[name] = measured(every, without)
        print(f"without {name:22}", *(f"{kind} {share:.3f}" for kind, share in found[name].items()), sep="  ")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
