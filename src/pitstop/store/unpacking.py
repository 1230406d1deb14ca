"""Taking content files out of a package's volumes. A volume is taken as hostile.

Only entries that the manifest names are read, as plain files, no further than their signed size, and none
is kept whose digest is not the signed one. What fails leaves nothing behind; what was cut short leaves
content that holds, which is not unpacked again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pitstop.model.errors import DigestMismatch, InvalidPackage
from pitstop.model.packages import ContentFile, Manifest, Volume
from pitstop.package.volumes import volume_entries
from pitstop.ports.payloads import Progress
from pitstop.store.content import ContentFolder

_CHUNK = 1 << 20
_UNIX_MODE = 16
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)


class Unpacking:
    """One package being unpacked into ``content``, by way of the folder ``incoming``.

    Args:
        missing: the files to take; a content that several of them share is taken once.
        progress: told bytes taken, and bytes in all.
    """

    def __init__(
        self, content: ContentFolder, incoming: Path, missing: Sequence[ContentFile], progress: Progress
    ) -> None:
        self._content = content
        self._incoming = incoming
        self._missing = {(file.sha256, file.size): file for file in missing}
        self._progress = progress
        self._taken: list[str] = []
        self._done = 0
        self.size = sum(file.size for file in self._missing.values())

    def take_volume(self, path: Path, volume: Volume, manifest: Manifest) -> None:
        """Take what is missing out of one volume.

        Raises:
            InvalidPackage: the volume is not what it should be.
            DigestMismatch: a content file is not the one that was signed.
        """
        if not self._missing:
            return
        with _opened(path, volume) as archive:
            for entry, file in list(_plain_entries(archive, manifest)):
                if (file.sha256, file.size) in self._missing:
                    self._take(archive, entry, file)

    def finish(self) -> None:
        """Make it last.

        Raises:
            InvalidPackage: something is still missing.
        """
        for file in self._missing.values():
            raise InvalidPackage(f"the volumes lack {file.path}", hint="Download the update again.")
        self._content.sync(iter(self._taken))

    def undo(self) -> None:
        """Remove what was taken."""
        for digest in self._taken:
            self._content.remove(digest)

    def _take(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: ContentFile) -> None:
        temporary = self._incoming / file.sha256
        _extract(archive, entry, file, temporary, self._advance)
        self._taken.append(file.sha256)
        self._content.adopt(temporary, file)
        del self._missing[file.sha256, file.size]

    def _advance(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self.size)


@contextmanager
def _opened(path: Path, volume: Volume) -> Iterator[zipfile.ZipFile]:
    """The volume as an archive; where the block finds it damaged, that is said.

    Raises:
        InvalidPackage: it is not here, has another size than was signed, or is no archive.
    """
    size = path.stat().st_size if path.is_file() and not path.is_symlink() else None
    if size != volume.size:
        found = "is not here" if size is None else f"has {size} bytes, signed are {volume.size}"
        raise InvalidPackage(f"volume {volume.name} {found}", hint="Download the update again.")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _BROKEN as error:
        raise InvalidPackage(f"volume {volume.name} is damaged: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # The directory led to a place outside the file.
        raise InvalidPackage(f"volume {volume.name} is damaged: it names a place outside itself") from error


def _plain_entries(
    archive: zipfile.ZipFile, manifest: Manifest
) -> Iterator[tuple[zipfile.ZipInfo, ContentFile]]:
    """The volume's entries with what the manifest says of each.

    Raises:
        InvalidPackage: an entry is not in the manifest, is there twice, is no plain file, or has another
            size than was signed.
    """
    for entry, file in volume_entries(archive, manifest):
        if stat.S_IFMT(entry.external_attr >> _UNIX_MODE) not in (0, stat.S_IFREG):
            raise InvalidPackage(f"volume entry {entry.filename!r} is no plain file")
        yield entry, file


def _extract(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    file: ContentFile,
    to: Path,
    advance: Callable[[int], None],
) -> None:
    """Write the entry to the new file ``to``, on disk when this returns.

    Raises:
        DigestMismatch: it is not the file that was signed; ``to`` may be there in part.
    """
    digest, size = hashlib.sha256(), 0
    with archive.open(entry) as source, to.open("xb") as target:
        # One byte more than signed is asked for, so that a longer one is noticed.
        while chunk := _read(source, file.size + 1 - size):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
            advance(len(chunk))
        target.flush()
        os.fsync(target.fileno())
    if size != file.size or digest.hexdigest() != file.sha256:
        raise DigestMismatch(f"{file.path} is not the file that was signed: its digest differs")


def _read(source: IO[bytes], at_most: int) -> bytes:
    return source.read(min(_CHUNK, at_most)) if at_most > 0 else b""
