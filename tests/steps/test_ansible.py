"""``ansible``: real Ansible, in an environment made offline, on a real Debian."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import machines
from machines import Machine, Role
from pitstop.daemon.clock import MachineClock
from pitstop.model.errors import InvalidPlan, PlaybookFailed
from pitstop.model.inner_steps import InnerStatus, InnerStep
from pitstop.model.system import Node
from pitstop.nodes.ansible import AnsibleRunner
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import Done, StepContext
from pitstop.steps.table import KINDS
from simulators.host_keys import FileHostKeys
from simulators.real_machines import require_machines

from .conftest import Content, NodeBench

pytestmark = pytest.mark.slow

PLAYBOOK = """\
- hosts: host
  gather_facts: false
  tasks:
    - name: Say so
      ansible.builtin.copy: { content: "{{ said }}\\n", dest: /etc/said }
    - name: Of a role
      ansible.builtin.include_role: { name: northstar.lamp.lit }
"""
ROLE = """\
- name: Light the lamp
  ansible.builtin.copy: { content: "lit\\n", dest: /etc/lit }
"""
FAILS = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: First
      ansible.builtin.copy: { content: "first\\n", dest: /etc/first }
    - name: Only where there is oil
      ansible.builtin.command: test -e /etc/oil
      changed_when: false
"""
SLEEPS = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Sleep long
      ansible.builtin.shell: sleep 98765 & sleep 98764
