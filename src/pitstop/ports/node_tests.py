"""Testing whether a node can be worked on, and asking which host key it shows.

Adapter: :mod:`pitstop.nodes.examining`; simulator: ``tests/simulators/node_tests.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pitstop.model.system import Node


@dataclass(frozen=True, slots=True)
class NodeCheck:
    """One thing that a node needs.

    Attributes:
        passed: None: it could not be found out.
        what: what was found.
        remedy: what to do; "" where it passed.
    """

    name: str
    passed: bool | None
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class NodeExamined:
    """What came of a test.

    Attributes:
        host_key: the key that the node showed, as one line; None: it was not reached.
        versions: by product, what the node says that it runs.
    """

    checks: tuple[NodeCheck, ...]
    host_key: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(check.passed is not False for check in self.checks)


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A host key that differs from the pinned one: of the node, or of a jump host before it.

    Attributes:
        name: what it is pinned under.
        key: as one line.
    """

    name: str
    key: str


class NodeExaminer(Protocol):
    """Blocks; called outside the event loop."""

    def examine(
        self, node: Node, probes: Mapping[str, tuple[str, ...]], *, fresh: bool = False
    ) -> NodeExamined:
        """Connect, and find out all that is needed; nothing is changed there. At first contact the host key
        is pinned. ``probes``: by product, the command that prints its version.

        Args:
            fresh: another machine is to stand under this name: what is pinned for it does not count, and
                what it shows is not pinned yet.
        """

    def other_key(self, node: Node) -> ShownKey | None:
        """The first host key on the way that is not the pinned one; None: all are.

        Raises:
            Unreachable: it is not to be found out.
        """
