"""What is done now and then goes on, whatever breaks in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.daemon.watching import tidy_for_ever, watch_for_ever
from simulators.clock import SimulatedClock

EVERY = timedelta(seconds=30)


class Enough(BaseException):
    """Ends what goes on for ever."""


def test_each_look_is_handed_what_the_last_one_gave_and_a_broken_one_changes_nothing() -> None:
    handed: list[dict[str, str]] = []

    def look(folder: Path, marks: dict[str, str]) -> dict[str, str]:
        assert folder == Path("/inbox")
        handed.append(marks)
        if len(handed) == 2:
            raise OSError("the medium was pulled out")
        if len(handed) == 4:
            raise Enough
        return {"usb": str(len(handed))}

    clock = SimulatedClock()
    with pytest.raises(Enough):
        asyncio.run(watch_for_ever(look, Path("/inbox"), EVERY, clock))
    assert handed == [{}, {"usb": "1"}, {"usb": "1"}, {"usb": "3"}]
    assert clock.slept == [EVERY] * 3


def test_tidying_begins_at_the_start_and_goes_on_after_a_break() -> None:
    times = 0

    def tidy() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise OSError("no permission")
        if times == 3:
            raise Enough

    clock = SimulatedClock()
    with pytest.raises(Enough):
        asyncio.run(tidy_for_ever(tidy, EVERY, clock))
    assert clock.slept == [EVERY] * 2
