"""Hundreds of nodes for one worker, with fewer connections than nodes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.system import JumpHost
from pitstop.nodes.links import Links
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.nodes import Answer, Operation
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import SshServer, ssh_server

DEADLINE = timedelta(seconds=60)
NODES = 200
AT_ONCE = 48


async def rack(folder: Path, running: AsyncExitStack, count: int) -> list[SshServer]:
    return [await running.enter_async_context(ssh_server(folder / f"n{n}")) for n in range(count)]


@pytest.mark.slow
def test_two_hundred_nodes_are_worked_on_over_fewer_connections(tmp_path: Path) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as running:
            servers = await rack(tmp_path, running, NODES)
            driver = SshNodes(FileHostKeys(tmp_path / "host-keys"), AT_ONCE)
            running.push_async_callback(driver.close)
            most = 0

            async def work(server: SshServer) -> Answer:
                nonlocal most
                operation = Operation("run-1-1", 1, 'echo done >"$PITSTOP_ROOT/done"; echo worked')
                answer = await driver.operate(server.node(), operation, deadline=DEADLINE)
                most = max(most, driver.connected)
                return answer

            answers = await asyncio.gather(*map(work, servers))
            assert answers == [Answer(0, "worked\n")] * NODES
            assert all((server.root / "done").exists() for server in servers)
            assert 0 < most <= AT_ONCE

    asyncio.run(scene())


def test_a_connection_that_nobody_uses_makes_room_and_those_in_use_stay(tmp_path: Path) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as running:
            first, second, third = await rack(tmp_path, running, 3)
            links = Links(FileHostKeys(tmp_path / "host-keys"), 2)
            running.push_async_callback(links.close)
            async with links.session(first.node()) as held:
                async with links.session(second.node()) as idle:
                    pass
                async with links.session(third.node()):
                    assert idle.is_closed()
                    assert not held.is_closed()
                    assert links.connected == 2
                async with links.session(third.node()) as again:
                    assert links.connected == 2
            async with links.session(second.node()):
                assert held.is_closed()
                assert not again.is_closed(), "what was used longest ago goes first"

    asyncio.run(scene())


def test_a_jump_host_that_is_away_is_waited_for_once_and_not_by_each_of_its_nodes(tmp_path: Path) -> None:
    async def scene() -> None:
        tried = 0

        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal tried
            tried += 1
            await reader.read()
            writer.close()

        async with await asyncio.start_server(deaf, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            (tmp_path / "none").mkdir()
            server = SshServer(tmp_path / "none" / "n")
            jump = JumpHost("127.0.0.1", port)
            nodes = [
                replace(server.node(), name=f"n{number}", jump=(jump,), connect_timeout=0.5)
                for number in range(20)
            ]
            driver = SshNodes(FileHostKeys(tmp_path / "host-keys"))
            asked = (driver.ask(node, "true", deadline=DEADLINE) for node in nodes)
            begun = asyncio.get_running_loop().time()
            answers = await asyncio.gather(*asked, return_exceptions=True)
            said = f"jump host {jump.name} at {jump.name} cannot be reached: no answer within 0.5 seconds"
            assert {str(answer) for answer in answers} == {said}
            assert tried == 1
            assert asyncio.get_running_loop().time() - begun < 5
            await driver.close()

    asyncio.run(scene())