"""
GALAXY = "namespace: northstar\nname: lamp\nversion: 1.0.0\nreadme: README.md\nauthors: [Northstar]\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Machine]]:
    require_machines()
    with machines.running(tmp_path_factory.mktemp("pair") / "m", [Role("n1"), Role("n2")]) as made:
        yield made


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments")


class Scene:
    """The step on one of two nodes."""

    def __init__(self, pair: list[Machine], folder: Path, environments: Path, wheels: Path) -> None:
        self.pair = pair
        self.content = Content(folder / "content")
        self.keys = FileHostKeys(folder / "host-keys")
        self.runner = AnsibleRunner(environments, self.keys, wheels)
        self.inner: list[InnerStep] = []
        self.seen: list[InnerStep] = []
        self.attempt = 0
        self.deadline = timedelta(seconds=120)
        for machine in pair:
            machine.run(
                "rm", "-rf", "/var/lib/pitstop-node", "/etc/said", "/etc/lit", "/etc/first", "/etc/oil"
            )

    def bring(self, playbook: str) -> None:
        self.content.add("play/site.yml", playbook.encode())
        collection = "play/collections/ansible_collections/northstar/lamp"
        self.content.add(f"{collection}/galaxy.yml", GALAXY.encode())
        self.content.add(f"{collection}/roles/lit/tasks/main.yml", ROLE.encode())

    def do(self, what: Callable[[StepContext], Awaitable[Done | None]], node: int = 0) -> Done | None:
        async def run() -> Done | None:
            key = str(self.pair[0].storage.parent / "operator")
            nodes = [
                Node(m.name, m.address, key=key, host_key=m.host_key, roles=m.asked.roles) for m in self.pair
            ]
            driver = SshNodes(self.keys)
            self.inner.clear()
            bench = NodeBench(
                driver, self.content, nodes[node], inner=self.inner, seen=self.seen, deadline=self.deadline
            )
            context = bench.context("ansible", attempt=self.attempt)
            system = replace(context.world.system, nodes=tuple(nodes))
            world = replace(context.world, system=system, playbooks=self.runner, clock=MachineClock())
            try:
                return await what(replace(context, world=world))
            finally:
                await driver.close()

        return asyncio.run(run())

    def play(self, node: int = 0, **variables: object) -> Done:
        self.attempt += 1
        kind = KINDS["ansible"]
        args = kind.read({"playbook": "play/site.yml", "variables": variables}, "here")
        done = self.do(lambda context: kind.act(context, args), node)
        assert done is not None
        return done

    def is_done(self, **variables: object) -> bool:
        kind = KINDS["ansible"]
        args = kind.read({"playbook": "play/site.yml", "variables": variables}, "here")
        return self.do(lambda context: kind.probe(context, args)) is not None

    def runs(self, what: str, node: int = 0) -> bool:
        return what in self.pair[node].run("ps", "axww")


@pytest.fixture
def scene(pair: list[Machine], tmp_path: Path, environments: Path, ansible_wheels: Path) -> Scene:
    return Scene(pair, tmp_path, environments, ansible_wheels)


def test_a_playbook_is_played_on_its_node_alone_and_check_mode_says_what_is_left(scene: Scene) -> None:
    scene.bring(PLAYBOOK)
    assert not scene.is_done(said="hello")
    assert not (scene.pair[0].root / "etc/said").exists(), "check mode changes nothing"
    done = scene.play(said="hello")
    assert done.output.splitlines()[0] == "changed     n1  Say so"
    assert "changed     n1  Light the lamp" in done.output
    assert [(task.name, task.node, task.status, task.said) for task in scene.inner] == [
        ("Say so", "n1", InnerStatus.SUCCEEDED, "changed"),
        ("Of a role", "n1", InnerStatus.SUCCEEDED, "ok"),
        ("Light the lamp", "n1", InnerStatus.SUCCEEDED, "changed"),
    ]
    assert all(task.ended is not None and task.ended >= task.started for task in scene.inner)
    assert (scene.pair[0].root / "etc/said").read_text() == "hello\n"
    assert (scene.pair[0].root / "etc/lit").read_text() == "lit\n"
    assert not (scene.pair[1].root / "etc/said").exists()
    assert scene.is_done(said="hello")


def test_a_playbook_that_fails_on_one_host_says_where_and_goes_on_there_once_it_is_mended(
    scene: Scene,
) -> None:
    scene.bring(FAILS)
    with pytest.raises(PlaybookFailed, match="task 'Only where there is oil' on n2 failed") as failed:
        scene.play(1)
    assert "changed     n2  First" in failed.value.__notes__[0]
    first, second = scene.inner
    assert (first.name, first.said) == ("First", "changed")
    assert (second.name, second.status) == ("Only where there is oil", InnerStatus.FAILED)
    assert second.said.startswith("failed: ")
    assert not (scene.pair[0].root / "etc/first").exists()
    (scene.pair[1].root / "etc/oil").touch()
    assert "ok          n2  First" in scene.play(1).output


def test_a_play_that_is_cut_off_leaves_nothing_running(scene: Scene) -> None:
    scene.bring(SLEEPS)
    kind = KINDS["ansible"]
    args = kind.read({"playbook": "play/site.yml"}, "here")
    scene.attempt = 1

    async def cut_off(context: StepContext) -> None:
        playing = asyncio.ensure_future(kind.act(context, args))
        end = time.monotonic() + 60
        while not await asyncio.to_thread(scene.runs, "sleep 98765"):
            assert time.monotonic() < end
            assert not playing.done(), playing.result()
            await asyncio.sleep(0.2)
        playing.cancel()
        await asyncio.wait({playing})
        assert playing.cancelled()

    scene.do(cut_off)
    assert not scene.runs("sleep 9876")
    assert ("Sleep long", InnerStatus.IN_PROGRESS) in [(task.name, task.status) for task in scene.seen]
    own = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    assert "pitstop-play-" not in own


def test_what_cannot_be_played_is_said(scene: Scene) -> None:
    scene.bring("- hosts: [all\n")
    with pytest.raises(PlaybookFailed, match="the playbook has not come to its end"):
        scene.play()
    args = KINDS["ansible"].read({"playbook": "other/site.yml"}, "here")
    with pytest.raises(InvalidPlan, match="'other' is not in the package's content"):
        scene.do(lambda context: KINDS["ansible"].act(context, args))
