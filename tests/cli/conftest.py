"""The ``pitstop`` command against a real HTTP service over a simulated desk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pitstop.api.app import create_app
from pitstop.cli.main import run
from pitstop.service.watching import Watches
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

    def __call__(self, *arguments: str, stdin: str | None = "") -> Ended:
        """``stdin`` None: standard input is closed."""
        given = io.StringIO(stdin or "")
        if stdin is None:
            given.close()
        self.monkeypatch.setattr("sys.stdin", given)
        self.capsys.readouterr()
        status = run(arguments)
        captured = self.capsys.readouterr()
        return Ended(status, captured.out, captured.err)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Scene, str]]:
    """One server for all: the scene that is shown is the test's."""
    shown = simulated.quiet()
    with serving(create_app(shown.desk, watches=Watches(shown.desk.runs, interval=0.02))) as url:
        yield shown, url


@pytest.fixture
def begin() -> Scene:
    """The scene that a test begins with."""
    return simulated.failed()


@pytest.fixture
def scene(stage: tuple[Scene, str], begin: Scene) -> Scene:
    stage[0].become(begin)
    return stage[0]


@pytest.fixture
def service(stage: tuple[Scene, str]) -> str:
    return stage[1]


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
