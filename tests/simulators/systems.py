"""A system that stays as it is until a test says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.system import SystemDescription


@dataclass
class GivenSystem:
    """Implements :class:`pitstop.ports.systems.Systems`."""

    system: SystemDescription

    def now(self) -> SystemDescription:
        return self.system
