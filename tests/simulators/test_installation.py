"""The simulated installation does as the real one."""

from __future__ import annotations

import pytest

from contracts.installation import InstallationContract
from simulators.installation import SimulatedInstallation


class SimulatedBench:
    def __init__(self) -> None:
        self.launched = SimulatedInstallation()
        self.alone = SimulatedInstallation()
        self.alone.launched = False

    @property
    def ends(self) -> int:
        return len(self.launched.wanted)

    def take_back(self) -> None:
        self.launched.fall_back(list(self.launched.wanted)[-1], "it was not up")


class TestSimulatedInstallation(InstallationContract):
    @pytest.fixture
    def bench(self) -> SimulatedBench:
        return SimulatedBench()
