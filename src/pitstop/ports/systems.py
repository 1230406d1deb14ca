"""The system as it is declared now: nodes come and go while the service runs.

Adapter: :mod:`pitstop.nodes.declared`; simulator: ``tests/simulators/systems.py``.
"""

from __future__ import annotations

from typing import Protocol

from pitstop.model.system import SystemDescription


class Systems(Protocol):
    def now(self) -> SystemDescription:
        """As it stands at this moment; whoever needs it twice for one answer keeps it."""
