"""What operators read of the policy, word for word: ``golden_policy/*.txt``, over the real rules.

``PITSTOP_GOLDEN=write`` writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pitstop.package.catalogue_format import write_catalogue
from simulators import aurora, scenes
from simulators import desk as simulated
from simulators.desk import Scene

from .conftest import Pitstop

GOLDEN = Path(__file__).parent / "golden_policy"

CASES: dict[str, str] = {
    "support": "support",
    "support-past": "support --at 2024-04-22",
    "support-exception": "support --at 2024-05-07",
    "support-forecast": "support --at 2025-02-01",
    "support-timeline": "support --timeline",
    "path-newest": "path",
    "path-supported": "path --to supported",
    "path-named": f"path --to {scenes.FULL_2311} --objective restarts --required",
    "path-there-already": f"path --to {scenes.BASE}",
    "path-calendar": "path --to supported --calendar",
    "explain-not-now": "explain 1.2402.0.8",
    "explain-withdrawn": f"explain {scenes.RECALLED}",
    "explain-installed": f"explain {scenes.BASE}",
    "explain-ready": "explain 2.4.1",
    "releases": "releases",
    "windows-list": "windows list",
    "contract-show": "contract show",
    "fact-list": "fact list",
    "risk-list": "risk list",
}
OFFLINE: dict[str, str] = {
    "offline-support": "support {0} --installed lantern=1.2305.1.22 --at 2024-05-07",
    "offline-path": "path {0} --installed lantern=1.2305.0.10 --installed firmware=2.3.0 "
    "--hardware Lumen/L4 --nodes 8 --fact free-memory-gib=16 --fact session-store=disk --fact connected=yes",
    "offline-explain": "explain 1.2311.0.9 {0} --installed lantern=1.2308.0.15 --fact free-memory-gib=8",
    "offline-releases": "releases {0} --installed lantern=1.2302.0.4",
}


@pytest.fixture
def begin() -> Scene:
    return simulated.quiet()


@pytest.fixture
def files(tmp_path: Path) -> str:
    """Options that name Aurora's catalogues as files."""
    options = []
    for _, catalogue in aurora.sources():
        file = tmp_path / f"{catalogue.publisher}.json"
        file.write_bytes(write_catalogue(catalogue))
        options.append(f"--catalogue {file}")
    return " ".join(options)


def check(name: str, out: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("PITSTOP_GOLDEN") == "write":
        file.write_text(out)
    assert out == file.read_text()
    assert max(map(len, out.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("name", CASES)
def test_an_operator_reads(pitstop: Pitstop, name: str) -> None:
    ended = pitstop(*CASES[name].split())
    assert (ended.status, ended.err) == (0, "")
    check(name, ended.out)


@pytest.mark.parametrize("name", OFFLINE)
def test_somebody_without_a_service_reads(
    pitstop: Pitstop, files: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITSTOP_URL", "http://127.0.0.1:9")
    ended = pitstop(*OFFLINE[name].format(files).split())
    assert (ended.status, ended.err) == (0, "")
    check(name, ended.out)


@pytest.mark.parametrize("call", [*CASES.values()])
def test_every_question_has_its_json(pitstop: Pitstop, call: str) -> None:
    ended = pitstop(*call.split(), "--json")
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)


def test_every_golden_file_has_a_case() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {*CASES, *OFFLINE}
