"""Which subjects of the glossary a text speaks of."""

from __future__ import annotations

from functools import cache
from typing import Any

import re2  # type: ignore[import-untyped]

from pitstop.policy.known_issues.glossary import SUBJECTS
from pitstop.policy.known_issues.texts import line_around

_MEMORY = 64 << 20


def subjects_of(text: str) -> frozenset[str]:
    """The names of the subjects that this text, in its one form, speaks of."""
    together, names = _together()
    return frozenset(names[number] for number in together.Match(text) or ())


def said_of(subject: str, text: str) -> str:
    """What of the text speaks of this subject, as it is said there; "" where nothing does."""
    found = _alone(subject).search(text)
    return line_around(found.group(), 0, 0, 60) if found else ""


@cache
def _together() -> tuple[Any, tuple[str, ...]]:
    """All patterns in one automaton, which passes over a text once; and the subject of each."""
    together, names = re2.Set.SearchSet(_options()), []
    for name, patterns in SUBJECTS.items():
        for pattern in patterns:
            together.Add(pattern)
            names.append(name)
    together.Compile()
    return together, tuple(names)


@cache
def _alone(subject: str) -> Any:
    return re2.compile("|".join(f"(?:{pattern})" for pattern in SUBJECTS[subject]), _options())


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _MEMORY
    options.log_errors = False
    return options
