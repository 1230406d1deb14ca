"""Looking into what is watched: what was seen there is remembered from one look to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Marks = Mapping[str, str]
"""By name, for each thing that lies there, what changes when it does."""


@dataclass
class Watch:
    """Looks into a folder or a bucket, by a function that is handed what the look before gave; what breaks
    changes nothing of that. A look that comes while another still brings things here does nothing."""

    see: Callable[[Marks], Marks]
    _marks: Marks = field(default_factory=dict)
    _is_looking: bool = False

    async def look(self, _key: str = "") -> None:
        if self._is_looking:
            return
        self._is_looking = True
        try:
            self._marks = await asyncio.to_thread(self.see, self._marks)
        finally:
            self._is_looking = False
