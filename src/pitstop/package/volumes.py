"""How content lies in the volumes of a package.

An entry of a volume is a content file under its content path. Volumes are only carriers: what counts is that
each content file matches the signed manifest. They are reproducible all the same: files in the manifest's
order, fixed times, modes from the manifest, one compression level; the same content gives the same bytes
(with the same zlib).
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest

DEFAULT_VOLUME_BYTES = 2 * 1024**3

_TIME = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
_UNIX = 3
_REGULAR_FILE = 0o100000
_ENCRYPTED = 0x1
_KNOWN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def split(
    files: Iterable[ContentFile], limit: int = DEFAULT_VOLUME_BYTES
) -> Iterator[tuple[ContentFile, ...]]:
    """The files of each volume: in order, up to ``limit`` bytes of content in each; a larger file has a
    volume of its own."""
    volume: list[ContentFile] = []
    size = 0
    for file in files:
        if volume and size + file.size > limit:
            yield tuple(volume)
            volume, size = [], 0
        volume.append(file)
        size += file.size
    if volume:
        yield tuple(volume)


def write_volume(
    to: IO[bytes], files: Iterable[ContentFile], content: Callable[[ContentFile], IO[bytes]]
) -> None:
    """Write a volume of these files into ``to``; ``content`` opens a file's bytes, which are closed here."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.path, _TIME)
            entry.create_system = _UNIX
            entry.external_attr = (_REGULAR_FILE | file.mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.file_size = file.size
            with content(file) as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def volume_entries(
    archive: zipfile.ZipFile, manifest: Manifest
) -> Iterator[tuple[zipfile.ZipInfo, ContentFile]]:
    """The entries of a volume with what the manifest says of them. Digests are left to who reads the bytes,
    and so is reading no more than ``ContentFile.size`` of them.

    Raises:
        InvalidPackage: an entry that the manifest does not know, twice the same, of another size, encrypted,
            or compressed in an unknown way.
    """
    known = {file.path: file for file in manifest.files}
    for entry in archive.infolist():
        file = known.pop(entry.filename, None)
        if file is None:
            raise InvalidPackage(f"volume entry {entry.filename!r} is not in the manifest, or is there twice")
        if entry.file_size != file.size:
            raise InvalidPackage(
                f"volume entry {entry.filename!r} has {entry.file_size} bytes, signed are {file.size}"
            )
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _KNOWN_COMPRESSION:
            raise InvalidPackage(
                f"volume entry {entry.filename!r} is encrypted or compressed in an unknown way"
            )
        yield entry, file
