"""The one file of a bundle: a zip file, for that opens on any machine without further tools.

Things are put in one after the other, while the next ones still come. Decision 18 says why zip.
"""

from __future__ import annotations

import asyncio
import re
import zipfile
from functools import partial
from pathlib import Path

from pitstop.diagnostics.disk import in_thread, translated

LEVEL = 3
"""Of deflate: logs shrink tenfold at any level, and this one keeps up with four nodes."""
_UNFIT = re.compile(r"[^A-Za-z0-9._@+=,()\[\] -]")
_LONGEST_PART = 100


class BundleFile:
    """Being written. May be used from several tasks."""

    def __init__(self, place: Path) -> None:
        self._archive = zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self._names: set[str] = set()
        self._one = asyncio.Lock()

    async def add(self, member: str, spool: Path) -> None:
        """Put a file in, and remove it where it lay."""
        async with self._one:
            await in_thread(partial(self._add, member, spool))

    async def add_text(self, member: str, text: str) -> None:
        async with self._one:
            await in_thread(partial(self._add_text, member, text))

    def name(self, *parts: str) -> str:
        """A name that is free, and stays below the folder that it is unpacked to on any machine."""
        wanted = "/".join(
            _fit(piece) for part in parts for piece in part.split("/") if piece not in ("", ".")
        )
        name, number = wanted, 1
        while name.lower() in self._names:
            number += 1
            name = f"{wanted}-{number}"
        self._names.add(name.lower())
        return name

    async def close(self) -> None:
        async with self._one:
            await in_thread(self._close)

    def _add(self, member: str, spool: Path) -> None:
        with translated():
            self._archive.write(spool, member)
            spool.unlink()

    def _add_text(self, member: str, text: str) -> None:
        with translated():
            self._archive.writestr(member, text.encode("utf-8", "replace"))

    def _close(self) -> None:
        with translated():
            self._archive.close()


def _fit(piece: str) -> str:
    """A piece of a name that every file system takes."""
    fit = _UNFIT.sub("_", piece)[-_LONGEST_PART:].rstrip(". ")
    return fit if fit.strip("._ ") else f"_{fit.replace('.', '_')}"
