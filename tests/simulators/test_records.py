"""What is remembered in memory holds to the same contracts as what is in the database."""

from __future__ import annotations

from datetime import datetime

import pytest

from contracts.alerts import AlertsBench, AlertsContract, HoldingBackContract
from contracts.declarations import DeclarationsContract
from pitstop.ports.records import Declarations
from simulators.records import MemoryAlerts, MemoryDeclarations


@pytest.fixture
def declarations() -> Declarations:
    return MemoryDeclarations()


class TestMemoryDeclarations(DeclarationsContract):
    pass


class TestMemoryAlerts(AlertsContract, HoldingBackContract):
    @pytest.fixture
    def bench(self) -> AlertsBench:
        alerts = MemoryAlerts()

        def begin() -> None:
            alerts.updating = True

        def end(at: datetime) -> None:
            alerts.updating, alerts.moved = False, at

        return AlertsBench(alerts, begin, end)
