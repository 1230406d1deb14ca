"""``ansible`` through a jump host: real Ansible, OpenSSH's servers, a node that nothing else has a way to."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from pitstop.daemon.clock import MachineClock
from pitstop.model.errors import HostKeyChanged
from pitstop.model.system import Become, JumpHost, Node
from pitstop.nodes.ansible import AnsibleRunner
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import Done, StepContext
from pitstop.steps.table import KINDS
from simulators import openssh
from simulators.host_keys import FileHostKeys
from simulators.openssh import Machine
from simulators.ssh_server import make_key

from .conftest import Content, NodeBench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("openssh"),
    pytest.mark.skipif(bool(openssh.missing()), reason=openssh.missing() or "all is there"),
]
WHO = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Say who
      ansible.builtin.shell: (id -un; echo "$SUDO_USER") >"{{ pitstop_root }}/who"
"""
SLEEPS = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Sleep long
      ansible.builtin.shell: sleep 87656 & sleep 87655
"""


@dataclass
class Site:
    """The node as ``operator`` who becomes root, behind a jump host for ``guest`` with another key."""

    jump: Machine
    machine: Machine
    folder: Path
    root: Path
    runner: Callable[[FileHostKeys], AnsibleRunner]
    steps: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def node(self) -> Node:
        key = self.folder / "a key of the jump host's"
        return Node(
            "n_1",
            self.machine.address,
            user="operator",
            key=str(self.machine.key),
            host_key=self.machine.host_line,
            root=str(self.root),
            jump=(JumpHost(self.jump.address, 22, "guest", str(key), self.jump.host_line),),
            become=Become.SUDO,
        )

    @property
    def others(self) -> tuple[Node, ...]:
        """A node behind the same jump host, which is signed in to as it is itself."""
        jump = JumpHost(self.jump.address, host_key=self.jump.host_line)
        return (replace(self.node, name="a", user="nobody", jump=(jump,)),)

    def play(self, node: Node, playbook: str, tmp_path: Path, does: Does | None = None) -> Done | None:
        content = Content(tmp_path / "content")
        content.add("play/site.yml", playbook.encode())
        keys = FileHostKeys(tmp_path / "host-keys")

        async def run() -> Done | None:
            driver = SshNodes(keys)
            bench = NodeBench(driver, content, node, deadline=timedelta(seconds=60))
            context = bench.context("ansible", index=f"1.{next(self.steps)}")
            system = replace(context.world.system, nodes=(*self.others, node))
            world = replace(context.world, system=system, playbooks=self.runner(keys), clock=MachineClock())
            try:
                return await (does or act)(replace(context, world=world))
            finally:
                await driver.close()

        return asyncio.run(run())

    def who(self) -> list[str]:
        return (self.root / "who").read_text().splitlines()


Does = Callable[[StepContext], Awaitable[Done | None]]


async def act(context: StepContext) -> Done:
    kind = KINDS["ansible"]
    return await kind.act(context, kind.read({"playbook": "play/site.yml"}, "here"))


@pytest.fixture(scope="module")
def site(ansible_wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with openssh.folder_for_all() as folder, openssh.behind_a_jump_host(folder) as (jump, machine):
        own = folder / "a key of the jump host's"
        own.write_bytes(jump.key.read_bytes())
        own.chmod(0o600)
        root = folder / "root"
        root.mkdir(mode=0o700)
        environments = tmp_path_factory.mktemp("environments")
        yield Site(
            jump, machine, folder, root, lambda keys: AnsibleRunner(environments, keys, ansible_wheels)
        )


def test_a_playbook_comes_to_a_node_that_only_a_jump_host_has_a_way_to(site: Site, tmp_path: Path) -> None:
    done = site.play(site.node, WHO, tmp_path)
    assert done is not None
    assert "changed     n_1  Say who" in done.output
    assert site.who() == ["root", "operator"]
    assert "Accepted publickey for guest" in site.jump.log.read_text()
    far_side = site.machine.address.rpartition(".")[0] + ".1"
    assert f"Accepted publickey for operator from {far_side}" in site.machine.log.read_text()


def test_keys_that_only_an_agent_has_open_every_hop(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jump = replace(site.node.jump[0], key="")
    node = replace(site.node, key="", agent="$PITSTOP_AGENT", jump=(jump,))
    (site.root / "who").unlink(missing_ok=True)
    with openssh.an_agent(tmp_path) as socket:
        monkeypatch.setenv("PITSTOP_AGENT", str(socket))
        for mine in (site.machine.key, site.jump.key):
            words = ["ssh-add", "-q", str(mine)]
            subprocess.run(words, env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True)
        site.play(node, WHO, tmp_path)
    assert site.who() == ["root", "operator"]


def test_another_key_of_the_jump_host_is_the_failure_that_it_is_for_every_step(
    site: Site, tmp_path: Path
) -> None:
    jump = replace(site.node.jump[0], host_key=make_key(tmp_path / "other"))
    (site.root / "who").unlink(missing_ok=True)
    with pytest.raises(
        HostKeyChanged, match=r"jump host .* shows another host key than the pinned"
    ) as changed:
        site.play(replace(site.node, jump=(jump,)), WHO, tmp_path)
    assert "unreachable n_1  Say who" in changed.value.__notes__[0]
    assert not (site.root / "who").exists()


def test_a_play_through_a_jump_host_that_is_cut_off_leaves_nothing_running(
    site: Site, tmp_path: Path
) -> None:
    async def cut_off(context: StepContext) -> None:
        playing = asyncio.ensure_future(act(context))
        end = time.monotonic() + 60
        while "sleep 87656" not in running():
            assert time.monotonic() < end
            assert not playing.done(), playing.result()
            await asyncio.sleep(0.2)
        playing.cancel()
        await asyncio.wait({playing})
        assert playing.cancelled()

    site.play(site.node, SLEEPS, tmp_path, cut_off)
    left = running()
    assert "sleep 8765" not in left
    assert "pitstop-play-" not in left


def running() -> str:
    """All processes: namespaces of the network have no others of their own."""
    return subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
