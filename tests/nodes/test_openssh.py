"""Against OpenSSH's own server: jump hosts, sudo, and keys in an agent, as an operator has them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import HostKeyChanged, StepFailed, Unreachable
from pitstop.model.system import Become, JumpHost, Node
from pitstop.nodes.examining import SshExaminer
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.nodes import Answer, Operation, StagedFile
from simulators import openssh
from simulators.host_keys import FileHostKeys
from simulators.openssh import Machine
from simulators.ssh_server import make_key

DEADLINE = timedelta(seconds=30)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("openssh"),
    pytest.mark.skipif(bool(openssh.missing()), reason=openssh.missing() or "all is there"),
]


@dataclass(frozen=True)
class Site:
    """A node that only a jump host has a way to."""

    jump: Machine
    machine: Machine
    folder: Path

    @property
    def node(self) -> Node:
        return Node(
            "n1",
            self.machine.address,
            user="operator",
            key=str(self.machine.key),
            root=str(self.folder),
            jump=(JumpHost(self.jump.address, key=str(self.jump.key)),),
            become=Become.SUDO,
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with openssh.folder_for_all() as folder, openssh.behind_a_jump_host(folder) as (jump, machine):
        root = folder / "root"
        root.mkdir(mode=0o700)
        yield Site(jump, machine, root)


Scene = Callable[[SshNodes], Awaitable[None]]


def play(scene: Scene, tmp_path: Path) -> FileHostKeys:
    keys = FileHostKeys(tmp_path / "host-keys")

    async def run() -> None:
        driver = SshNodes(keys)
        try:
            await scene(driver)
        finally:
            await driver.close()

    asyncio.run(run())
    return keys


def test_a_node_behind_a_jump_host_is_reached_through_it_alone(site: Site, tmp_path: Path) -> None:
    async def scene(driver: SshNodes) -> None:
        answer = await driver.ask(site.node, 'echo "$SUDO_USER"; id -u', deadline=DEADLINE)
        assert answer == Answer(0, "operator\n0\n")
        with pytest.raises(Unreachable, match=r"node n1 at .* cannot be reached"):
            await driver.ask(replace(site.node, jump=(), connect_timeout=1), "true", deadline=DEADLINE)

    keys = play(scene, tmp_path)
    assert keys.all_pinned() == {
        "n1": site.machine.host_line,
        f"{site.jump.address}:22": site.jump.host_line,
    }, "each is pinned under a name of its own"
    far_side = site.machine.address.rpartition(".")[0] + ".1"
    assert f"Accepted publickey for operator from {far_side}" in site.machine.log.read_text()


def test_the_jump_host_is_signed_in_to_once_for_all_its_nodes(site: Site, tmp_path: Path) -> None:
    def sign_ins() -> int:
        return site.jump.log.read_text().count("Accepted publickey")

    async def scene(driver: SshNodes) -> None:
        nodes = [replace(site.node, name=f"n{number}") for number in range(6)]
        await asyncio.gather(*(driver.ask(node, "true", deadline=DEADLINE) for node in nodes))

    before = sign_ins()
    play(scene, tmp_path)
    assert sign_ins() == before + 1


def test_a_jump_host_with_another_key_is_refused_by_name_before_anything_goes_through(
    site: Site, tmp_path: Path
) -> None:
    jump = replace(site.node.jump[0], host_key=make_key(tmp_path / "other"))

    async def scene(driver: SshNodes) -> None:
        with pytest.raises(
            HostKeyChanged, match=f"jump host {site.jump.address}:22 shows another"
        ) as refused:
            await driver.ask(replace(site.node, jump=(jump,)), "true", deadline=DEADLINE)
        assert refused.value.shown == site.jump.host_line

    assert play(scene, tmp_path).all_pinned() == {}


def test_an_operation_runs_as_root_by_sudo_with_its_stage_and_outlives_the_link(
    site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(300_000))
    script = 'touch "$PITSTOP_ROOT/begun"; sleep 1; cmp "$PITSTOP_STAGE/file" FILE && id -u'
    operation = Operation("run-1-1", 1, script.replace("FILE", str(file)), files=(StagedFile(file, "file"),))

    async def scene(driver: SshNodes) -> None:
        waiting = asyncio.create_task(driver.operate(site.node, operation, deadline=DEADLINE))
        while not (site.folder / "begun").exists():
            assert not waiting.done(), waiting
            await asyncio.sleep(0.02)
        await driver.close()  # breaks the link; it is made anew, and finds what goes on
        assert await waiting == Answer(0, "0\n")

    play(scene, tmp_path)
    assert (site.folder / "var/lib/pitstop-node").stat().st_uid == 0


def test_who_may_not_become_root_is_told_what_to_allow(site: Site, tmp_path: Path) -> None:
    async def scene(driver: SshNodes) -> None:
        with pytest.raises(StepFailed, match="sudo") as refused:
            await driver.ask(replace(site.node, user="guest"), "true", deadline=DEADLINE)
        assert "NOPASSWD" in refused.value.hint

    play(scene, tmp_path)


def test_a_key_with_a_passphrase_is_used_from_an_agent(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    key.write_bytes(site.machine.key.read_bytes())
    key.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "a long phrase", "-f", key], check=True)
    (tmp_path / "key.pub").write_bytes(site.machine.key.with_suffix(".pub").read_bytes())
    locked = replace(site.node, key=str(key))

    async def without(driver: SshNodes) -> None:
        with pytest.raises(Unreachable, match="has a passphrase") as refused:
            await driver.ask(locked, "true", deadline=DEADLINE)
        assert f"ssh-add {key}" in refused.value.hint

    async def empty(driver: SshNodes) -> None:
        with pytest.raises(Unreachable, match=r"does not hold the key for .*: it holds 0 key"):
            await driver.ask(replace(locked, agent="$PITSTOP_AGENT"), "true", deadline=DEADLINE)

    async def holding(driver: SshNodes) -> None:
        answer = await driver.ask(replace(locked, agent="$PITSTOP_AGENT"), "echo in", deadline=DEADLINE)
        assert answer == Answer(0, "in\n")

    play(without, tmp_path)
    with openssh.an_agent(tmp_path) as socket:
        monkeypatch.setenv("PITSTOP_AGENT", str(socket))
        play(empty, tmp_path)
        for mine in (site.machine.key, site.jump.key):
            subprocess.run(
                ["ssh-add", "-q", mine], env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True
            )
        play(holding, tmp_path)


def test_an_agent_that_is_not_there_is_said_by_its_socket(site: Site, tmp_path: Path) -> None:
    async def scene(driver: SshNodes) -> None:
        with pytest.raises(Unreachable, match=f"the SSH agent at {tmp_path}/none .* does not answer"):
            await driver.ask(replace(site.node, agent=f"{tmp_path}/none"), "true", deadline=DEADLINE)

    play(scene, tmp_path)


def test_the_test_of_a_node_says_the_way_and_whether_sudo_works(site: Site, tmp_path: Path) -> None:
    examiner = SshExaminer(FileHostKeys(tmp_path / "host-keys"))
    good = {check.name: check for check in examiner.examine(site.node, {}).checks}
    assert good["sudo"].passed
    assert f"through {site.jump.address}:22" in good["connects"].what
    assert good["programs"].passed
    refused = examiner.examine(replace(site.node, user="guest"), {}).checks[-1]
    assert (refused.name, refused.passed) == ("sudo", False)
    assert "NOPASSWD" in refused.remedy
