"""Nodes that a worker is cut off from while a file is there, and told as :class:`SshNodes` tells it: nothing
is begun where there is no connection; what was begun is waited for over the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from pitstop.model.errors import Unreachable
from pitstop.model.system import Node
from pitstop.ports.nodes import Answer, NodeDriver, Operation

T = TypeVar("T")
_LOOK_EVERY_SECONDS = 0.02
_ABANDON_DEADLINE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class CutNodes:
    """Implements :class:`pitstop.ports.nodes.NodeDriver`."""

    nodes: NodeDriver
    cut: Path

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        self._require(node)
        return await self.nodes.ask(node, script, deadline=deadline)

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        self._require(node)
        return await self._insist(
            node, lambda: self.nodes.operate(node, operation, deadline=deadline), deadline
        )

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        return await self._insist(
            node, lambda: self.nodes.attach(node, operation, epoch=epoch, deadline=deadline), deadline
        )

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        self._require(node)
        return await self._insist(
            node, lambda: self.nodes.abandon(node, operation, epoch=epoch), _ABANDON_DEADLINE
        )

    async def close(self) -> None:
        await self.nodes.close()

    def _require(self, node: Node) -> None:
        if self.cut.exists():
            raise Unreachable(f"node {node.name} cannot be reached: the link is cut")

    async def _insist(self, node: Node, once: Callable[[], Awaitable[T]], deadline: timedelta) -> T:
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                while True:
                    await self._until(is_cut=False)
                    doing = asyncio.ensure_future(once())
                    cutting = asyncio.ensure_future(self._until(is_cut=True))
                    try:
                        await asyncio.wait({doing, cutting}, return_when=asyncio.FIRST_COMPLETED)
                        if doing.done():
                            return doing.result()
                    finally:
                        doing.cancel()
                        cutting.cancel()
        except TimeoutError as error:
            raise Unreachable(f"node {node.name} has not answered within {deadline}") from error

    async def _until(self, *, is_cut: bool) -> None:
        while self.cut.exists() is not is_cut:  # noqa: ASYNC110 - another process cuts it
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
