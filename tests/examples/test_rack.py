"""The rack: real node processes on the loopback, reached over real SSH."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import os
import socket
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncssh
import pytest

import rack
from rack import Node, NodeSpec, Rack, RackError
from rack.power import processes_of, server_of
from rack.rack import free_ports

MEGABYTES_20 = os.urandom(1 << 20) * 20


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    """A running rack of two nodes; whoever unplugs or drains one puts it back."""
    folder = tmp_path_factory.mktemp("pair")
    rack.make(folder, rack.default_nodes(2), lantern_version="1.2311.0.10", oem_version="2.1.4")
    with rack.running(folder) as made:
        yield made


@pytest.fixture
def single(tmp_path: Path) -> Iterator[Rack]:
    """A rack of one node that is not started."""
    made = rack.make(tmp_path, rack.default_nodes(1))
    yield made
    rack.stop(tmp_path)


@contextlib.asynccontextmanager
async def connected(made: Rack, name: str = "n1") -> AsyncIterator[asyncssh.SSHClientConnection]:
    node = made.node(name)
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{node.port} {node.host_key}\n")
    async with asyncssh.connect(
        "127.0.0.1",
        node.port,
        username="operator",
        client_keys=[str(made.operator_key)],
        known_hosts=known,
        config=None,
        agent_path=None,
    ) as connection:
        yield connection


def ssh(made: Rack, command: str, name: str = "n1", given: bytes = b"") -> tuple[int | None, bytes, bytes]:
    """Exit status, output and error output of one command on a node."""

    async def run() -> tuple[int | None, bytes, bytes]:
        async with connected(made, name) as connection:
            done = await connection.run(command, input=given, encoding=None)
            assert isinstance(done.stdout, bytes)
            assert isinstance(done.stderr, bytes)
            return done.exit_status, done.stdout, done.stderr

    return asyncio.run(run())


def health(node: Node) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(node.lantern_url).port, timeout=5)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["status"]
    finally:
        connection.close()


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def test_nodes_file(pair: Rack) -> None:
    told = tomllib.loads(pair.system_file.read_text())
    assert told["system"] == {
        "name": "lantern-rack-1",
        "location": "demo",
        "hardware_family": "Lumen",
        "hardware_model": "Lumen R4",
        "version_probes": {
            "lantern": ["cat", "opt/lantern/VERSION"],
            "lumen-r4": ["cat", "lib/firmware/lumen/VERSION"],
        },
    }
    first = told["node"][0]
    assert first == {
        "name": "n1",
        "address": "127.0.0.1",
        "port": pair.nodes[0].port,
        "user": "operator",
        "key": "keys/operator",
        "host_key": pair.nodes[0].host_key,
        "root": str(pair.folder / "nodes" / "n1"),
        "roles": ["controller"],
        "fault_domain": "fd1",
        "facts": {"lantern_url": pair.nodes[0].lantern_url},
    }
    assert rack.read(pair.folder) == pair


def test_default_rack() -> None:
    assert rack.default_nodes() == (
        NodeSpec("n1", ("controller",), "fd1"),
        NodeSpec("n2", ("controller",), "fd2"),
        NodeSpec("n3", ("worker",), "fd1"),
        NodeSpec("n4", ("worker",), "fd2"),
    )


@pytest.mark.parametrize("names", [[], ["n1", "n1"], ["../n1"]])
def test_names_that_cannot_be(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(RackError, match="name"):
        rack.make(tmp_path, [NodeSpec(name, ("worker",), "fd1") for name in names])


def test_exec_gives_status_and_both_outputs(pair: Rack) -> None:
    assert ssh(pair, "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")
    assert ssh(pair, "pwd", "n2") == (0, f"{pair.node('n2').root}\n".encode(), b"")


def test_exec_sees_the_node_only(pair: Rack) -> None:
    root = pair.node("n1").root
    _, out, _ = ssh(pair, "env")
    told = dict(line.split("=", 1) for line in out.decode().splitlines())
    assert {key for key in told if key not in ("PWD", "SHLVL", "_")} == {
        "PATH",
        "LANG",
        "HOME",
        "PITSTOP_ROOT",
    }
    assert (told["LANG"], told["HOME"], told["PITSTOP_ROOT"]) == ("C.UTF-8", str(root), str(root))
    assert ssh(pair, "command -v reboot")[1] == f"{root}/sbin/reboot\n".encode()


def test_a_command_that_dies_of_a_signal(pair: Rack) -> None:
    async def run() -> str | None:
        async with connected(pair) as connection:
            told = (await connection.run("kill -TERM $$")).exit_signal
            return told[0] if told else None

    assert asyncio.run(run()) == "TERM"


def test_streams_20_megabytes_in_and_out(pair: Rack) -> None:
    digest = hashlib.sha256(MEGABYTES_20).hexdigest()
    status, out, _ = ssh(pair, "tee tmp/copy | sha256sum", given=MEGABYTES_20)
    assert (status, out.split()[0].decode()) == (0, digest)
    assert ssh(pair, "cat tmp/copy && rm tmp/copy")[1] == MEGABYTES_20


def test_input_nobody_reads_is_not_taken_in(pair: Rack) -> None:
    async def run() -> None:
        async with connected(pair) as connection:
            process = await connection.create_process("sleep 30", encoding=None)
            process.stdin.write(MEGABYTES_20)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(process.stdin.drain(), timeout=0.5)
            connection.abort()

    asyncio.run(run())


def test_input_that_a_command_leaves_does_not_hold_it(pair: Rack) -> None:
    assert ssh(pair, "head -c 3", given=b"abc" * 1000)[:2] == (0, b"abc")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("setsid sh -c '{}' </dev/null >/dev/null 2>&1 & echo begun", id="detached"),
        pytest.param("echo begun; {}", id="attached"),
    ],
)
def test_what_runs_goes_on_when_the_link_breaks(pair: Rack, command: str) -> None:
    folder = pair.node("n1").root / "tmp"
    waiting = "while [ ! -e tmp/go ]; do sleep 0.1; done; echo done >tmp/result"

    async def run() -> None:
        async with connected(pair) as connection:
            process = await connection.create_process(command.format(waiting))
            assert await process.stdout.readline() == "begun\n"
            connection.abort()

    asyncio.run(run())
    (folder / "go").touch()
    wait_until(lambda: (folder / "result").exists() and (folder / "result").read_text() == "done\n")
    (folder / "go").unlink()
    (folder / "result").unlink()


def test_a_detached_command_does_not_hold_the_channel(pair: Rack) -> None:
    begun = time.monotonic()
    assert ssh(pair, "setsid sleep 60 </dev/null >/dev/null 2>&1 &")[0] == 0
    assert time.monotonic() - begun < 30


def test_a_strangers_key_is_refused(pair: Rack) -> None:
    async def run() -> None:
        stranger = asyncssh.generate_private_key("ssh-ed25519")
        node = pair.node("n1")
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect(
                "127.0.0.1",
                node.port,
                username="operator",
                client_keys=[stranger],
                known_hosts=None,
                config=None,
                agent_path=None,
            )

    asyncio.run(run())


def test_a_broken_node_is_sick_from_its_next_restart_on_until_it_is_mended(pair: Rack) -> None:
    node = pair.node("n2")
    rack.break_node(pair.folder, "n2")
    assert health(node) == (200, "ok")
    assert ssh(pair, "sh etc/init.d/lantern restart", "n2")[0] == 0
    assert health(node) == (503, "broken")
    assert health(pair.node("n1")) == (200, "ok")
    rack.mend_node(pair.folder, "n2")
    assert ssh(pair, "sh etc/init.d/lantern restart", "n2")[0] == 0
    assert health(node) == (200, "ok")


def test_an_unplugged_node_is_not_reachable_and_keeps_what_runs(pair: Rack) -> None:
    node = pair.node("n2")
    lantern = (node.root / "run/lantern.pid").read_text()
    rack.unplug(pair.folder, "n2")
    with pytest.raises(ConnectionRefusedError):
        ssh(pair, "true", "n2")
    assert health(node) == (200, "ok")
    rack.plug(pair.folder, "n2")
    assert ssh(pair, "cat run/lantern.pid", "n2")[1].decode() == lantern


def test_a_reboot_ends_what_runs_and_comes_back(pair: Rack) -> None:
    node = pair.node("n2")
    server, boot_id = server_of(node.root), (node.root / "run/boot_id").read_text()
    ssh(pair, "setsid sleep 60 </dev/null >/dev/null 2>&1 &", "n2")
    before = set(processes_of(node.root))
    assert ssh(pair, "reboot", "n2")[0] == 0
    wait_until(lambda: (node.root / "run/boot_id").read_text() not in ("", boot_id))
    assert server_of(node.root) == server
    assert not before & set(processes_of(node.root))
    wait_until((node.root / "run/lantern.pid").exists)
    assert health(node) == (200, "ok")


def test_stop_leaves_no_processes_and_a_restart_keeps_ports_and_contents(single: Rack) -> None:
    node = single.node("n1")
    with rack.running(single.folder) as made:
        assert made == single
        ssh(
            made,
            "setsid sleep 60 </dev/null >/dev/null 2>&1 & opt/lantern/bin/lanternctl drain; touch etc/mine",
        )
        assert len(list(processes_of(node.root))) == 2
    assert server_of(node.root) is None
    assert list(processes_of(node.root)) == []
    assert not (node.root / "run/lantern.pid").exists()
    with rack.running(single.folder) as made:
        assert made == single
        assert ssh(made, "ls etc/mine; opt/lantern/bin/lanternctl drained")[0] == 0


def test_an_unplugged_node_is_stopped_with_the_rack(single: Rack) -> None:
    rack.start(single.folder)
    rack.unplug(single.folder, "n1")
    rack.stop(single.folder)
    assert list(processes_of(single.node("n1").root)) == []


def test_start_says_which_port_is_taken(single: Rack) -> None:
    node = single.node("n1")
    with socket.socket() as other:
        other.bind(("127.0.0.1", node.port))
        other.listen()
        with pytest.raises(RackError, match=f"n1 did not come up: port {node.port} is taken"):
            rack.start(single.folder)


def test_start_says_whose_lantern_does_not_answer_and_leaves_the_node_up(single: Rack) -> None:
    (single.node("n1").root / "etc/lantern/lantern.toml").write_text("port = 1\n")
    with pytest.raises(RackError, match=r"(?s)n1 did not come up: lantern did not start.*KeyError: 'node'"):
        rack.start(single.folder)
    assert ssh(single, "echo here")[1] == b"here\n"


def test_a_rack_is_not_made_twice(single: Rack) -> None:
    with pytest.raises(RackError, match="already"):
        rack.make(single.folder)


def test_ports_are_free_and_differ() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
