"""Bytes of an upload as a face gets them, gathered into stretches that are worth a write each."""

from __future__ import annotations

from collections.abc import AsyncIterator

STRETCH = 1 << 20
"""Bytes that are handed on at once."""


async def gathered(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in stretches of at least ``STRETCH``, but for the last; what has come before the other
    side breaks off is given as well, and then the break is raised."""
    held = bytearray()
    try:
        async for chunk in chunks:
            held += chunk
            if len(held) >= STRETCH:
                yield bytes(held)
                held.clear()
    except Exception:
        if held:
            yield bytes(held)
        raise
    if held:
        yield bytes(held)
