"""Asking the real nodes what a run that has not begun would find; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pitstop.model.run_tree import RunTree


class Answered(Protocol):
    """What one step's probe says."""

    @property
    def found(self) -> str: ...

    @property
    def says(self) -> str: ...


class NodeProbes(Protocol):
    def probed(self, tree: RunTree) -> Mapping[str, Answered]:
        """By index, of all steps on nodes. Blocks."""
