"""Steps for packages on a machine, and what lies in the update's content."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from machines import Machine
from pitstop.model.system import Node
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import Done
from pitstop.steps.table import KINDS
from simulators.host_keys import FileHostKeys

from .conftest import Content, NodeBench

Scene = Callable[[NodeBench], Awaitable[None]]


class OnMachine:
    """``kind`` is the one that is tried."""

    def __init__(self, machine: Machine, folder: Path, kind: str) -> None:
        self.machine = machine
        self.folder = folder
        self.kind = kind
        self.content = Content(folder / "content")
        self.deadline = timedelta(seconds=60)
        self.waits: list[str] = []
        self.attempt = 0

    def do(self, scene: Scene) -> None:
        async def run() -> None:
            m = self.machine
            node = Node("n1", m.address, key=str(m.storage.parent / "operator"), host_key=m.host_key)
            driver = SshNodes(FileHostKeys(self.folder / "host-keys"))
            try:
                await scene(NodeBench(driver, self.content, node, waits=self.waits, deadline=self.deadline))
            finally:
                await driver.close()

        asyncio.run(run())

    def act(self, args: dict[str, object]) -> Done:
        said: list[Done] = []
        self.attempt += 1

        async def scene(bench: NodeBench) -> None:
            said.append(await bench.act(self.kind, args, attempt=self.attempt))

        self.do(scene)
        return said[0]

    def probed(self, args: dict[str, object]) -> bool:
        found: list[bool] = []

        async def scene(bench: NodeBench) -> None:
            found.append(await bench.probe(self.kind, args) is not None)

        self.do(scene)
        return found[0]

    def go_back(self, args: dict[str, object]) -> Done:
        said: list[Done] = []
        self.attempt += 1

        async def scene(bench: NodeBench) -> None:
            kind = KINDS[f"restore-{self.kind}"]
            context = bench.context(kind.name, index="2.1", attempt=self.attempt, undoes="1.1")
            said.append(await kind.act(context, kind.read(args, "here")))

        self.do(scene)
        return said[0]
