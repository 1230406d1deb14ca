"""``{address}`` and ``{fact}`` in a plan's texts: what differs from node to node."""

from __future__ import annotations

import re

from pitstop.model.errors import InvalidPlan
from pitstop.model.system import Node

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def filled(text: str, node: Node) -> str:
    """The text with ``{address}``, ``{name}`` and the node's facts put in; ``{{`` and ``}}`` are braces.

    Raises:
        InvalidPlan: the node has no such fact.
    """
    known = {**node.facts, "address": node.address, "name": node.name}

    def put(place: re.Match[str]) -> str:
        fact = place.group(1)
        if fact is None:
            return place.group()[0]
        if fact not in known:
            names = ", ".join(sorted(known))
            raise InvalidPlan(
                f"node {node.name} has no fact {fact!r}; it has {names}",
                hint="Add the fact to the node in the nodes file, or ask the publisher what the plan means.",
            )
        return known[fact]

    return _PLACE.sub(put, text)
