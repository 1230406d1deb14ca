"""A repository inside a volume of a transfer: read where it lies, never unpacked.

A volume is a zip file whose entries are stored as they are. Since nothing is unpacked by name, no name in it
can lead anywhere; since nothing is compressed, nothing in it can be larger than it is. What an honest volume
never has (twice the same name, also when case is folded, names that are no paths, links, devices, entries
that are compressed, encrypted or reach past the file's end) makes the whole volume refused.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadHTTPError

from pitstop.model.errors import InvalidPackage, Unreachable
from pitstop.package.content_paths import clash_problems, path_problem
from pitstop.transport.fetcher import CHUNK, Mark, Opened, SiteFetcher
from pitstop.transport.link import Interruption, Link

VOLUME_SCHEME = "volume"

MAX_ENTRIES = 500_000
_MAX_DIRECTORY = 256 << 20
_HEADER = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_LARGE_END = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED = 0x1
_UNIX_MODE = 16


@contextmanager
def opened_volume(path: Path) -> Iterator[zipfile.ZipFile]:
    """The volume, with everything in its directory found to be as it must be.

    Raises:
        InvalidPackage: it is no volume of a transfer, or is damaged.
        Unreachable: it cannot be read.
    """
    try:
        file = _plain_file(path)
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror or error}") from error
    with file:
        try:
            said = _require_small_directory(file, path)
            with zipfile.ZipFile(file) as archive:
                _require_sound(archive, path, os.fstat(file.fileno()).st_size, said)
                yield archive
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError) as error:
            raise InvalidPackage(
                f"{path.name} is damaged, or no volume of a transfer: {error}",
                hint="Copy it again from where it was made, or download it again.",
            ) from error


def _plain_file(path: Path) -> FileIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return FileIO(descriptor)
    os.close(descriptor)
    raise InvalidPackage(f"{path} is no plain file")


def _require_small_directory(file: FileIO, path: Path) -> int:
    """The directory is read into memory: one of absurd size is refused before that. How many entries it says
    that it has.

    Raises:
        InvalidPackage: it is too large.
        BadZipFile: this is no zip file without a comment, as volumes are.
    """
    entries, size = _directory(file)
    file.seek(0)
    if entries > MAX_ENTRIES or size > _MAX_DIRECTORY:
        raise InvalidPackage(f"{path.name} says that it has {entries} files: more than a volume may have")
    return entries


def _directory(file: FileIO) -> tuple[int, int]:
    """Entries and bytes of the directory, from the record at the file's end (APPNOTE 4.3.16 and 4.3.14).

    Raises:
        BadZipFile: there is no such record, or the directory does not end where it begins.
    """
    at = os.fstat(file.fileno()).st_size - _END.size
    mark, *_, entries, size, offset, comment = _END.unpack(_read_at(file, at, _END.size))
    if mark != b"PK\5\6" or comment:
        raise zipfile.BadZipFile("it does not end as a zip file does, or was cut short")
    if entries == 0xFFFF or 0xFFFFFFFF in (size, offset):
        mark, _disk, at, _disks = _LOCATOR.unpack(_read_at(file, at - _LOCATOR.size, _LOCATOR.size))
        if mark != b"PK\6\7":
            raise zipfile.BadZipFile("it does not say where its directory is")
        mark, *_, entries, size, offset = _LARGE_END.unpack(_read_at(file, at, _LARGE_END.size))
        if mark != b"PK\6\6":
            raise zipfile.BadZipFile("it does not say where its directory is")
    if offset + size != at:
        raise zipfile.BadZipFile("its directory is not where it should be")
    return int(entries), int(size)


def _read_at(file: FileIO, at: int, count: int) -> bytes:
    if at < 0 or at + count > os.fstat(file.fileno()).st_size:
        raise zipfile.BadZipFile("it was cut short")
    file.seek(at)
    content = file.read(count)
    if len(content) != count:
        raise zipfile.BadZipFile("it was cut short")
    return content


def _require_sound(archive: zipfile.ZipFile, path: Path, size: int, said: int) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    problems = [*filter(None, map(path_problem, names)), *clash_problems(names)]
    problems += [problem for entry in entries if (problem := _entry_problem(entry, size)) is not None]
    if len(entries) != said:
        problems.append(f"it says that it has {said} files, and has {len(entries)}")
    if sum(entry.file_size for entry in entries) > size:
        problems.append("its files together are larger than it is")
    if problems:
        raise InvalidPackage(f"{path.name} is refused: {problems[0]}")


def _entry_problem(entry: zipfile.ZipInfo, size: int) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> _UNIX_MODE)
    if kind not in (0, stat.S_IFREG):
        return f"{entry.filename!r} is no plain file"
    if entry.flag_bits & _ENCRYPTED or entry.compress_type != zipfile.ZIP_STORED:
        return f"{entry.filename!r} is encrypted or compressed"
    if entry.compress_size != entry.file_size or entry.header_offset + entry.file_size > size:
        return f"{entry.filename!r} is larger than the volume holds"
    return None


class VolumeFetcher(SiteFetcher):
    """Files of a repository in a volume, by ``volume:///<path in the volume>``."""

    def __init__(self, path: Path, link: Link) -> None:
        super().__init__(link)
        self._path = path
        self._looked_at: tuple[int, int, int] | None = None
        self._places: dict[str, tuple[int, int]] = {}

    @contextmanager
    def opened(
        self,
        url: str,
        start: int = 0,
        known: Mark | None = None,  # noqa: ARG002  a volume knows no marks
        stop: int | None = None,
    ) -> Iterator[Opened]:
        name = unquote(urlsplit(url).path).lstrip("/")
        self._look()
        place = self._places.get(name)
        if place is None:
            raise DownloadHTTPError(f"{name} is not in {self._path.name}", 404)
        header, size = place
        with _plain_file(self._path) as file:
            begins = _content_begins(file, header, name)
            file.seek(begins + start)
            ends = size if stop is None else min(stop, size)
            yield Opened(start, size, read_chunks(file, name, ends - start))

    def names(self) -> frozenset[str]:
        """Of all files in the volume."""
        self._look()
        return frozenset(self._places)

    def _look(self) -> None:
        """Read the volume's directory, unless it is the one that was read before."""
        try:
            now = self._path.stat()
        except OSError as error:
            raise Unreachable(f"{self._path} cannot be read: {error.strerror or error}") from error
        identity = (now.st_ino, now.st_size, now.st_mtime_ns)
        if identity != self._looked_at:
            with opened_volume(self._path) as archive:
                self._places = {
                    entry.filename: (entry.header_offset, entry.file_size) for entry in archive.infolist()
                }
            self._looked_at = identity


def _content_begins(file: FileIO, header: int, name: str) -> int:
    """Where an entry's bytes begin, behind its own header (APPNOTE 4.3.7).

    Raises:
        InvalidPackage: header and directory do not say the same.
    """
    try:
        mark, *_, name_size, extra_size = _HEADER.unpack(_read_at(file, header, _HEADER.size))
        said = _read_at(file, header + _HEADER.size, name_size)
    except zipfile.BadZipFile as error:
        raise InvalidPackage(f"{name} in the volume is damaged: {error}") from error
    if mark != b"PK\3\4" or said != name.encode():
        raise InvalidPackage(f"{name} in the volume is damaged: it is not where its directory says")
    return int(header + _HEADER.size + name_size + extra_size)


def read_chunks(file: IO[bytes], name: str, count: int) -> Iterator[bytes]:
    """So many bytes from here on, or as many as there are.

    Raises:
        Interruption: they cannot be read.
    """
    while count > 0:
        try:
            chunk = file.read(min(CHUNK, count))
        except OSError as error:
            raise Interruption(f"{name} cannot be read: {error}") from error
        if not chunk:
            return
        count -= len(chunk)
        yield chunk
