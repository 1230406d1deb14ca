"""The management controllers of nodes: what firmware a node has, and bringing other firmware onto it.

Adapter: :mod:`pitstop.nodes.redfish`. All calls block, and may run at once for any number of nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pitstop.model.errors import StepFailed
from pitstop.model.system import Node


class ApplyTime(StrEnum):
    """When a controller puts an image to use."""

    IMMEDIATE = "immediate"
    ON_RESET = "on-reset"


class TaskEnd(StrEnum):
    """``gone``: the controller knows the task no more; how it has ended, only what is installed can say."""

    GOOD = "good"
    BAD = "bad"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a controller says of its machine; ``firmware``: by component, the version."""

    model: str
    firmware: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Task:
    """An update that a controller does.

    Attributes:
        uri: where it is asked for; "" where the controller was done at once.
        state: in the controller's own words.
        percent: how far it is; None where it does not say.
        end: None while it lasts.
        said: its messages.
    """

    uri: str
    state: str
    percent: int | None = None
    end: TaskEnd | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A file for a component, under the name that the controller gets to see."""

    path: Path
    name: str
    component: str
    apply: ApplyTime = ApplyTime.IMMEDIATE


class Controllers(Protocol):
    """Every call raises Unreachable where the controller does not answer, and StepFailed where it refuses."""

    def hardware(self, node: Node) -> Hardware: ...

    def offer(self, node: Node, image: Image) -> AbstractContextManager[str]:
        """The image is to be had from here by the controller until the block ends, where it fetches images
        itself; at this address, "" where it takes them as they are sent."""

    def update(self, node: Node, image: Image, address: str) -> Task:
        """Begin an update with an image that is offered at this address, or ("") is sent along.

        The controller is told once: Unreachable leaves it open whether it has begun.

        Raises:
            FirmwareBusy: it takes none now.
        """

    def busy(self, node: Node) -> str:
        """The address and state of an update that the controller is at; "" where it says of none."""

    def task(self, node: Node, uri: str) -> Task: ...

    def restart(self, node: Node) -> None:
        """Restart the machine: in order if it can, else by force."""


class NoControllers:
    """Where nodes have none that is known."""

    def hardware(self, node: Node) -> Hardware:
        raise _none(node)

    def offer(self, node: Node, image: Image) -> AbstractContextManager[str]:  # noqa: ARG002 - the port's
        raise _none(node)

    def update(self, node: Node, image: Image, address: str) -> Task:  # noqa: ARG002 - the port's
        raise _none(node)

    def busy(self, node: Node) -> str:
        raise _none(node)

    def task(self, node: Node, uri: str) -> Task:  # noqa: ARG002 - the port's
        raise _none(node)

    def restart(self, node: Node) -> None:
        raise _none(node)


def _none(node: Node) -> StepFailed:
    return StepFailed(f"this service knows of no management controller of node {node.name}")
