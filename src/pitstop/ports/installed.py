"""Asking the nodes what they run: the version that counts is the one that a node says itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class InstalledVersions(Protocol):
    def said(self) -> Mapping[str, Mapping[str, str]]:
        """What each node says of each product that it can be asked for, by node name; who does not answer is
        left out. Blocks, as ``on_nodes``."""

    def on_nodes(self, product: str) -> Mapping[str, str]:
        """What each node says, by node name: a version's text. Blocks; called outside the event loop.

        Raises:
            InvalidInput: the system declares no version probe for this product.
            Unreachable: a node does not answer, or its probe fails; the message names it.
        """
