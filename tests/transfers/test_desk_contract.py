"""The real desk for imports and the simulated one hold to the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.imports import ImportsContract
from pitstop.service.desk import ImportsDesk
from simulators.imports import SimulatedImports
from transfers.system import system


class TestSimulated(ImportsContract):
    @pytest.fixture
    def desk(self) -> ImportsDesk:
        return SimulatedImports()


class TestReal(ImportsContract):
    @pytest.fixture
    def desk(self, tmp_path: Path) -> Iterator[ImportsDesk]:
        with system(tmp_path / "state", []) as rack:
            yield rack.imports
