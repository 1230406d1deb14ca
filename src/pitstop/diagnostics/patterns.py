"""A set of patterns that are looked for all at once, in one pass over bytes.

RE2 compiles them into one automaton: time grows with the text alone, whatever the patterns are, those of an
operator among them; and where nothing is found, nothing of Python runs. What a pattern holds in a group is
its find; without a group, all of it. Decision 17 says why RE2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]

from pitstop.model.errors import InvalidInput

_MEMORY = 32 << 20
"""Bytes that the automaton of one set may take; beyond that it is made anew as it goes."""


@dataclass(frozen=True, slots=True)
class Found:
    """A find: of which pattern, where the whole of it begins and ends, and what of it is the find itself."""

    name: str
    begin: int
    end: int
    start: int
    stop: int


class PatternSet:
    """Patterns by name; of two that match at one place the first counts. Of the groups of a pattern, one
    takes part in each match: there is one, or they stand in alternatives.

    Raises:
        InvalidInput: one is no pattern, or matches where there is nothing.
    """

    def __init__(self, patterns: Mapping[str, bytes]) -> None:
        names: list[str] = []
        parts = []
        for name, pattern in patterns.items():
            groups = groups_of(name, pattern)
            parts.append(b"(?:%s)" % pattern if groups else b"(%s)" % pattern)
            names += [name] * max(1, groups)
        self._names = names
        self._compiled = re2.compile(b"|".join(parts), _options())

    def next(self, text: bytes, position: int) -> Found | None:
        """The first find from ``position`` on."""
        match = self._compiled.search(text, position)
        return None if match is None else self._found(match)

    def all(self, text: bytes) -> Iterator[Found]:
        """All finds, each behind the one before."""
        return map(self._found, self._compiled.finditer(text))

    def _found(self, match: Any) -> Found:
        number = match.lastindex  # the only group that took part
        return Found(self._names[number - 1], *match.span(), *match.span(number))


def groups_of(name: str, pattern: bytes) -> int:
    """How many groups a pattern has.

    Raises:
        InvalidInput: it is none, or matches where there is nothing.
    """
    try:
        compiled = re2.compile(pattern, _options())
    except re2.error as error:
        said = error.args[0] if error.args else "it cannot be read"
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise InvalidInput(
            f"pattern {name!r} is no pattern: {why}",
            hint="Patterns are of RE2: without back-references and look-around.",
        ) from error
    if compiled.search(b"") is not None:
        raise InvalidInput(f"pattern {name!r} matches where there is nothing: it would remove everything")
    return int(compiled.groups)


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes: what is no UTF-8 is looked at too
    options.max_mem = _MEMORY
    options.log_errors = False
    return options
