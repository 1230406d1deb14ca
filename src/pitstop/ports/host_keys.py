"""The keys that this system's nodes must show: declared with the node, or remembered from the first contact.

Adapters: :mod:`pitstop.nodes.host_keys` (a file), :mod:`pitstop.store.host_keys` (for several machines).
"""

from __future__ import annotations

from typing import Protocol

from pitstop.model.system import Node


class PinnedKeys(Protocol):
    """May be asked from several threads."""

    def place(self) -> str:
        """Where a node's key is remembered, as a message says it to who is to change it by hand."""

    def pinned(self, node: Node) -> str | None:
        """The key as ``TYPE BASE64``; None before the first contact. What is declared goes first.

        Raises:
            StateUnusable: what is remembered cannot be read.
        """

    def pin(self, node: Node, key: str) -> None:
        """Remember the key that the node showed at first contact, durably."""

    def forget(self, name: str) -> None:
        """Let the next contact be the first again."""
