"""A machine, or an agent, that is there and does nothing more: every wait for it comes to an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from pitstop.model.errors import Unreachable
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.nodes import Answer, Operation, StagedFile
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import RunningServer, SshServer, running_server

SHORT = timedelta(seconds=0.4)
RUN = "7b0c4a1e-0000-4000-8000-000000000001"


@contextmanager
def frozen(running: RunningServer) -> Iterator[None]:
    """The machine keeps its connections, and neither reads nor writes any more."""
    stands, goes_on = Event(), Event()

    def stand() -> None:
        stands.set()
        goes_on.wait(30)

    running._loop.call_soon_threadsafe(stand)
    assert stands.wait(10)
    try:
        yield
    finally:
        goes_on.set()


def test_a_machine_that_freezes_is_given_up_at_the_deadline_and_used_again_later(tmp_path: Path) -> None:
    async def scene(running: RunningServer, driver: SshNodes) -> None:
        node = running.server.node()
        assert await driver.ask(node, "echo in", deadline=timedelta(seconds=20)) == Answer(0, "in\n")
        with frozen(running):
            begun = time.monotonic()
            asked = (driver.ask(node, "true", deadline=SHORT) for _ in range(20))
            ends = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(end) for end in ends} == {Unreachable}
            with pytest.raises(Unreachable, match="has not answered within"):
                await driver.operate(node, Operation(f"{RUN}-1-1", 1, "true"), deadline=SHORT)
            with pytest.raises(Unreachable, match="has not answered within"):
                await driver.attach(node, f"{RUN}-1-1", epoch=1, deadline=SHORT)
            assert time.monotonic() - begun < 8
        assert await driver.ask(node, "echo in", deadline=timedelta(seconds=20)) == Answer(0, "in\n")
        await driver.close()

    with running_server(tmp_path / "rack") as running:
        asyncio.run(scene(running, SshNodes(FileHostKeys(tmp_path / "host-keys"))))


def test_a_service_ends_though_a_machine_takes_no_bytes_any_more(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(24_000_000))

    async def scene(running: RunningServer, driver: SshNodes) -> None:
        node = running.server.node()
        await driver.ask(node, "true", deadline=timedelta(seconds=20))
        with frozen(running):
            sent = Operation(f"{RUN}-1-1", 1, "true", files=(StagedFile(big, "big"),))
            sending = asyncio.create_task(driver.operate(node, sent, deadline=timedelta(minutes=10)))
            await asyncio.sleep(0.5)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            begun = time.monotonic()
            await driver.close()
            assert time.monotonic() - begun < 8

    with running_server(tmp_path / "rack") as running:
        asyncio.run(scene(running, SshNodes(FileHostKeys(tmp_path / "host-keys"))))


def test_an_agent_that_hangs_is_given_up_by_all_who_wait_for_the_connection(tmp_path: Path) -> None:
    """The first of them makes the connection; the others wait for that, and their deadlines stand still."""
    (tmp_path / "rack").mkdir()
    node = replace(
        SshServer(tmp_path / "rack" / "r").node(), agent=str(tmp_path / "agent"), connect_timeout=0.2
    )

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scene() -> None:
        driver = SshNodes(FileHostKeys(tmp_path / "host-keys"))
        async with await asyncio.start_unix_server(deaf, node.agent), asyncio.timeout(10):
            asked = (driver.ask(node, "true", deadline=timedelta(seconds=5)) for _ in range(4))
            ends = await asyncio.gather(*asked, return_exceptions=True)
            said = "node n1 cannot be signed in to: no end within 0.6 seconds"
            assert [str(end) for end in ends] == [said] * 4
            await driver.close()

    asyncio.run(scene())
