"""Answers to questions about facts: yes, no, or unknown with the facts that are missing named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.errors import InvalidVersion
from pitstop.model.versions import Version


@dataclass(frozen=True, slots=True)
class Answer:
    """``holds`` is None when it is unknown; ``missing`` then says why, one entry for each fact."""

    holds: bool | None
    missing: tuple[str, ...] = ()


YES = Answer(True)
NO = Answer(False)


def ask(test: FactTest, facts: Mapping[str, str]) -> Answer:
    """Hold one fact against its test. A fact that is missing, or cannot be read as what is compared, makes
    the answer unknown."""
    value = facts.get(test.fact)
    if value is None:
        return Answer(None, (f"fact {test.fact!r} is not recorded",))
    try:
        return YES if _COMPARE[test.comparison](value, test.values) else NO
    except (InvalidOperation, InvalidVersion):
        return Answer(None, (f"fact {test.fact!r} is {value!r}, which cannot be compared",))


def ask_all(tests: Iterable[FactTest], facts: Mapping[str, str]) -> Answer:
    """Whether all hold: one that does not makes it no, whatever is unknown beside it."""
    missing: list[str] = []
    for test in tests:
        answer = ask(test, facts)
        if answer.holds is False:
            return NO
        missing.extend(answer.missing)
    return Answer(None, tuple(dict.fromkeys(missing))) if missing else YES


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise InvalidOperation
    return number


_version = lru_cache(maxsize=4096)(Version.parse)


_COMPARE: dict[Comparison, Callable[[str, tuple[str, ...]], bool]] = {
    Comparison.IS: lambda value, values: value == values[0],
    Comparison.IS_NOT: lambda value, values: value != values[0],
    Comparison.ONE_OF: lambda value, values: value in values,
    Comparison.NONE_OF: lambda value, values: value not in values,
    Comparison.AT_LEAST: lambda value, values: _number(value) >= _number(values[0]),
    Comparison.BELOW: lambda value, values: _number(value) < _number(values[0]),
    Comparison.VERSION_AT_LEAST: lambda value, values: _version(value) >= _version(values[0]),
    Comparison.VERSION_BELOW: lambda value, values: _version(value) < _version(values[0]),
}
