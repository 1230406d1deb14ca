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


@pytest.fixture
def scene() -> Scene:
    return simulated.quiet()


@pytest.fixture
def client(scene: Scene) -> Iterator[Client]:
    """Signed in as ``ada``, an operator."""
    with TestClient(create_app(scene.desk)) as opened:
        opened.headers["Authorization"] = f"Bearer {scene.token('ada')}"
        yield opened
