"""Visitors of a system at rest, in the middle of a run, and after a failed one. Operators unless a test
says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.visitor import Visitor, visitor
from simulators import desk


@pytest.fixture
def nobody() -> Iterator[Visitor]:
    with visitor(desk.quiet()) as somebody:
        yield somebody


@pytest.fixture
def quiet(nobody: Visitor) -> Visitor:
    return nobody.sign_in("ada")


@pytest.fixture
def running() -> Iterator[Visitor]:
    with visitor(desk.running()) as somebody:
        yield somebody.sign_in("ada")


@pytest.fixture
def failed() -> Iterator[Visitor]:
    with visitor(desk.failed()) as somebody:
        yield somebody.sign_in("ada")
