"""Host keys are pinned, and a changed one is refused by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest

from pitstop.model.errors import InvalidInput, StateUnusable, TrustError, Unreachable
from pitstop.model.system import Node
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.nodes import Answer, Operation
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import SshServer, make_key, ssh_server

DEADLINE = timedelta(seconds=20)


def play(tmp_path: Path, scene: Callable[[SshServer, FileHostKeys], Awaitable[None]]) -> None:
    async def run() -> None:
        async with ssh_server(tmp_path / "rack") as server:
            await scene(server, FileHostKeys(tmp_path / "state" / "host-keys"))

    asyncio.run(run())


async def answer(keys: FileHostKeys, node: Node) -> Answer:
    driver = SshNodes(keys)
    try:
        return await driver.ask(node, "echo hello", deadline=DEADLINE)
    finally:
        await driver.close()


def test_the_first_contact_pins_and_later_ones_hold_to_it(tmp_path: Path) -> None:
    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        node = server.node(pinned=False)
        assert await answer(keys, node) == Answer(0, "hello\n")
        assert keys.pinned(node.name) == server.host_line
        assert keys.file.read_text() == f"n1 {server.host_line}\n"
        await server.unplug()
        server.change_host_key()
        await server.plug()
        with pytest.raises(TrustError, match="node n1 shows another host key") as refused:
            await answer(keys, node)
        assert "pitstop node trust" in refused.value.hint
        assert keys.pinned(node.name) == server.host_line, "a refused key is not remembered"
        keys.forget("n1")
        assert await answer(keys, node) == Answer(0, "hello\n")

    play(tmp_path, scene)


def test_a_declared_key_goes_before_a_remembered_one(tmp_path: Path) -> None:
    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        other = make_key(tmp_path / "other")
        keys.trust("n1", other)
        assert await answer(keys, server.node()) == Answer(0, "hello\n")
        declared = replace(server.node(), host_key=other)
        with pytest.raises(TrustError, match="node n1") as refused:
            await answer(keys, declared)
        assert "`host_key` in the nodes file" in refused.value.hint

    play(tmp_path, scene)


def test_a_key_of_another_type_is_another_key(tmp_path: Path) -> None:
    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        key = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
        with pytest.raises(TrustError, match="key of another type"):
            await answer(keys, replace(server.node(), host_key=key))

    play(tmp_path, scene)


def test_a_stale_worker_cannot_act_past_a_changed_key(tmp_path: Path) -> None:
    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        driver = SshNodes(keys)
        declared = replace(server.node(), host_key=make_key(tmp_path / "other"))
        with pytest.raises(TrustError):
            await driver.operate(declared, Operation("run-1-1", 1, "true"), deadline=DEADLINE)
        assert server.commands == []
        await driver.close()

    play(tmp_path, scene)


def test_a_key_that_the_node_does_not_accept_is_said_at_once(tmp_path: Path) -> None:
    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        make_key(tmp_path / "stranger")
        refused = replace(server.node(), key=str(tmp_path / "stranger"))
        with pytest.raises(Unreachable, match="node n1 does not let 'operator' in") as error:
            await answer(keys, refused)
        assert "`user` and `key`" in error.value.hint

    play(tmp_path, scene)


@pytest.mark.parametrize("content", [None, "no key at all"])
def test_a_key_file_that_is_none_is_said_by_name(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)

    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        with pytest.raises(Unreachable, match="the key for node n1 cannot be used"):
            await answer(keys, replace(server.node(), key=str(file)))

    play(tmp_path, scene)


def test_a_pinned_line_that_is_no_key_is_refused(tmp_path: Path) -> None:
    async def scene(server: SshServer, keys: FileHostKeys) -> None:
        with pytest.raises(InvalidInput, match="host key of node n1"):
            await answer(keys, replace(server.node(), host_key="nonsense"))

    play(tmp_path, scene)


def test_a_file_of_keys_that_cannot_be_read_is_no_first_contact(tmp_path: Path) -> None:
    keys = FileHostKeys(tmp_path)
    with pytest.raises(StateUnusable, match="cannot be read"):
        keys.pinned("n1")


def test_keys_that_are_pinned_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    keys = FileHostKeys(tmp_path / "state" / "host-keys")
    nodes = [Node(f"n{number}", "192.0.2.1") for number in range(48)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda node: keys.pin(node.name, f"ssh-ed25519 {node.name}"), nodes))
    assert [keys.pinned(node.name) for node in nodes] == [f"ssh-ed25519 {node.name}" for node in nodes]
