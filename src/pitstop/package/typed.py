"""Values and JSON as values of types: the one place where msgspec is asked for that at run time.

msgspec reads a type when it meets it for the first time, and lets other threads work with what it has read
half of: the process then ends with SIGSEGV (seen with 0.22 at starts of the service, where much is read at
once). Here a type is read whole, by one thread alone, before anybody works with it.
"""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

import msgspec

T = TypeVar("T")

_reading = Lock()
_read: set[object] = set()


def converted(value: object, to: type[T]) -> T:
    """A value of plain parts as one of this type. Raises msgspec.ValidationError."""
    _know(to)
    return msgspec.convert(value, to)


def from_json(raw: bytes | str, to: type[T]) -> T:
    """JSON as a value of this type. Raises msgspec.DecodeError."""
    _know(to)
    return msgspec.json.decode(raw, type=to)


def _know(to: object) -> None:
    if to in _read:
        return
    with _reading:
        msgspec.json.Decoder(to)
        _read.add(to)
