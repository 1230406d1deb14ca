"""A system that stays as it is until a test says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pitstop.model.system import NodeVersion, SystemDescription


@dataclass
class GivenSystem:
    """Implements :class:`pitstop.ports.systems.Systems`."""

    system: SystemDescription
    versions: Sequence[NodeVersion] = ()

    def now(self) -> SystemDescription:
        return self.system

    def said(self) -> Sequence[NodeVersion]:
        return self.versions
