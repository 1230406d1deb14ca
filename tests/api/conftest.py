"""The APIs over a simulated desk, asked by a test client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.api.app import create_app
from simulators import desk as simulated
from simulators.desk import Scene

Client = TestClient[Litestar]


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Scene, Client]]:
    """One application for all: the scene that is shown is the test's."""
    shown = simulated.quiet()
    with TestClient(create_app(shown.desk)) as opened:
        yield shown, opened


@pytest.fixture
def begin() -> Scene:
    """The scene that a test begins with."""
    return simulated.quiet()


@pytest.fixture
def scene(stage: tuple[Scene, Client], begin: Scene) -> Scene:
    stage[0].become(begin)
    return stage[0]


@pytest.fixture
def client(stage: tuple[Scene, Client], scene: Scene) -> Client:
    """Signed in as ``ada``, an operator."""
    stage[1].cookies.clear()
    stage[1].headers["Authorization"] = f"Bearer {scene.token('ada')}"
    return stage[1]
