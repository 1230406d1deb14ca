"""How much may be collected: in bytes and in time, of one thing, of a node, and in all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pitstop.model.errors import NoSpace

SPARE = 512 << 20
"""Bytes that stay free on the disk whatever is collected: runs need them more."""
_LOOKED_EVERY = 16 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits, in bytes as they are collected, and in time.

    Attributes:
        thing: of one file, journal or output.
        node: of all of a node. whole: of all.
        each: how long one thing may take. long: how long the whole may take.
        hello: how long a node may take for its first answer.
        nodes_at_once: how many nodes are read at the same time.
    """

    thing: int = 64 << 20
    node: int = 512 << 20
    whole: int = 2 << 30
    each: timedelta = timedelta(minutes=5)
    long: timedelta = timedelta(minutes=30)
    hello: timedelta = timedelta(seconds=30)
    nodes_at_once: int = 8


class Purse:
    """Bytes that may still be taken, out of this and out of the one behind it."""

    def __init__(self, left: int, behind: Purse | None = None) -> None:
        self._left = left
        self._behind = behind

    @property
    def left(self) -> int:
        return self._left if self._behind is None else min(self._left, self._behind.left)

    def take(self, count: int) -> None:
        self._left -= count
        if self._behind is not None:
            self._behind.take(count)


class Room:
    """The free space of a folder, asked for now and then as bytes are written."""

    def __init__(self, folder: Path, spare: int = SPARE) -> None:
        self._folder = folder
        self._spare = spare
        self._until_asked = 0

    def require(self, count: int = 0) -> None:
        """Raises NoSpace: these bytes more would leave too little."""
        self._until_asked -= count
        if self._until_asked > 0:
            return
        self._until_asked = _LOOKED_EVERY
        free = shutil.disk_usage(self._folder).free
        if free < self._spare:
            raise NoSpace(
                f"{free} bytes are free in {self._folder}; {self._spare} must stay free",
                hint="Free space there, remove old log bundles, or ask for a shorter span.",
            )
