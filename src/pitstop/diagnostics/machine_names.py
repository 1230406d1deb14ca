"""What machines and people are called on each node, for pseudonyms; and whether each node answers at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pitstop.diagnostics import node_sources
from pitstop.diagnostics.budget import Bounds
from pitstop.model.errors import PitstopError
from pitstop.model.system import Node
from pitstop.ports.logs import NodeStreams

_MOST = 256 << 10


@dataclass(frozen=True, slots=True)
class MachineNames:
    """Of one node. ``unreachable``: why it does not answer; "" where it does."""

    hosts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    unreachable: str = ""


async def names_of(streams: NodeStreams, nodes: Sequence[Node], bounds: Bounds) -> Mapping[str, MachineNames]:
    """By name of the node, for all at once."""
    turns = asyncio.Semaphore(bounds.nodes_at_once)

    async def ask(node: Node) -> MachineNames:
        async with turns:
            return await _ask(streams, node, bounds)

    found = await asyncio.gather(*(ask(node) for node in nodes))
    return {node.name: names for node, names in zip(nodes, found, strict=True)}


async def _ask(streams: NodeStreams, node: Node, bounds: Bounds) -> MachineNames:
    said = bytearray()

    async def take(piece: bytes) -> bool:
        said.extend(piece)
        return len(said) < _MOST

    try:
        await streams.stream(node, node_sources.names_of_machine(), take, deadline=bounds.hello)
    except PitstopError as error:
        return MachineNames(unreachable=error.message)
    lines = [line.split() for line in said.decode("utf-8", "replace").splitlines()]
    pairs = [(words[0], words[1]) for words in lines if len(words) == 2]
    return MachineNames(
        hosts=frozenset(name for kind, name in pairs if kind == "host"),
        users=frozenset(name for kind, name in pairs if kind == "user"),
    )
