"""Nodes of the rack restarted by the engine: real processes, and workers that are killed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

import rack
from engine.bench import EARLY, RELEASE, RUN, NoHttp, no_feed
from pitstop.daemon.clock import MachineClock
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.expansion import expand, group, numbered
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, RunTree, Step, StepStatus
from pitstop.model.system import SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.nodes.declared import read_system
from pitstop.nodes.host_keys import HostKeys
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.payloads import FilePayloads
from rack import Rack
from simulators.journal import MemoryJournal

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("restarts")]

ORDERS = "var/log/orders"
LANTERN = "opt/lantern/bin/lanternctl"


def restart(command: str = f"echo order >>{ORDERS}; reboot", seconds: int = 60) -> PlanStep:
    args = {"run": ["sh", "-c", command], "identity": ["cat", "run/boot_id"], "services": ["lantern"]}
    return PlanStep("Restart", "restart", args=args, deadline=timedelta(seconds=seconds))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    folder = tmp_path_factory.mktemp("pair")
    rack.make(folder, rack.default_nodes(2))
    with rack.running(folder) as made:
        yield made


@dataclass
class Scene:
    """A run over the rack, in a journal that outlives its workers."""

    made: Rack
    folder: Path
    items: tuple[PlanStep | PlanGroup, ...]
    journal: MemoryJournal = field(default_factory=lambda: MemoryJournal([RELEASE]))
    clock: MachineClock = field(default_factory=MachineClock)

    def __post_init__(self) -> None:
        self.system: SystemDescription = read_system(self.made.system_file)
        early = [group(phase, [], phase=phase) for phase in EARLY]
        install = group("Install", expand(Plan("restart", self.items), self.system), phase=Phase.INSTALL)
        now = self.clock.now()
        run = Run(RUN, RELEASE.name, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, now, "operator")
        self.journal.create(run, tuple(numbered([*early, install])), expected=UpdateState.READY)
        for node in self.made.nodes:
            (node.root / ORDERS).unlink(missing_ok=True)
            # Nodes know a run's operations and the newest epoch for ever; each scene begins anew.
            shutil.rmtree(node.root / "var/lib/pitstop-node", ignore_errors=True)
        self.boots = self.boot_ids()

    async def drive(self) -> RunTree:
        nodes = SshNodes(HostKeys(self.folder / "host-keys"))
        payloads = FilePayloads(self.folder)

        def world() -> World:
            return World(self.system, nodes, NoHttp(), payloads, no_feed, self.clock)

        try:
            await Driver(self.journal, KINDS, world, Progress(), "worker").drive(RUN)
        finally:
            await nodes.close()
        return self.tree()

    def driven(self) -> RunTree:
        return asyncio.run(self.drive())

    def tree(self) -> RunTree:
        return self.journal.load(RUN)

    def steps(self) -> list[Step]:
        return [leaf for leaf in self.tree().leaves() if leaf.kind == "restart"]

    async def until_waiting(self) -> None:
        while self.steps()[0].status is not StepStatus.WAITING:  # noqa: ASYNC110 - the journal tells nobody
            await asyncio.sleep(0.02)

    def boot_ids(self) -> list[str]:
        return [(node.root / "run/boot_id").read_text() for node in self.made.nodes]

    def restarted(self) -> list[bool]:
        return [before != now for before, now in zip(self.boots, self.boot_ids(), strict=True)]

    def orders(self) -> list[int]:
        files = [node.root / ORDERS for node in self.made.nodes]
        return [len(file.read_text().split()) if file.exists() else 0 for file in files]


def first_node(*steps: PlanStep) -> PlanGroup:
    return PlanGroup("first", GroupMode.ROLLING, steps, role="controller")


def test_nodes_are_restarted_one_after_the_other_and_put_back_when_they_are_ready(
    pair: Rack, tmp_path: Path
) -> None:
    drain = Drain((LANTERN, "drain"), (LANTERN, "undrain"), (LANTERN, "drained"))
    scene = Scene(
        pair, tmp_path, (PlanGroup("roll", GroupMode.ROLLING, (restart(),), role="*", drain=drain),)
    )
    tree = scene.driven()
    assert tree.run.state is RunState.SUCCEEDED, tree.run.finding
    assert scene.restarted() == [True, True]
    assert scene.orders() == [1, 1]
    waits = [line.text for line in scene.journal.history(RUN) if line.kind == "step-waited"]
    assert any("node n1 to come back restarted" in text for text in waits), waits
    assert [step.output for step in scene.steps()] == [f"n{n} was restarted and is ready" for n in (1, 2)]


def test_a_worker_that_was_killed_while_the_node_was_down_leaves_it_to_the_next(
    pair: Rack, tmp_path: Path
) -> None:
    scene = Scene(pair, tmp_path, (first_node(restart()),))

    async def killed_then_taken_over() -> RunTree:
        first = asyncio.create_task(scene.drive())
        await scene.until_waiting()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        waiting = scene.steps()[0].waiting
        assert waiting is not None
        assert waiting.reason == "node n1 to come back restarted"
        assert timedelta(seconds=40) < waiting.until - waiting.since < timedelta(seconds=60)
        return await scene.drive()

    tree = asyncio.run(killed_then_taken_over())
    assert tree.run.state is RunState.SUCCEEDED, tree.run.finding
    assert scene.restarted()[0]
    assert scene.orders()[0] == 1
    assert scene.steps()[0].attempt == 1, "it was gone on with, not begun again"


def test_a_node_that_does_not_come_back_is_named_and_not_restarted_again(pair: Rack, tmp_path: Path) -> None:
    scene = Scene(pair, tmp_path, (first_node(restart(f"echo order >>{ORDERS}; sleep 60", seconds=6)),))

    async def power_lost() -> RunTree:
        driving = asyncio.create_task(scene.drive())
        await scene.until_waiting()
        await asyncio.sleep(1.5)
        await asyncio.to_thread(rack.unplug, scene.made.folder, "n1")
        return await driving

    tree = asyncio.run(power_lost())
    assert tree.run.finding is not None
    assert tree.run.finding.code == "node-not-back"
    assert "console" in tree.run.finding.remedy
    rack.plug(scene.made.folder, "n1")
    scene.journal.resume(RUN, "operator", scene.clock.now())
    tree = scene.driven()
    assert tree.run.state is RunState.SUCCEEDED, tree.run.finding
    assert scene.orders()[0] == 1
