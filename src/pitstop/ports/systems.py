"""The system as it is declared now: nodes come and go while the service runs.

Adapter: :mod:`pitstop.nodes.declared`; simulator: ``tests/simulators/systems.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pitstop.model.system import NodeVersion, SystemDescription


class Systems(Protocol):
    def now(self) -> SystemDescription:
        """As it stands at this moment; whoever needs it twice for one answer keeps it."""

    def said(self) -> Sequence[NodeVersion]:
        """What its nodes said that they run, when they were asked last."""
