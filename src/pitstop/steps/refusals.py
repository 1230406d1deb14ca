"""Ends of an operation that have names of their own: the status that its script ends with says which."""

from __future__ import annotations

from collections.abc import Mapping

from pitstop.model.errors import (
    NodeFull,
    NodeNotBack,
    OtherPackages,
    PackagesBroken,
    PackagesGone,
    PackagesHeld,
    PackagesLocked,
    PackagesUnfit,
    StepFailed,
)
from pitstop.model.system import Node
from pitstop.ports.nodes import Answer
from pitstop.steps.kind import Done, concluded, done_of

HELD = 61
"""The statuses are those of :file:`packages.sh`."""

_STATUSES: Mapping[int, type[StepFailed]] = {
    HELD: PackagesHeld,
    62: PackagesLocked,
    63: NodeFull,
    64: PackagesBroken,
    66: PackagesUnfit,
    67: PackagesGone,
    68: OtherPackages,
}


def ended(answer: Answer) -> Done:
    """How the operation has ended; a refusal's message is the last line that it said.

    Raises:
        StepFailed: it has not ended well.
    """
    refusal = _STATUSES.get(answer.status)
    if refusal is None:
        return concluded(answer)
    done = done_of(answer)
    failure = refusal(done.output.strip().rpartition("\n")[2])
    failure.add_note(done.output)
    raise failure


def not_back(node: Node, why: str) -> NodeNotBack:
    """The node is away; the hint says where its console is, as far as its facts do."""
    known = {"console": "Its console: {}.", "bmc": "Its management controller: {}."}
    where = [said.format(node.facts[fact]) for fact, said in known.items() if fact in node.facts]
    return NodeNotBack(f"node {node.name} {why}", hint=" ".join([NodeNotBack.default_hint, *where]))
