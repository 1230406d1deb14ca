"""What apprise reaches, with one of its own services against a real server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.messages import AT, SECRET, message
from channels.receiver import Receiver, receiver
from pitstop.channels.by_apprise import ByApprise
from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.model.findings import Severity


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


def channel(tmp_path: Path, address: str) -> ByApprise:
    file = tmp_path / "address"
    file.write_text(f"{address}\n")
    return ByApprise("chat", file, Severity.WARNING)


def test_it_arrives(tmp_path: Path, server: Receiver) -> None:
    chat = channel(tmp_path, f"json://pitstop:{SECRET}@127.0.0.1:{server.port}/in")
    chat.send([message()])
    chat.send([message(closed=AT)])
    raised, closed = server.bodies
    assert (raised["title"], raised["type"]) == ("[Critical] Rack 7: The disk of n3 is full.", "failure")
    assert "1. Make room on n3." in raised["message"]
    assert closed["type"] == "success"


def test_what_it_does_not_take_is_said_without_its_address(
    tmp_path: Path, server: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers = [500] * 10
    chat = channel(tmp_path, f"json://pitstop:{SECRET}@127.0.0.1:{server.port}/{SECRET}")
    with caplog.at_level(logging.INFO), pytest.raises(Unreachable) as said:
        chat.send([message()])
    assert SECRET not in f"{said.value} {said.value.hint} {chat.says} {caplog.text}"
    assert said.value.__context__ is None or SECRET not in str(said.value.__context__)


def test_an_address_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no address that apprise knows") as said:
        channel(tmp_path, f"nonsense-{SECRET}").send([message()])
    assert SECRET not in str(said.value)
