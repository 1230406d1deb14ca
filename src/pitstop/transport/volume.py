"""Bringing one payload volume to its place: resumed by range, checked while it comes, renamed when it holds.

What has arrived lies beside the destination as ``<name>.<digest>.part``, named by the *signed* digest: it
stays over interruptions, restarts and changes of address, and is never mixed with the bytes of another
version. The destination has the signed content, or is not there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError

from pitstop.model.errors import DigestMismatch, NoSpace
from pitstop.ports.payloads import Progress
from pitstop.transport import durable
from pitstop.transport.fetcher import CHUNK, Opened, SiteFetcher
from pitstop.transport.link import Interruption

SPARE = 32 << 20
"""Bytes that stay free on the destination's file system, for whatever else has to be written there."""

FreeSpace = Callable[[Path], int]
"""Bytes that may still be written in this folder."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as the publisher signed it: ``size`` in bytes, ``sha256`` in hex."""

    url: str
    size: int
    sha256: str


class Part:
    """What has arrived so far, and its digest.

    Attributes:
        pieced: whether it was put together from several openings, so that a wrong digest may be the fault
            of this side (a crash) or of a site that changed in between.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0
        self.pieced = False
        while chunk := file.read(CHUNK):
            self._digest.update(chunk)
            self.size += len(chunk)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def add(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._digest.update(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        """Begin again with nothing."""
        self._file.seek(0)
        self._file.truncate()
        self._digest = hashlib.sha256()
        self.size = 0
        self.pieced = False

    def on_disk(self) -> None:
        os.fsync(self._file.fileno())


def fetch(fetcher: SiteFetcher, wanted: Wanted, to: Path, progress: Progress, free: FreeSpace) -> None:
    """Bring the file to ``to``. What ``progress`` raises ends it; what has arrived is kept for next time.

    Raises:
        Unreachable: all tries have failed; what has arrived is kept.
        DigestMismatch: it is not what was signed; bytes that are proven wrong are not kept.
        NoSpace: it does not fit; what has arrived is kept.
        DownloadHTTPError: the site does not give this file (4xx).
        OSError: the destination cannot be written.
    """
    path = to.with_name(f"{to.name}.{wanted.sha256[:16]}.part")
    with _claimed(path) as part:
        if _holds(to, wanted):
            progress(wanted.size, wanted.size)
            return
        to.unlink(missing_ok=True)
        _drop_other_versions(to, path)
        _require_space(wanted, part, to, free)
        _complete(fetcher, wanted, part, progress)
        part.on_disk()
        path.replace(to)
        durable.sync(to.parent)


@contextmanager
def _claimed(path: Path) -> Iterator[Part]:
    """The part file, for this caller alone; left behind only if it holds something."""
    with _locked(path) as file:
        part = Part(file)
        try:
            yield part
        finally:
            if part.size == 0:
                path.unlink(missing_ok=True)


def _locked(path: Path) -> FileIO:
    """The part file, open and locked. Whoever waited for the lock may find the file renamed or removed
    meanwhile, and then takes the one that is there now."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        file = FileIO(os.open(path, flags, 0o644), "r+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.lstat()):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _drop_other_versions(to: Path, mine: Path) -> None:
    for other in to.parent.iterdir():
        if other.name.startswith(f"{to.name}.") and other.suffix == ".part" and other != mine:
            other.unlink(missing_ok=True)


def _holds(to: Path, wanted: Wanted) -> bool:
    if not to.is_file() or to.is_symlink() or to.stat().st_size != wanted.size:
        return False
    with to.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256


def _require_space(wanted: Wanted, part: Part, to: Path, free: FreeSpace) -> None:
    needed = max(wanted.size - part.size, 0) + SPARE
    there = free(to.parent)
    if there < needed:
        raise NoSpace(
            f"{to.name} needs {needed} bytes in {to.parent}, and {there} are free",
            hint=f"Free {needed - there} bytes there, then try again.",
        )


def _complete(fetcher: SiteFetcher, wanted: Wanted, part: Part, progress: Progress) -> None:
    """Make the part the signed file. One that was pieced together and does not hold is fetched once more."""
    if part.size > 0:
        part.pieced = True
    for _ in range(2):
        _arrive(fetcher, wanted, part, progress)
        if part.sha256 == wanted.sha256:
            return
        pieced = part.pieced
        part.restart()
        if not pieced:
            break
    raise DigestMismatch(f"{wanted.url} is not the file that was signed: its SHA-256 differs")


def _arrive(fetcher: SiteFetcher, wanted: Wanted, part: Part, progress: Progress) -> None:
    """Take what is missing, over as many openings as the link's patience allows."""
    if part.size > wanted.size:
        part.restart()
    failures = 0
    progress(part.size, wanted.size)
    while part.size < wanted.size:
        before = part.size
        try:
            _take(fetcher, wanted, part, progress)
        except Interruption as error:
            failures = 1 if part.size - before >= fetcher.link.worthwhile else failures + 1
            fetcher.link.again(failures, error)
        except DownloadHTTPError as error:
            if error.status_code != 416 or part.size == 0:
                raise
            part.restart()  # the site has no such part: from the beginning, without asking for one


def _take(fetcher: SiteFetcher, wanted: Wanted, part: Part, progress: Progress) -> None:
    """Take what one opening brings."""
    with fetcher.opened(wanted.url, part.size) as file:
        _require_size(wanted, file)
        if file.start != part.size:
            part.restart()
        elif part.size:
            part.pieced = True
        for chunk in fetcher.link.paced(file.chunks, wanted.url):
            if part.size + len(chunk) > wanted.size:
                part.restart()
                raise DigestMismatch(f"{wanted.url} is longer than the {wanted.size} bytes that were signed")
            part.add(chunk)
            progress(part.size, wanted.size)
    if part.size < wanted.size:
        raise Interruption(f"{wanted.url} ended after {part.size} of {wanted.size} bytes")


def _require_size(wanted: Wanted, file: Opened) -> None:
    if file.total is not None and file.total != wanted.size:
        raise DigestMismatch(
            f"{wanted.url} has {file.total} bytes at the site, and {wanted.size} bytes were signed"
        )
