"""The nodes that are declared, in the nodes file or through the service, and leave to change them.

Adding, changing, replacing and removing a node is exclusive: it begins only while no run goes on, no run
begins before it has ended, and one change goes on at a time. All three are decided in the database, in the
transaction that writes them. Leave has an end: whoever dies with it blocks nobody for long, also where the
clock was set back since: one that would last for more than twice the longest is over.

Adapter: :mod:`pitstop.store.nodes`; simulator: ``tests/simulators/declared_nodes.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from pitstop.model.node_changes import FileTaken
from pitstop.model.system import DeclaredNode, Node, NodeVersion

LONGEST_LEAVE: Final = timedelta(minutes=5)
"""So long a change may take: several times what a test does."""


@dataclass(frozen=True, slots=True)
class Leave:
    """To change the nodes, alone, until then.

    Attributes:
        number: higher than that of any leave before.
        what: as a message says it, such as ``add node n5``.
    """

    number: int
    what: str
    by: str
    until: datetime

    def lasts(self, at: datetime) -> bool:
        """Whether it keeps others out then. Clocks of several machines may differ by as long as it lasts."""
        return at < self.until <= at + 2 * LONGEST_LEAVE


class DeclaredNodes(Protocol):
    def nodes(self) -> Sequence[DeclaredNode]:
        """Those of the file first, in its order, then the others as they came."""

    def enter(self, what: str, by: str, at: datetime, until: datetime) -> Leave:
        """For ``LONGEST_LEAVE`` at most.

        Raises:
            RunLasts, NodesChanging
        """

    def leave(self, leave: Leave) -> None:
        """Give it back; one that is over is no harm."""

    def place(self, leave: Leave, declared: DeclaredNode, host_key: str | None) -> None:
        """Put a machine under this name, and give the leave back. ``host_key``: what is pinned from now on;
        None: the next contact is the first. What was said of the one before is forgotten.

        Raises:
            NodesChanging: the leave is over; nothing was changed.
        """

    def change(self, leave: Leave, declared: DeclaredNode) -> None:
        """The same machine, declared otherwise; gives the leave back. Raises as ``place``, and NotFound."""

    def remove(self, leave: Leave, name: str) -> None:
        """With its host key, and all that it said; gives the leave back. Raises as ``place``, and
        NotFound."""

    def take_file(self, nodes: Sequence[Node], at: datetime) -> FileTaken:
        """Bring what the nodes file declares into force. Raises RunLasts, NodesChanging."""

    def is_new(self, name: str, at: datetime) -> None:
        """The machine under this name is another one since ``at``, or was installed anew. Raises NotFound."""

    def saw(self, node: str, versions: Mapping[str, str], at: datetime) -> None:
        """Remember what a node said of products."""

    def versions(self) -> Sequence[NodeVersion]:
        """What each node said last, by node and product."""
