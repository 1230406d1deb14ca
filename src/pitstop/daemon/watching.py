"""Looking into the watched folder: what was seen there is remembered from one look to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Look = Callable[[Path, dict[str, str]], dict[str, str]]


@dataclass
class FolderWatch:
    """Looks into a folder; what breaks changes nothing of what was seen before."""

    see: Look
    folder: Path
    _marks: dict[str, str] = field(default_factory=dict)

    async def look(self, _key: str = "") -> None:
        self._marks = await asyncio.to_thread(self.see, self.folder, self._marks)
