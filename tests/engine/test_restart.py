"""Nodes of the rack restarted by the engine: real processes, and workers that are killed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import rack
from engine.bench import RUN
from engine.on_rack import ORDERS, Scene
from pitstop.model.plans import Drain, GroupMode, PlanGroup, PlanStep
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState
from rack import Rack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("restarts")]

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


@pytest.mark.parametrize("forgets", [False, True])
def test_a_worker_that_was_killed_while_the_node_was_down_leaves_it_to_the_next(
    pair: Rack, tmp_path: Path, *, forgets: bool
) -> None:
    """``forgets``: the node went down so hard that it knows nothing of the operation any more."""
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
        if forgets:
            while not scene.restarted()[0]:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.05)
            shutil.rmtree(pair.nodes[0].root / "var/lib/pitstop-node/operations")
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
