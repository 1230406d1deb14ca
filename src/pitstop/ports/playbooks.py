"""Playing Ansible's playbooks. Adapter: :mod:`pitstop.nodes.ansible`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pitstop.model.errors import StepFailed
from pitstop.model.system import Node


class TaskOutcome(StrEnum):
    """What has become of a task on a host. ``unsaid``: check mode cannot tell."""

    STARTED = "started"
    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class PlayEvent:
    """A task of the play on a host. ``said``: why it failed; ``ignored``: as the playbook wants."""

    host: str
    task: str
    outcome: TaskOutcome
    said: str = ""
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """What is to be played.

    Attributes:
        mark: by which everything that the play starts, here and on nodes, can be found.
        project: files by their path in the project's folder.
        playbook: one of them.
        nodes: the whole system, for the inventory; groups are its roles.
        limit: the names of those that it is played on.
        wheels: what Ansible's environment is made of: wheels by name, and ``requirements.txt``; None: of
            those in the machine's own folder.
        check: change nothing, say what would change.
    """

    mark: str
    project: Mapping[str, Path]
    playbook: str
    nodes: Sequence[Node]
    limit: Sequence[str]
    wheels: Mapping[str, Path] | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    check: bool = False


class Playbooks(Protocol):
    async def play(self, play: Play, seen: Callable[[PlayEvent], None], *, deadline: timedelta) -> str:
        """Play it to its end; what Ansible said last, "" where all went well. Cancelled, it leaves nothing
        running here; what it has begun on nodes is the caller's, who finds it by its mark.

        Raises:
            StepFailed: Ansible cannot be had, or has not begun.
        """

    async def end(self, mark: str) -> None:
        """End what still runs here under this mark."""


class NoPlaybooks:
    """Where there is no Ansible."""

    async def play(self, play: Play, seen: Callable[[PlayEvent], None], *, deadline: timedelta) -> str:  # noqa: ARG002 - the port's
        raise StepFailed("this service plays no playbooks")

    async def end(self, mark: str) -> None:
        """Nothing runs."""
