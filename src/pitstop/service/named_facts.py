"""The facts of a system that rules may ask for, gathered from all who can say them.

Who comes first: what somebody recorded; what the system file says of the system as a whole; what the nodes
file says of all nodes alike; what is known anyway (hardware, number of nodes). A fact on which the nodes
differ, or that only some have, is not known: a rule that asks for it must not guess.

Content that the operator has brought is recorded as the fact ``content.<name>`` with the value ``present``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pitstop.model.errors import InvalidInput
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.records import DeclaredFact
from pitstop.wire.policy_views import FactView

CONTENT = "content."
PRESENT = "present"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_LONGEST_VALUE = 200
_MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class NamedFact:
    """A fact and who says it. ``value`` is None when it is not known; ``problem`` says why."""

    name: str
    value: str | None
    source: str
    problem: str = ""
    declared: DeclaredFact | None = None


def named_facts(system: SystemDescription, recorded: Iterable[DeclaredFact]) -> dict[str, NamedFact]:
    """All facts by name, in alphabetical order."""
    found = {fact.name: fact for fact in _known_anyway(system)}
    found |= {fact.name: fact for fact in _of_nodes(system.nodes)}
    found |= {name: NamedFact(name, value, "system-file") for name, value in system.facts.items()}
    found |= {fact.name: NamedFact(fact.name, fact.value, "recorded", declared=fact) for fact in recorded}
    return dict(sorted(found.items()))


def values_of(facts: Mapping[str, NamedFact]) -> dict[str, str]:
    """The facts that are known."""
    return {name: fact.value for name, fact in facts.items() if fact.value is not None}


def content_of(values: Mapping[str, str]) -> frozenset[str]:
    """Names of required content that is here."""
    return frozenset(
        name.removeprefix(CONTENT)
        for name, value in values.items()
        if name.startswith(CONTENT) and value == PRESENT
    )


def fact_views(facts: Mapping[str, NamedFact], asked: Mapping[str, tuple[str, ...]]) -> tuple[FactView, ...]:
    """All that is known or asked for, by name."""
    return tuple(
        _view(facts.get(name) or NamedFact(name, None, "", "Not recorded."), asked.get(name, ()))
        for name in sorted({*facts, *asked})
    )


def check_facts(values: Mapping[str, str | None]) -> None:
    """Raises InvalidInput with all that is wrong with what is to be recorded."""
    problems = [problem for name, value in values.items() for problem in _problems(name, value)]
    if not values:
        problems.append("no fact was named")
    if len(values) > _MOST_AT_ONCE:
        problems.append(f"{len(values)} facts at once; {_MOST_AT_ONCE} are the most")
    if problems:
        raise InvalidInput("; ".join(problems[:10]), hint="A fact is NAME=VALUE, such as connected=no.")


def _problems(name: str, value: str | None) -> Iterable[str]:
    if not _NAME.fullmatch(name):
        yield f"{name!r} is no name of a fact: small letters, digits, '.', '_' and '-', at most 64"
    if value is not None and not (value.strip() and value.isprintable() and len(value) <= _LONGEST_VALUE):
        yield f"the value of {name!r} must be one line of text, at most {_LONGEST_VALUE} characters"


def _known_anyway(system: SystemDescription) -> Iterable[NamedFact]:
    yield NamedFact("hardware-family", system.hardware_family, "system")
    yield NamedFact("hardware-model", system.hardware_model, "system")
    yield NamedFact("node-count", str(len(system.nodes)), "system")


def _of_nodes(nodes: tuple[Node, ...]) -> Iterable[NamedFact]:
    for name in dict.fromkeys(name for node in nodes for name in node.facts):
        said = {node.name: node.facts[name] for node in nodes if name in node.facts}
        silent = [node.name for node in nodes if name not in node.facts]
        if len(set(said.values())) > 1:
            differ = ", ".join(f"{node} {value}" for node, value in said.items())
            yield NamedFact(name, None, "nodes", f"The nodes differ: {differ}.")
        elif silent:
            yield NamedFact(name, None, "nodes", f"These nodes do not say it: {', '.join(silent)}.")
        else:
            yield NamedFact(name, next(iter(said.values())), "nodes")


def _view(fact: NamedFact, asked_by: tuple[str, ...]) -> FactView:
    return FactView(
        name=fact.name,
        value=fact.value,
        source=fact.source,
        problem=fact.problem,
        asked_by=asked_by,
        recorded_by=fact.declared.by if fact.declared else "",
        recorded_at=fact.declared.at if fact.declared else None,
    )
