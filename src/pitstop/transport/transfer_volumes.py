"""A transfer in volumes of a given size, to be carried on media that are too small for all of it.

Each volume is a zip file whose entries are stored as they are: the metadata of every source and all small
files, so that any volume can be judged alone and in any order; then payload, and of what no longer fits a
slice, ``<source>/slices/<first byte>/<target path>``. A slice begins and ends where a piece does, so that it
can be checked by itself. ``transfer.json`` is the last entry: a volume that was cut short has none.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pitstop.model.errors import InvalidInput
from pitstop.package.pieces import PIECE
from pitstop.package.site_layout import TARGETS_FOLDER
from pitstop.transport import durable
from pitstop.transport.packed_files import is_payload
from pitstop.transport.transfer_files import written
from pitstop.wire.transfers import INDEX_NAME, TransferEntry, TransferIndex

SLICES_FOLDER = "slices"

_TIME = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644
_UNIX = 3
_PER_ENTRY = 400
"""Bytes that an entry costs beside its content and its name, in the zip file and in the index, at most."""

_LEAST_SLICE = 16 * PIECE
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes of a file of the transfer; the whole file, where ``whole``."""

    name: str
    start: int
    stop: int
    whole: bool

    @property
    def size(self) -> int:
        return self.stop - self.start

    @property
    def entry(self) -> str:
        """What it is called in its volume."""
        if self.whole:
            return self.name
        source, _, path = self.name.partition(f"/{TARGETS_FOLDER}/")
        return f"{source}/{SLICES_FOLDER}/{self.start}/{path}"


def volume_name(base: str, number: int, of: int) -> str:
    """``transfer-1-of-3.zip``."""
    return f"{base}-{number}-of-{of}.zip"


def planned(index: TransferIndex, limit: int) -> list[list[Slice]]:
    """What goes into each volume of at most ``limit`` bytes.

    Raises:
        InvalidInput: what lies in each leaves no room in such a volume.
    """
    every = [Slice(entry.name, 0, entry.size, True) for entry in index.entries if not _is_payload(entry)]
    base = sum(map(_cost, every)) + len(written(_emptied(index))) + _PER_ENTRY
    room = limit - base
    if room < _LEAST_SLICE + _PER_ENTRY * 4:
        raise InvalidInput(
            f"a volume of {limit} bytes is too small: {base} bytes of metadata and small files lie in each",
            hint=f"Take {base + 64 * PIECE} bytes or more.",
        )
    volumes: list[list[Slice]] = []
    left = 0
    for piece in _payload(index):
        rest: Slice | None = piece
        while rest is not None:
            if not volumes or (rest.size + _overhead(rest) > left and not _worth_cutting(rest, left)):
                volumes.append(list(every))
                left = room
            taken, rest = _cut(rest, left)
            volumes[-1].append(taken)
            left -= _cost(taken)
    return volumes or [every]


def _payload(index: TransferIndex) -> Iterator[Slice]:
    for entry in index.entries:
        if _is_payload(entry):
            yield Slice(entry.name, 0, entry.size, True)


def _is_payload(entry: TransferEntry) -> bool:
    _, folder, path = entry.name.split("/", 2)
    return folder == TARGETS_FOLDER and is_payload(path)


def _overhead(item: Slice) -> int:
    return _PER_ENTRY + 6 * len(item.name.encode())


def _cost(item: Slice) -> int:
    return item.size + _overhead(item)


def _worth_cutting(item: Slice, left: int) -> bool:
    room = left - _overhead(item)
    return item.size > PIECE and room >= _LEAST_SLICE


def _cut(item: Slice, left: int) -> tuple[Slice, Slice | None]:
    """What of this fits into ``left`` bytes, and what remains."""
    if _cost(item) <= left:
        return item, None
    stop = item.start + (left - _overhead(item)) // PIECE * PIECE
    return Slice(item.name, item.start, stop, False), Slice(item.name, stop, item.stop, False)


@dataclass(frozen=True, slots=True)
class Packing:
    """Writes the volumes of the transfer that lies in ``folder``.

    Attributes:
        base: what the names of the volumes begin with.
        advance: told how many bytes more were written.
    """

    index: TransferIndex
    folder: Path
    base: str
    advance: Callable[[int], None]

    def pack(self, volumes: Sequence[Sequence[Slice]], to: Path) -> list[Path]:
        """Write them into ``to``. Each is there whole, or not at all.

        Raises:
            OSError: it cannot be written.
        """
        paths = []
        for number, items in enumerate(volumes, start=1):
            path = to / volume_name(self.base, number, len(volumes))
            temporary = path.with_name(f".{path.name}.writing")
            try:
                with temporary.open("wb") as file:
                    self._write(file, items, number, len(volumes))
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
                durable.sync(to)
            finally:
                temporary.unlink(missing_ok=True)
            paths.append(path)
        return paths

    def _write(self, file: IO[bytes], items: Sequence[Slice], number: int, of: int) -> None:
        entries = []
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for item in items:
                with (self.folder / item.name).open("rb") as source, archive.open(_head(item), "w") as target:
                    source.seek(item.start)
                    digest = _copied(source, target, item.size, self.advance)
                entries.append(TransferEntry(name=item.entry, size=item.size, sha256=digest))
            raw = written(_numbered(self.index, number, of, tuple(entries)))
            archive.writestr(_head(Slice(INDEX_NAME, 0, len(raw), True)), raw)


def _head(item: Slice) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(item.entry, _TIME)
    entry.create_system = _UNIX
    entry.external_attr = _REGULAR_FILE << 16
    entry.compress_type = zipfile.ZIP_STORED
    entry.file_size = item.size
    return entry


def _copied(source: IO[bytes], target: IO[bytes], size: int, advance: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    while size > 0:
        chunk = source.read(min(_BUFFER, size))
        if not chunk:
            raise OSError("a file of the transfer became shorter while it was packed")
        digest.update(chunk)
        target.write(chunk)
        advance(len(chunk))
        size -= len(chunk)
    return digest.hexdigest()


def _numbered(
    index: TransferIndex, number: int, of: int, entries: tuple[TransferEntry, ...]
) -> TransferIndex:
    return TransferIndex(
        format=index.format,
        id=index.id,
        created=index.created,
        made_by=index.made_by,
        volume=number,
        volumes=of,
        sources=index.sources,
        entries=entries,
    )


def _emptied(index: TransferIndex) -> TransferIndex:
    return _numbered(index, 999_999, 999_999, ())
