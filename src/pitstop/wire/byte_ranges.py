"""Where a download goes on: ``Range: bytes=N-``, the only form that is answered with a part."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=([0-9]{1,15})-")


@dataclass(frozen=True, slots=True)
class Part:
    """An answer with a file from ``start`` on."""

    start: int
    status: int
    headers: dict[str, str]


def part_of(wanted: str, size: int, name: str) -> Part:
    """Of a file of so many bytes, to be saved under ``name``; ``wanted``: the ``Range`` asked for."""
    start = _start_of(wanted, size)
    return Part(start, 206 if start else 200, _headers(start, size, name))


def _start_of(wanted: str, size: int) -> int:
    """The first byte to send of so many; 0, all of it, where nothing else is asked for."""
    found = _RANGE.fullmatch(wanted)
    start = int(found.group(1)) if found else 0
    return start if start < size else 0


def _headers(start: int, size: int, name: str) -> dict[str, str]:
    """What goes with the bytes from ``start`` on of a file to be saved under ``name``."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(size - start),
        "Accept-Ranges": "bytes",
    }
    return {**headers, "Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else headers
