"""What every NodeDriver must hold to: subclass this with a ``bench`` that brings a driver and a node.

The scripts are written so that the simulator can play them: see :class:`Bench`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

import pytest

from pitstop.model.errors import EpochLost, Unreachable
from pitstop.model.system import Node
from pitstop.ports.nodes import Answer, NodeDriver, Operation

DEADLINE = timedelta(seconds=20)
RUN = "7b0c4a1e-0000-4000-8000-000000000001"


class Bench(Protocol):
    """A node with drivers for it.

    The scripts that a bench knows, each but ``HOLD`` ends at once: ``SAY`` says ``hello`` and ends with 0;
    ``FAIL`` says ``no`` and ends with 3; ``HOLD`` runs until :meth:`release`, then says ``released``.
    """

    SAY: str
    FAIL: str
    HOLD: str

    @property
    def node(self) -> Node: ...

    @property
    def driver(self) -> NodeDriver: ...

    def another_driver(self) -> NodeDriver:
        """As another worker has it, or the same worker in another life."""

    def release(self) -> None: ...

    def starts(self, operation: str) -> int:
        """How often the operation was really begun on the node."""

    async def unplug(self) -> None: ...

    async def plug(self) -> None: ...

    async def restart_node(self) -> None:
        """The machine restarts: what runs there ends without a trace."""


OpenBench = Callable[[], AbstractAsyncContextManager[Bench]]


def operation(name: str, script: str, epoch: int = 1) -> Operation:
    return Operation(f"{RUN}-{name}", epoch, script)


async def begun(bench: Bench, name: str) -> None:
    """Come back when the operation has begun."""
    async with asyncio.timeout(DEADLINE.total_seconds()):
        while not bench.starts(f"{RUN}-{name}"):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.01)


class NodeDriverContract:
    """The rules of the port; ``bench`` is a fixture that gives a way to open one."""

    def run(self, bench: OpenBench, scene: Callable[[Bench], Awaitable[None]]) -> None:
        async def play() -> None:
            async with bench() as opened:
                await scene(opened)

        asyncio.run(play())

    def test_a_question_is_answered_with_status_and_output(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            assert await bench.driver.ask(bench.node, bench.SAY, deadline=DEADLINE) == Answer(0, "hello\n")
            assert await bench.driver.ask(bench.node, bench.FAIL, deadline=DEADLINE) == Answer(3, "no\n")

        self.run(bench, scene)

    def test_an_operation_is_begun_and_its_end_told(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            good = await bench.driver.operate(bench.node, operation("1-1", bench.SAY), deadline=DEADLINE)
            bad = await bench.driver.operate(bench.node, operation("2-1", bench.FAIL), deadline=DEADLINE)
            assert (good, bad) == (Answer(0, "hello\n"), Answer(3, "no\n"))

        self.run(bench, scene)

    def test_a_known_operation_is_never_begun_again(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            once = operation("1-1", bench.SAY)
            for driver in (bench.driver, bench.driver, bench.another_driver()):
                assert await driver.operate(bench.node, once, deadline=DEADLINE) == Answer(0, "hello\n")
            assert bench.starts(once.id) == 1

        self.run(bench, scene)

    def test_two_at_once_begin_it_once(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            once = operation("1-1", bench.SAY)
            drivers = (bench.driver, bench.driver, bench.another_driver())
            answers = await asyncio.gather(
                *(driver.operate(bench.node, once, deadline=DEADLINE) for driver in drivers)
            )
            assert set(answers) == {Answer(0, "hello\n")}
            assert bench.starts(once.id) == 1

        self.run(bench, scene)

    def test_an_operation_outlives_the_worker_that_began_it(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            held = operation("1-1", bench.HOLD)
            worker = asyncio.create_task(bench.driver.operate(bench.node, held, deadline=DEADLINE))
            await begun(bench, "1-1")
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            later = asyncio.create_task(
                bench.another_driver().attach(bench.node, held.id, epoch=2, deadline=DEADLINE)
            )
            await asyncio.sleep(0.1)
            assert not later.done()
            bench.release()
            assert await later == Answer(0, "released\n")
            assert bench.starts(held.id) == 1

        self.run(bench, scene)

    def test_an_end_is_told_again_and_again(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            done = operation("1-1", bench.FAIL)
            await bench.driver.operate(bench.node, done, deadline=DEADLINE)
            for epoch in (1, 2):
                answer = await bench.driver.attach(bench.node, done.id, epoch=epoch, deadline=DEADLINE)
                assert answer == Answer(3, "no\n")

        self.run(bench, scene)

    def test_what_was_never_begun_is_unknown(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            assert await bench.driver.attach(bench.node, f"{RUN}-9-1", epoch=1, deadline=DEADLINE) is None

        self.run(bench, scene)

    def test_what_was_cut_short_is_said_so(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            held = operation("1-1", bench.HOLD)
            worker = asyncio.create_task(bench.driver.operate(bench.node, held, deadline=DEADLINE))
            await begun(bench, "1-1")
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            await bench.restart_node()
            driver = bench.another_driver()
            assert await driver.attach(bench.node, held.id, epoch=2, deadline=DEADLINE) is None
            assert bench.starts(held.id) == 1

        self.run(bench, scene)

    def test_a_stale_worker_begins_nothing(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            await bench.driver.attach(bench.node, f"{RUN}-1-1", epoch=5, deadline=DEADLINE)
            stale = operation("1-1", bench.SAY, epoch=4)
            with pytest.raises(EpochLost, match="epoch 5"):
                await bench.another_driver().operate(bench.node, stale, deadline=DEADLINE)
            with pytest.raises(EpochLost):
                await bench.driver.attach(bench.node, stale.id, epoch=4, deadline=DEADLINE)
            with pytest.raises(EpochLost):
                await bench.driver.abandon(bench.node, stale.id, epoch=4)
            assert bench.starts(stale.id) == 0

        self.run(bench, scene)

    def test_an_abandoned_operation_ends(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            held = operation("1-1", bench.HOLD)
            worker = asyncio.create_task(bench.driver.operate(bench.node, held, deadline=DEADLINE))
            await begun(bench, "1-1")
            await bench.driver.abandon(bench.node, held.id, epoch=1)
            await asyncio.gather(worker, return_exceptions=True)
            answer = await bench.driver.attach(bench.node, held.id, epoch=1, deadline=DEADLINE)
            assert answer is None or answer.status != 0

        self.run(bench, scene)

    def test_a_new_attempt_takes_the_place_of_one_that_still_runs(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            first = asyncio.create_task(
                bench.driver.operate(bench.node, operation("1.2-1", bench.HOLD), deadline=DEADLINE)
            )
            other = asyncio.create_task(
                bench.driver.operate(bench.node, operation("1.20-1", bench.HOLD), deadline=DEADLINE)
            )
            await begun(bench, "1.2-1")
            await begun(bench, "1.20-1")
            again = await bench.driver.operate(bench.node, operation("1.2-2", bench.SAY), deadline=DEADLINE)
            assert again == Answer(0, "hello\n")
            await asyncio.wait({first})
            assert not other.done(), "another step is left alone"
            bench.release()
            assert await other == Answer(0, "released\n")
            await asyncio.gather(first, return_exceptions=True)
            assert bench.starts(f"{RUN}-1.2-1") == bench.starts(f"{RUN}-1.2-2") == 1

        self.run(bench, scene)

    def test_to_abandon_what_is_unknown_or_ended_is_no_harm(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            done = operation("1-1", bench.SAY)
            await bench.driver.operate(bench.node, done, deadline=DEADLINE)
            await bench.driver.abandon(bench.node, done.id, epoch=1)
            assert await bench.driver.abandon(bench.node, f"{RUN}-9-1", epoch=1) == ""
            answer = await bench.driver.attach(bench.node, done.id, epoch=1, deadline=DEADLINE)
            assert answer == Answer(0, "hello\n")

        self.run(bench, scene)

    def test_a_deadline_ends_the_wait_and_not_the_operation(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            held = operation("1-1", bench.HOLD)
            with pytest.raises(Unreachable, match=bench.node.name):
                await bench.driver.operate(bench.node, held, deadline=timedelta(seconds=1))
            bench.release()
            answer = await bench.driver.attach(bench.node, held.id, epoch=1, deadline=DEADLINE)
            assert answer == Answer(0, "released\n")

        self.run(bench, scene)

    def test_a_node_out_of_reach_is_named(self, bench: OpenBench) -> None:
        async def scene(bench: Bench) -> None:
            await bench.unplug()
            with pytest.raises(Unreachable, match=bench.node.name):
                await bench.driver.ask(bench.node, bench.SAY, deadline=DEADLINE)
            with pytest.raises(Unreachable, match=bench.node.name):
                await bench.driver.operate(bench.node, operation("1-1", bench.SAY), deadline=DEADLINE)
            await bench.plug()
            assert bench.starts(f"{RUN}-1-1") == 0
            assert await bench.driver.ask(bench.node, bench.SAY, deadline=DEADLINE) == Answer(0, "hello\n")

        self.run(bench, scene)
