"""Deadlines are not used up in a queue of our own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from pitstop.ports.deadlines import Deadline, waiting_for_a_turn

SHORT = timedelta(milliseconds=60)
LONGER = 0.15


def test_a_deadline_ends_what_takes_too_long() -> None:
    async def scene() -> None:
        deadline = Deadline(SHORT)
        with pytest.raises(TimeoutError):
            async with deadline:
                await asyncio.sleep(20)
        assert deadline.expired()

    asyncio.run(scene())


def test_it_stands_still_while_one_waits_for_ones_turn_and_goes_on_after() -> None:
    passed = list[str]()

    async def waits_then_takes_too_long() -> None:
        async with Deadline(timedelta(seconds=20)), Deadline(SHORT):
            with waiting_for_a_turn():
                await asyncio.sleep(LONGER)
            passed.append("its turn")
            await asyncio.sleep(20)

    with pytest.raises(TimeoutError):
        asyncio.run(waits_then_takes_too_long())
    assert passed == ["its turn"]


def test_it_stands_still_for_the_tasks_inside_too() -> None:
    async def waits(seconds: float) -> None:
        with waiting_for_a_turn():
            await asyncio.sleep(seconds)

    async def scene() -> bool:
        deadline = Deadline(SHORT)
        async with deadline:
            await asyncio.gather(waits(LONGER), waits(LONGER / 3), waits(0))
        return deadline.expired()

    assert asyncio.run(scene()) is False


def test_who_still_waits_when_the_block_is_left_does_no_harm() -> None:
    async def waits(begun: asyncio.Event) -> None:
        with waiting_for_a_turn():
            begun.set()
            await asyncio.sleep(LONGER)

    async def scene() -> None:
        begun = asyncio.Event()
        async with Deadline(SHORT):
            task = asyncio.create_task(waits(begun))
            await begun.wait()
        await task

    asyncio.run(scene())


def test_who_waits_for_a_turn_past_the_deadline_does_no_harm() -> None:
    async def tidies_up_in_turn() -> None:
        async with Deadline(SHORT):
            try:
                await asyncio.sleep(20)
            finally:
                with waiting_for_a_turn():
                    await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        asyncio.run(tidies_up_in_turn())
