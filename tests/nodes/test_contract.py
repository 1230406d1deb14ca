"""The simulator and the real thing hold to the same rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.nodes import NodeDriverContract, OpenBench
from pitstop.model.system import Node
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.nodes import Answer, NodeDriver
from simulators.host_keys import FileHostKeys
from simulators.nodes import Call, SimulatedNodes
from simulators.ssh_server import SshServer, ssh_server


class SimulatedBench:
    SAY, FAIL, HOLD = "say", "fail", "hold"

    def __init__(self) -> None:
        self.node = Node("n1", "192.0.2.1")
        self.driver: SimulatedNodes = SimulatedNodes(self.does)
        self._released = asyncio.Event()

    def does(self, call: Call) -> Answer | asyncio.Task[Answer]:
        ends = {self.SAY: Answer(0, "hello\n"), self.FAIL: Answer(3, "no\n")}
        return ends[call.script] if call.script in ends else asyncio.ensure_future(self._hold())

    async def _hold(self) -> Answer:
        await self._released.wait()
        return Answer(0, "released\n")

    def another_driver(self) -> NodeDriver:
        return self.driver

    def release(self) -> None:
        self._released.set()

    def starts(self, operation: str) -> int:
        return self.driver.started["n1", operation]

    async def unplug(self) -> None:
        self.driver.unplug("n1")

    async def plug(self) -> None:
        self.driver.plug("n1")

    async def restart_node(self) -> None:
        self.driver.restart("n1")


class SshBench:
    _NOTED = 'echo x >>"$PITSTOP_ROOT/starts-$(basename "$(dirname "${PITSTOP_STAGE:-/question/stage}")")"; '
    SAY = f"{_NOTED}echo hello"
    FAIL = f"{_NOTED}echo no; exit 3"
    HOLD = f'{_NOTED}until [ -e "$PITSTOP_ROOT/go" ]; do sleep 0.02; done; echo released'

    def __init__(self, server: SshServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self.node = server.node()
        self.driver: NodeDriver = self._new_driver()
        self.drivers = [self.driver]

    def _new_driver(self) -> NodeDriver:
        return SshNodes(FileHostKeys(self._folder / "host-keys"))

    def another_driver(self) -> NodeDriver:
        self.drivers.append(self._new_driver())
        return self.drivers[-1]

    def release(self) -> None:
        (self._server.root / "go").touch()

    def starts(self, operation: str) -> int:
        file = self._server.root / f"starts-{operation}"
        return len(file.read_text().splitlines()) if file.exists() else 0

    async def unplug(self) -> None:
        await self._server.unplug()

    async def plug(self) -> None:
        await self._server.plug()

    async def restart_node(self) -> None:
        self._server.end_operations()


class TestSimulatedNodes(NodeDriverContract):
    @pytest.fixture
    def bench(self) -> OpenBench:
        @asynccontextmanager
        async def opened() -> AsyncIterator[SimulatedBench]:
            yield SimulatedBench()

        return opened


class TestSshNodes(NodeDriverContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> OpenBench:
        @asynccontextmanager
        async def opened() -> AsyncIterator[SshBench]:
            async with ssh_server(tmp_path) as server:
                bench = SshBench(server, tmp_path)
                yield bench
                for driver in bench.drivers:
                    await driver.close()

        return opened
