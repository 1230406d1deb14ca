"""Types are read whole, by one thread alone, before any thread works with them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import pytest

from pitstop.package.typed import converted, from_json


@dataclass(frozen=True)
class Inner:
    size: int


@dataclass(frozen=True)
class Outer:
    inner: tuple[Inner, ...]


def test_nobody_works_with_a_type_while_it_is_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    real_decoder, real_convert = msgspec.json.Decoder, msgspec.convert
    reading = threading.Lock()
    begun: list[str] = []

    def read(to: type[Outer]) -> msgspec.json.Decoder[Outer]:
        assert reading.acquire(blocking=False), "two threads read a type at once"
        try:
            time.sleep(0.05)
            return real_decoder(to)
        finally:
            reading.release()

    def convert(value: object, to: type[Outer]) -> Outer:
        begun.append("early" if reading.locked() else "after")
        return real_convert(value, to)

    monkeypatch.setattr(msgspec.json, "Decoder", read)
    monkeypatch.setattr(msgspec, "convert", convert)
    start = threading.Barrier(4)

    def one(_number: int) -> Outer:
        start.wait()
        return converted({"inner": [{"size": 3}]}, Outer)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(4))) == {Outer((Inner(3),))}
    assert begun[0] == "after"


def test_what_is_not_of_the_type_is_refused() -> None:
    assert from_json(b'[{"size": 3}]', tuple[Inner, ...]) == (Inner(3),)
    with pytest.raises(msgspec.ValidationError):
        from_json(b'{"size": "3"}', Inner)
    with pytest.raises(msgspec.ValidationError):
        converted({"size": "3"}, Inner)
