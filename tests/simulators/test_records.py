"""The declarations in memory hold to the same contract as those in the database."""

from __future__ import annotations

import pytest

from contracts.declarations import DeclarationsContract
from pitstop.ports.records import Declarations
from simulators.records import MemoryDeclarations


@pytest.fixture
def declarations() -> Declarations:
    return MemoryDeclarations()


class TestMemoryDeclarations(DeclarationsContract):
    pass
