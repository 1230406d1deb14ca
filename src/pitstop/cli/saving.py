"""Saving a file that the service has; goes on where it was, if it was broken off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pitstop.model.errors import DigestMismatch, Unreachable

_TRIES = 5


def save(fetch: Callable[[int], Iterator[bytes]], size: int, sha256: str, place: Path) -> None:
    """Fetch it through breaks of the connection. ``fetch``: the content from this byte on.

    Raises:
        Unreachable: the connection breaks again and again.
        DigestMismatch: it did not arrive as it is there.
    """
    part, failures = place.with_name(f"{place.name}.part"), 0
    while True:
        at = part.stat().st_size if part.exists() else 0
        if at >= size:
            break
        try:
            with part.open("ab") as file:
                for chunk in fetch(at):
                    file.write(chunk)
        except Unreachable:
            failures += 1
            if failures >= _TRIES:
                raise
            time.sleep(failures)
    with part.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            part.unlink()
            raise DigestMismatch(f"{place} is not what the service has", hint="Save it once more.")
    part.replace(place)
