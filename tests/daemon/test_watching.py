"""The watched folder and bucket: what was seen is remembered from one look to the next."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

import pytest

from pitstop.daemon.watching import Watch


def test_each_look_is_handed_what_the_last_one_gave_and_a_broken_one_changes_nothing() -> None:
    handed: list[Mapping[str, str]] = []

    def see(marks: Mapping[str, str]) -> Mapping[str, str]:
        handed.append(marks)
        if len(handed) == 2:
            raise OSError("the medium was pulled out")
        return {"usb": str(len(handed))}

    watch = Watch(see)
    asyncio.run(watch.look())
    with pytest.raises(OSError, match="pulled out"):
        asyncio.run(watch.look())
    asyncio.run(watch.look())
    asyncio.run(watch.look())
    assert handed == [{}, {"usb": "1"}, {"usb": "1"}, {"usb": "3"}]


def test_a_look_that_comes_while_another_goes_on_does_nothing() -> None:
    looks: list[Mapping[str, str]] = []
    may_end = threading.Event()

    def see(marks: Mapping[str, str]) -> Mapping[str, str]:
        looks.append(marks)
        assert may_end.wait(10)
        return {"usb": "1"}

    async def both() -> None:
        watch = Watch(see)
        first = asyncio.create_task(watch.look())
        await asyncio.sleep(0)
        await watch.look()
        may_end.set()
        await first
        await watch.look()

    asyncio.run(both())
    assert looks == [{}, {"usb": "1"}]
