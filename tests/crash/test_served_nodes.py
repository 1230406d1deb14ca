"""The nodes that random points are killed on hold to the rules of real ones, from one process to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.nodes import NodeDriverContract, OpenBench
from crash.served_nodes import BEGUN, ServedNodes, serving
from pitstop.model.system import Node, SystemDescription

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


class ServedBench:
    SAY = "echo hello"
    FAIL = "echo no; exit 3"
    HOLD = "until [ -e go ]; do sleep 0.02; done; echo released"

    def __init__(self, node: Node, socket: Path) -> None:
        self.node, self._socket = node, socket
        self.driver = ServedNodes(socket)

    def another_driver(self) -> ServedNodes:
        return ServedNodes(self._socket)

    def release(self) -> None:
        (Path(self.node.root) / "go").touch()

    def starts(self, operation: str) -> int:
        begun = Path(self.node.root) / BEGUN
        lines = begun.read_text().splitlines() if begun.exists() else []
        return [line.split()[1] for line in lines].count(operation)

    async def unplug(self) -> None:
        await self.driver.befall("unplug", self.node.name)

    async def plug(self) -> None:
        await self.driver.befall("plug", self.node.name)

    async def restart_node(self) -> None:
        await self.driver.befall("restart", self.node.name)


class TestServedNodes(NodeDriverContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> OpenBench:
        @asynccontextmanager
        async def opened() -> AsyncIterator[ServedBench]:
            node = Node("n1", "127.0.0.1", root=str(tmp_path))
            socket = tmp_path / "socket"
            with serving(SystemDescription("served", "served", "Lumen", "R4", (node,)), socket):
                yield ServedBench(node, socket)

        return opened
