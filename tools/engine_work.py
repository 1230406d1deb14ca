"""What ``make bench-engine`` has done on each node, whoever does it: five steps, three commands and two small
files. What a node looks like afterwards is held against what it must look like.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pitstop.model.system import Node

AT_ONCE = 8
"""Nodes in a batch; the next batch begins when all of this one are done."""

LOG = "log"


@dataclass(frozen=True)
class Command:
    """Run a program in the node's root."""

    words: tuple[str, ...]

    @property
    def shell(self) -> str:
        return shlex.join(self.words)


@dataclass(frozen=True)
class Put:
    """Have a file below the node's root, with this content and mode 644."""

    name: str
    content: str

    @property
    def shell(self) -> str:
        """The file is there whole or not at all."""
        new = f".{self.name}.new"
        put = f"printf %s {shlex.quote(self.content)} >{new}"
        return f"umask 022; {put} && chmod 644 {new} && mv {new} {self.name}"


def _noted(what: str) -> Command:
    return Command(("/bin/sh", "-c", f"echo {what} >>{LOG}"))


WORK: tuple[Command | Put, ...] = (
    _noted("begun"),
    Put("lamp.conf", "".join(f"setting{number} = value {number}\n" for number in range(20))),
    _noted("configured"),
    Put("lamp.service", "[Service]\nExecStart=/opt/lamp\nRestart=always\n"),
    _noted("done"),
)


class WorkUndone(Exception):
    """A node is not as the work leaves it: what was measured is not worth its figure."""


def check(nodes: Sequence[Node]) -> None:
    """Every node is as it must be, each step done once.

    Raises:
        WorkUndone
    """
    for node in nodes:
        root = Path(node.root)
        if (root / LOG).read_text() != "begun\nconfigured\ndone\n":
            raise WorkUndone(f"the log of {node.name} reads {(root / LOG).read_text()!r}")
        for item in WORK:
            if isinstance(item, Put) and (root / item.name).read_text() != item.content:
                raise WorkUndone(f"{item.name} on {node.name} is not what was put there")
