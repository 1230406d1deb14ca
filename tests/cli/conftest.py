"""The ``pitstop`` command against a real HTTP service over a simulated desk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pitstop.api.app import create_app
from pitstop.api.watch import Watches
from pitstop.cli.main import run
from simulators import desk as simulated
from simulators.desk import Scene
from simulators.serving import serving


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Pitstop:
    """Calls ``pitstop`` in this process, as somebody without a terminal; 100 columns, no colour."""

    url: str
    scene: Scene
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def sign_in(self, name: str) -> None:
        self.monkeypatch.setenv("PITSTOP_TOKEN", self.scene.token(name))

    def __call__(self, *arguments: str, stdin: str = "") -> Ended:
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        status = run(arguments)
        captured = self.capsys.readouterr()
        return Ended(status, captured.out, captured.err)


@pytest.fixture
def scene() -> Scene:
    return simulated.failed()


@pytest.fixture
def service(scene: Scene) -> Iterator[str]:
    watches = Watches(scene.desk.runs, interval=0.02, heartbeat=5)
    with serving(create_app(scene.desk, watches=watches)) as url:
        yield url


@pytest.fixture
def pitstop(
    service: str,
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Pitstop:
    """Signed in as ``ada``, an operator."""
    monkeypatch.setenv("PITSTOP_URL", service)
    monkeypatch.setenv("PITSTOP_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "100")
    made = Pitstop(service, scene, tmp_path, monkeypatch, capsys)
    made.sign_in("ada")
    return made
