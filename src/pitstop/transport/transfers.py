"""Looking at a transfer, as a folder or a volume of one: what it says that it holds, and whether that is so.

This tells what is missing or damaged; whether it is the publisher's is judged by signatures, where it is
imported or verified with a root of trust.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from pitstop.model.errors import InvalidInput, InvalidPackage, NotFound
from pitstop.ports.payloads import Progress
from pitstop.transport.transfer_files import MAX_INDEX_BYTES, read_index
from pitstop.transport.volume_fetcher import opened_volume
from pitstop.wire.transfers import INDEX_NAME, TransferEntry, TransferIndex

_BUFFER = 1 << 20


def is_volume(path: Path) -> bool:
    """Whether this is a file that could be a volume of a transfer."""
    return path.is_file() and path.suffix == ".zip"


def show(path: Path) -> TransferIndex:
    """What a transfer, or a volume of one, says that it holds.

    Raises:
        NotFound: there is no transfer; InvalidInput, InvalidPackage: it is not as one must be.
    """
    if is_volume(path):
        with opened_volume(path) as archive:
            return _index_in(archive, path)
    try:
        with (path / INDEX_NAME).open("rb") as file:
            return read_index(file.read(MAX_INDEX_BYTES + 1))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"there is no transfer at {path}: {INDEX_NAME} is missing",
            hint="Name its folder, or a volume of it. One that was cut short has none: download it again.",
        ) from None
    except OSError as error:
        raise InvalidInput(f"{path / INDEX_NAME} cannot be read: {error.strerror}") from error


def _index_in(archive: zipfile.ZipFile, path: Path) -> TransferIndex:
    try:
        entry = archive.getinfo(INDEX_NAME)
    except KeyError:
        raise NotFound(f"{path} is no volume of a transfer: {INDEX_NAME} is missing") from None
    if entry.file_size > MAX_INDEX_BYTES:
        raise InvalidPackage(f"{INDEX_NAME} in {path.name} is larger than it may be")
    return read_index(archive.read(entry))


def damages(path: Path, progress: Progress) -> Iterator[str]:
    """What is missing or not as it was written, a sentence each; reads all that is there.

    Raises:
        As ``show``.
    """
    index = show(path)
    whole = sum(entry.size for entry in index.entries)
    done = 0
    with _opener(path) as opened:
        for entry in index.entries:
            problem = _damage(entry, opened)
            if problem is not None:
                yield problem
            done += entry.size
            progress(done, whole)


class _Folder:
    """A transfer as a folder; links are not followed out of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        file = self._path / name
        if not file.resolve().is_relative_to(self._path.resolve()) or not stat.S_ISREG(file.stat().st_mode):
            raise FileNotFoundError(name)
        return file.open("rb")


@contextmanager
def _opener(path: Path) -> Iterator[_Folder | zipfile.ZipFile]:
    if is_volume(path):
        with opened_volume(path) as archive:
            yield archive
    else:
        yield _Folder(path)


def _damage(entry: TransferEntry, place: _Folder | zipfile.ZipFile) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        with place.open(entry.name) as content:
            while size <= entry.size and (chunk := content.read(_BUFFER)):
                digest.update(chunk)
                size += len(chunk)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        return f"{entry.name} is missing"
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        return f"{entry.name} cannot be read: {error}"
    if size != entry.size or digest.hexdigest() != entry.sha256:
        return f"{entry.name} is not as it was written"
    return None
