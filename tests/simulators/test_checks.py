"""The memory of checks without a database holds to the same contract as the one in it."""

from __future__ import annotations

import pytest

from contracts.checks import ChecksContract
from pitstop.ports.checks import CheckRecords
from simulators.checks import MemoryChecks


@pytest.fixture
def records() -> CheckRecords:
    return MemoryChecks()


class TestMemoryChecks(ChecksContract):
    pass
