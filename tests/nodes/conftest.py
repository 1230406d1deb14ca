"""A node with a real SSH server, and what plays scenes on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pitstop.nodes.ssh import SshNodes
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import SshServer, ssh_server

Scene = Callable[[SshServer, SshNodes], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a scene with a node that is up and a driver for it."""

    def plays(scene: Scene) -> None:
        async def run() -> None:
            async with ssh_server(tmp_path / "rack") as server:
                driver = SshNodes(FileHostKeys(tmp_path / "state" / "host-keys"))
                try:
                    await scene(server, driver)
                finally:
                    await driver.close()

        asyncio.run(run())

    return plays
