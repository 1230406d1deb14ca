"""Acting on nodes: questions that change nothing, and operations that are done under an id and an epoch.

An operation is started detached on the node and outlives the connection and the service. The node keeps
the highest epoch it has seen and refuses a lower one; an operation that it knows is attached to, never
started again. Adapter: :mod:`pitstop.nodes.ssh`; simulator: ``tests/simulators/nodes.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from pitstop.model.system import Node


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said. ``output`` is standard output and error together, the last 64 KiB of it."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file to lie in the operation's folder on the node before it starts, under ``name`` (relative)."""

    source: Path
    name: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Share:
    """Of the way to the nodes: bytes a second, for all operations that name the same share together."""

    name: str
    per_second: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Something to do on a node.

    Attributes:
        id: known to the node for ever; letters, digits, dots and dashes. What follows the last dash counts
            the attempts: an earlier attempt that still runs is ended before a new one begins.
        epoch: the fencing number of the worker that acts.
        script: POSIX shell text, run by ``/bin/sh`` in the node's root folder as working directory, with
            ``PITSTOP_ROOT`` (the node's root, without a trailing slash; empty for ``/``) and
            ``PITSTOP_STAGE`` (the folder of the staged files; it is there if there are any) in its
            environment, and ``PITSTOP_NOTES`` (a folder of the node where an operation may leave what a later
            one of its run must know, in files that begin with the run's id).
        environment: further variables.
        share: what its files may take of the way to the node; None: all.
    """

    id: str
    epoch: int
    script: str
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[StagedFile] = ()
    share: Share | None = None


class NodeDriver(Protocol):
    """How the engine reaches nodes. All calls may run at once, for any number of nodes."""

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        """Run a shell text that changes nothing, with the environment of an operation but no stage.

        Raises:
            Unreachable: no connection, or no answer within the deadline.
        """

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        """Stage the files, start the operation (or attach to it, if the node knows it) and wait for its end.

        Raises:
            EpochLost: the node has seen a higher epoch.
            Unreachable: the connection was lost or the deadline has passed; the operation may still run.
        """

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        """Wait for the end of an operation that was started earlier. None: the node does not know it, or it
        was cut short there without leaving an exit status.

        Raises:
            StepFailed: the node answers, and cannot say; it may have ended well.
            EpochLost, Unreachable: as for ``operate``.
        """

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        """End an operation that is still running, with all its processes; what it has said until then.
        Unknown ones are left alone.

        Raises:
            EpochLost, Unreachable: as for ``operate``.
        """

    async def close(self) -> None:
        """Let go of all connections; what runs on the nodes goes on."""
