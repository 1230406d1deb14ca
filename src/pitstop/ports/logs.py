"""What collecting logs needs of the world: streams from nodes, a shelf for bundles, and ways to send them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from pitstop.model.logs import Bundle, Collected
from pitstop.model.system import Node

FILE = "logs.zip"
"""The one file of a bundle, as it lies in its folder."""

Take = Callable[[bytes], Awaitable[bool]]
"""Takes in what came next; False: that is enough, bring no more."""

Report = Callable[[int, int], None]
"""Told how far something has come: done, of how much."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """How a stream ended. ``status``: the exit status; None: it was not waited for, since it was enough.
    ``complaint``: the end of what was said on standard error."""

    status: int | None
    complaint: str = ""


class NodeStreams(Protocol):
    """Reading from nodes, beside and apart from what runs do there: with connections of its own, at the
    lowest priority, with a limit on bandwidth."""

    async def stream(self, node: Node, script: str, take: Take, *, deadline: timedelta) -> Streamed:
        """Run a shell text that changes nothing in the node's root folder, with ``PITSTOP_ROOT`` as for an
        operation, and hand on what it says on standard output, piece by piece.

        Raises:
            Unreachable: no connection, it broke, or the script has not ended within the deadline.
            TrustError: the node shows another host key than the pinned one.
        """

    async def close(self) -> None:
        """Let go of all connections."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What collecting has brought.

    Attributes:
        removed: finds that were removed, by name of the pattern.
        looked_at, seconds: bytes that were looked at for secrets, and the processor time that this took.
    """

    collected: tuple[Collected, ...]
    removed: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
    seconds: float = 0.0


class Collector(Protocol):
    async def collect(self, bundle: Bundle, folder: Path, report: Report) -> Gathered:
        """Collect what the bundle wants and write :data:`FILE` in the folder for work.

        What cannot be had is in the result with the reason. Bears being cancelled at any point.

        Raises:
            NoSpace: there is no room for it. InvalidInput: it wants nodes or runs that are not there.
        """

    def require(self, bundle: Bundle) -> None:
        """Raises InvalidInput: it wants nodes or roles that are not there."""


class Shelf(Protocol):
    """The bundles: their records, and their files."""

    def put(self, bundle: Bundle) -> None:
        """Write its record down."""

    def get(self, bundle_id: str) -> Bundle:
        """Raises NotFound."""

    def all(self) -> Sequence[Bundle]:
        """Newest first."""

    def file(self, bundle: Bundle) -> Path:
        """Where its file lies, or is to."""

    def work(self, bundle: Bundle) -> Path:
        """A new and empty folder to work in. Raises NoSpace, StateUnusable."""

    def seal(self, bundle: Bundle) -> tuple[int, str]:
        """Put :data:`FILE` of the folder for work on the shelf for good, and drop that folder; bytes and
        SHA-256 of the file."""

    def drop_work(self, bundle: Bundle) -> None: ...

    def remove(self, bundle: Bundle) -> None:
        """Forget it, with its file."""


class Target(Protocol):
    """A place that bundles are sent to."""

    @property
    def name(self) -> str: ...

    @property
    def automatic(self) -> bool:
        """Whether what was collected by itself is sent there by itself."""

    @property
    def says(self) -> str:
        """Where that is, for people; without secrets."""

    async def send(self, file: Path, name: str, report: Report) -> str:
        """Send the file under a name; where it is now. What came through before a break is gone on from,
        where the protocol has a way.

        Raises:
            Unreachable: the other side does not answer, or refuses.
            TrustError: it is not who it should be. NotPermitted: it does not let us in.
        """
