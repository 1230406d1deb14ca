"""The journal in memory holds to the same contract as the one in the database."""

from __future__ import annotations

import pytest

from contracts.journal import FIRST, HOTFIX, Bench, JournalContract
from simulators.journal import MemoryJournal


@pytest.fixture
def bench() -> Bench:
    journal = MemoryJournal([FIRST, HOTFIX])
    return Bench(journal, journal)


class TestMemoryJournal(JournalContract):
    pass
