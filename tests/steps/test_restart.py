"""``restart``: done when the boot identity has changed, whoever cut the step short meanwhile."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from pitstop.model.errors import NodeNotBack, NodeNotRestarted, StepFailed
from simulators.clock import SimulatedClock

from .conftest import RUN, Bench, Play

IDENTITY = ["cat", "boot_id"]
RESTART = "echo order >>orders; echo second >boot_id; touch ready"
ARGS: dict[str, object] = {"run": ["sh", "-c", RESTART], "identity": IDENTITY}


def lay(bench: Bench) -> Path:
    """A node that was started once."""
    bench.clock = PatientClock()
    (bench.server.root / "boot_id").write_text("first\n")
    return bench.server.root


def orders(bench: Bench) -> int:
    file = bench.server.root / "orders"
    return len(file.read_text().split()) if file.exists() else 0


def note(bench: Bench) -> Path:
    return bench.server.root / "var/lib/pitstop-node/notes" / f"{RUN}-restart-1.1"


class PatientClock(SimulatedClock):
    """Waiting takes a little time: as much as the node needs for its part."""

    async def sleep_until(self, at: datetime) -> None:
        await asyncio.sleep(0.2)
        await super().sleep_until(at)


def test_a_node_is_restarted_and_waited_for(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        assert await bench.probe("restart", ARGS) is None
        done = await bench.act("restart", {**ARGS, "ready_when": ["test", "-e", "ready"]})
        assert done.output == "n1 was restarted and is ready"
        assert note(bench).read_text() == "first\n"
        assert bench.waits == ["node n1 to come back restarted"]
        assert await bench.probe("restart", ARGS) is not None
        assert orders(bench) == 1

    play(scene)


def test_what_was_restarted_already_is_not_restarted_again(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        await bench.act("restart", ARGS)
        await bench.act("restart", ARGS, attempt=2)
        assert orders(bench) == 1
        await bench.act(
            "restart", {**ARGS, "run": ["sh", "-c", "echo order >>orders; echo third >boot_id"]}, "2.1"
        )
        assert orders(bench) == 2, "another step of the plan restarts it for itself"

    play(scene)


def test_a_step_that_was_cut_short_before_its_order_restarts_the_node(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        note(bench).parent.mkdir(parents=True)
        note(bench).write_text("first\n")
        assert await bench.reattach("restart") is None
        assert await bench.probe("restart", ARGS) is None
        await bench.act("restart", ARGS, attempt=2)
        assert orders(bench) == 1

    play(scene)


def test_a_node_that_answers_and_was_not_restarted_is_named(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        bench.clock = SimulatedClock()
        with pytest.raises(NodeNotRestarted, match="node n1 answers, but was not restarted") as failed:
            await bench.act("restart", {**ARGS, "run": ["true"]})
        assert failed.value.code == "node-not-restarted"
        (bench.server.root / "boot_id").write_text("by hand\n")
        assert await bench.probe("restart", ARGS) is not None, "a restart by hand counts"

    play(scene)


def test_a_command_that_does_not_restart_the_node_fails_at_once(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        with pytest.raises(NodeNotRestarted, match=r"ended with status 3; held by backup"):
            await bench.act("restart", {**ARGS, "run": ["sh", "-c", "echo held by backup; exit 3"]})
        await bench.act("restart", ARGS, attempt=2)
        assert orders(bench) == 1

    play(scene)


def test_a_node_that_is_back_and_not_ready_says_what_lacks(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        root = lay(bench)
        await bench.act("restart", ARGS)
        bench.clock = SimulatedClock()
        never = {**ARGS, "ready_when": ["test", "-e", "never"]}
        with pytest.raises(StepFailed, match="test -e never does not end well on node n1"):
            await bench.act("restart", never, attempt=2)
        assert bench.waits[2].startswith("node n1 to be ready: test -e never does not end well")
        assert await bench.probe("restart", never) is None
        (root / "never").touch()
        assert await bench.probe("restart", never) is not None
        with pytest.raises(
            StepFailed, match="service lamp does not run on node n1: there is no service lamp"
        ):
            await bench.act("restart", {**ARGS, "services": ["lamp"]}, attempt=3)
        assert orders(bench) == 1

    play(scene)


def test_a_node_that_is_gone_after_its_restart_is_named(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        bench.clock = SimulatedClock()
        bench.on_wait = bench.server.unplug
        with pytest.raises(NodeNotBack, match="node n1 was restarted and is not back: node n1 at") as failed:
            await bench.act("restart", ARGS)
        assert "console" in failed.value.hint

    play(scene)


def test_a_node_that_does_not_tell_its_boot_identity_is_not_restarted(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(StepFailed, match="does not tell its boot identity"):
            await bench.act("restart", ARGS)
        with pytest.raises(StepFailed, match="does not tell its boot identity"):
            await bench.act("restart", {"run": ["true"]}, attempt=2)
        assert orders(bench) == 0

    play(scene)


def test_the_kernels_own_identity_is_read_below_the_nodes_root(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        file = bench.server.root / "proc/sys/kernel/random/boot_id"
        file.parent.mkdir(parents=True)
        file.write_text("first\n")
        bench.clock = PatientClock()
        await bench.act("restart", {"run": ["sh", "-c", f"echo second >{file}"]})
        assert note(bench).read_text() == "first\n"

    play(scene)
