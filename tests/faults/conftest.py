"""One room for all faults of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.room import Room, open_room


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with open_room(tmp_path_factory.mktemp("room")) as made:
        yield made


@pytest.fixture
def room(opened: Room) -> Iterator[Room]:
    """As it was before, whatever becomes of the test."""
    yield opened
    opened.set_right()
