"""One limit for all that goes to nodes at the same time under one name, such as to the nodes of a roll."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from pitstop.ports.nodes import Share

_BURST_SECONDS = 0.25
"""So much of a second's bytes may go at once."""
_KEPT = 64


@dataclass(slots=True)
class Pacing:
    """Of one event loop. Names that were not used for long are forgotten."""

    _free_at: dict[str, float] = field(default_factory=dict)

    async def paced(self, chunks: AsyncIterator[bytes], share: Share | None) -> AsyncIterator[bytes]:
        """The chunks, each when it may go; all at once where there is no share."""
        async for chunk in chunks:
            if share is not None:
                await self._turn(share, len(chunk))
            yield chunk

    async def _turn(self, share: Share, count: int) -> None:
        now = time.monotonic()
        begins = max(self._free_at.pop(share.name, 0.0), now - _BURST_SECONDS)
        self._free_at[share.name] = begins + count / share.per_second
        while len(self._free_at) > _KEPT:
            del self._free_at[next(iter(self._free_at))]
        await asyncio.sleep(max(0.0, begins - now))
