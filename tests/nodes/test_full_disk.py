"""A node whose disk is full: how an operation has ended is known even where it has filled the disk itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from crash.disks import can_mount, small_disk
from crash.local_nodes import LocalNodes
from pitstop.model.system import Node
from pitstop.ports.nodes import Answer, Operation

DEADLINE = timedelta(seconds=30)
FILL = "dd if=/dev/zero of=filler bs=4096 2>/dev/null; ! echo more >more"


@pytest.mark.skipif(not can_mount(), reason="only root can make a disk that is soon full")
def test_the_end_of_an_operation_has_its_room_beforehand(tmp_path: Path) -> None:
    async def scene() -> Answer:
        node = Node("n1", "127.0.0.1", root=str(tmp_path))
        return await LocalNodes().operate(node, Operation("run-1-1", 1, FILL), deadline=DEADLINE)

    with small_disk(tmp_path, 1):
        assert asyncio.run(scene()).status == 0
