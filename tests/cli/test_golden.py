"""What operators read, word for word: ``golden/*.txt``. ``PITSTOP_GOLDEN=write`` writes them anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators import desk as simulated
from simulators import scenes
from simulators.desk import Scene

from .conftest import Pitstop

GOLDEN = Path(__file__).parent / "golden"

CASES: dict[str, tuple[Callable[[], Scene], str]] = {
    "system-show": (simulated.quiet, "system show"),
    "system-show-updating": (simulated.running, "system show"),
    "plan-rehearse": (simulated.quiet, f"plan rehearse {scenes.HOTFIX}"),
    "plan-rehearse-asked": (simulated.quiet, f"plan rehearse {scenes.HOTFIX} --ask-nodes"),
    "update-list": (simulated.quiet, "update list"),
    "update-list-all-updating": (simulated.running, "update list --all"),
    "update-show-refused": (simulated.quiet, f"update show {scenes.EXPRESS}"),
    "update-show-ready": (simulated.quiet, f"update show {scenes.HOTFIX}"),
    "update-show-failed": (simulated.failed, f"update show {scenes.HOTFIX}"),
    "run-list": (simulated.failed, "run list"),
    "run-show-running": (simulated.running, "run show"),
    "run-show-playing": (simulated.playing, "run show"),
    "run-show-late": (simulated.late, "run show"),
    "run-show-failed": (simulated.failed, "run show c4a1"),
    "run-show-succeeded": (simulated.quiet, "run show"),
    "run-show-all": (simulated.failed, "run show --all"),
    "run-watch-succeeded": (simulated.quiet, "run watch"),
    "run-events": (simulated.failed, "run events"),
    "alert-list": (simulated.failed, "alert list"),
    "alert-show-failed": (simulated.failed, f"alert show {scenes.ALERT_FAILED}"),
    "check-list": (simulated.quiet, "check list"),
    "check-list-wrong": (simulated.quiet, "check list --wrong"),
    "check-show": (simulated.quiet, "check show clock"),
    "logs-list": (simulated.quiet, "logs list"),
    "logs-show": (simulated.quiet, "logs show 5e1c0de0-0001"),
    "logs-show-all": (simulated.quiet, "logs show 5e1c0de0-0001 --all"),
    "logs-collect": (simulated.quiet, "logs collect --hours 2 --node n1"),
    "logs-send": (simulated.quiet, "logs send 5e1c0de0-0001 --to vendor"),
    "source-list": (simulated.quiet, "source list"),
    "node-list": (simulated.quiet, "node list"),
    "node-show": (simulated.quiet, "node show n4"),
    "node-test": (simulated.quiet, "node test n4"),
}


NOTES = {"logs-collect": "Logs 5e1c0de0-0003 are being collected.\n"}
"""What is said beside the data."""


@pytest.fixture
def begin(request: pytest.FixtureRequest) -> Scene:
    return CASES[request.node.callspec.params["name"]][0]()


@pytest.mark.parametrize("name", CASES)
def test_an_operator_reads(pitstop: Pitstop, name: str) -> None:
    ended = pitstop(*CASES[name][1].split())
    assert (ended.status, ended.err if "list" not in name else "") == (0, NOTES.get(name, ""))
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("PITSTOP_GOLDEN") == "write":
        file.write_text(ended.out)
    assert ended.out == file.read_text()
    assert max(map(len, ended.out.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in ended.out.splitlines())


def test_every_golden_file_has_a_case() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(CASES)
