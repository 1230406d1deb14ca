"""The file of a bundle as a stream, alike in API and portal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

_CHUNK = 1 << 20


async def pieces(path: Path, start: int) -> AsyncIterator[bytes]:
    """The file from this byte on. One that is removed meanwhile is read to its end all the same."""
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        file.seek(start)
        while piece := await asyncio.to_thread(file.read, _CHUNK):
            yield piece
