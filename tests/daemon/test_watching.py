"""The watched folder: what was seen is remembered from one look to the next."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitstop.daemon.watching import FolderWatch


def test_each_look_is_handed_what_the_last_one_gave_and_a_broken_one_changes_nothing() -> None:
    handed: list[dict[str, str]] = []

    def see(folder: Path, marks: dict[str, str]) -> dict[str, str]:
        assert folder == Path("/inbox")
        handed.append(marks)
        if len(handed) == 2:
            raise OSError("the medium was pulled out")
        return {"usb": str(len(handed))}

    watch = FolderWatch(see, Path("/inbox"))
    asyncio.run(watch.look())
    with pytest.raises(OSError, match="pulled out"):
        asyncio.run(watch.look())
    asyncio.run(watch.look())
    asyncio.run(watch.look())
    assert handed == [{}, {"usb": "1"}, {"usb": "1"}, {"usb": "3"}]
