"""Bringing one payload volume to its place: resumed by range, checked while it comes, renamed when it holds.

What has arrived lies beside the destination as ``<name>.<digest>.part``, named by the *signed* digest: it
stays over interruptions, restarts and changes of address, and is never mixed with the bytes of another
version. Where the publisher signed a list of the file's pieces, a piece that came wrong is fetched again
alone. The destination has the signed content, or is not there.
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
from pitstop.package.pieces import PIECE, Pieces
from pitstop.ports.payloads import Progress
from pitstop.transport import durable
from pitstop.transport.fetcher import Opened, SiteFetcher
from pitstop.transport.link import Interruption
from pitstop.transport.part import Part

SPARE = 32 << 20
"""Bytes that stay free on the destination's file system, for whatever else has to be written there."""

_NONSENSE = 4
"""So many wrong pieces one after the other are no mishap of the link: what comes is another file."""

FreeSpace = Callable[[Path], int]
"""Bytes that may still be written in this folder."""


class Nonsense(Interruption):
    """What came is wrong: worth another try, and in the end no fault of the link."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as the publisher signed it: ``size`` in bytes, ``sha256`` in hex, and the list of its pieces
    where there is one."""

    url: str
    size: int
    sha256: str
    pieces: Pieces | None = None


SLICES_SUFFIX = ".slices"
"""Of a volume that arrives in slices (:mod:`pitstop.transport.slices`): the whole makes them needless."""


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
    with _claimed(path, wanted.pieces) as part:
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
def _claimed(path: Path, pieces: Pieces | None) -> Iterator[Part]:
    """The part file, for this caller alone; left behind only if it holds something."""
    with _locked(path) as file:
        part = Part(file, pieces)
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
        mark = other.name.removesuffix(".json")
        stale = mark.endswith((".part", SLICES_SUFFIX)) and other != mine
        if other.name.startswith(f"{to.name}.") and stale:
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
    """Make the part the signed file. One that does not hold is fetched once more from the beginning, from
    every place there is, where it was pieced together also from the same one."""
    for again in range(fetcher.choices, -1, -1):
        _arrive(fetcher, wanted, part, progress)
        _mend(fetcher, wanted, part)
        if part.sha256 == wanted.sha256:
            return
        pieced = part.pieced
        part.restart()
        if again == 0 or (again == 1 and not pieced):
            break
        fetcher.turn()
    raise _wrong(wanted)


def _wrong(wanted: Wanted) -> DigestMismatch:
    return DigestMismatch(f"{wanted.url} is not the file that was signed: its SHA-256 differs")


def _arrive(fetcher: SiteFetcher, wanted: Wanted, part: Part, progress: Progress) -> None:
    """Take what is missing, over as many openings as the link's patience allows."""
    if part.size > wanted.size:
        part.restart()
    failures = wrong = 0
    progress(part.size, wanted.size)
    while part.size < wanted.size:
        before = part.size
        try:
            _take(fetcher, wanted, part, progress)
        except Interruption as error:
            failures = 1 if part.size - before >= fetcher.link.worthwhile else failures + 1
            _again(fetcher, failures, error)
        except DigestMismatch:
            wrong += 1
            if wrong >= fetcher.choices:
                raise
            fetcher.turn()
        except DownloadHTTPError as error:
            if error.status_code != 416 or part.size == 0:
                raise
            part.restart()  # the site has no such part: from the beginning, without asking for one


def _again(fetcher: SiteFetcher, failures: int, error: Interruption) -> None:
    """Wait before the next try.

    Raises:
        Interruption: there is none; DigestMismatch: and what came last was wrong, wherever it came from.
    """
    if isinstance(error, Nonsense) and failures >= max(fetcher.link.tries, fetcher.choices):
        raise DigestMismatch(error.message) from error
    fetcher.link.again(failures, error)


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
            if part.wrong_in_a_row >= _NONSENSE:
                part.drop_wrong_end()
                fetcher.turn()
                raise Nonsense(f"{wanted.url}: what comes is not the file that was signed")
            progress(part.size, wanted.size)
    if part.size < wanted.size:
        raise Interruption(f"{wanted.url} ended after {part.size} of {wanted.size} bytes")


def _mend(fetcher: SiteFetcher, wanted: Wanted, part: Part) -> None:
    """Fetch again, alone, each piece that came wrong. Where parts are not served, the whole is fetched.

    Raises:
        DigestMismatch: a piece stays wrong, wherever it is asked for; the others are kept.
    """
    failures = 0
    while part.holes:
        index = part.holes[0]
        try:
            piece = _piece(fetcher, wanted, *part.span(index))
            if piece is None:
                part.restart()
                part.pieced = True  # the fault may have been the link's: the whole is worth another try
                return
            if part.mend(index, piece):
                failures = 0
                continue
            fetcher.turn()
            raise Nonsense(f"{wanted.url}: the piece at byte {index * PIECE} is not what was signed")
        except Interruption as error:
            failures += 1
            _again(fetcher, failures, error)


def _piece(fetcher: SiteFetcher, wanted: Wanted, start: int, stop: int) -> bytes | None:
    """The bytes from ``start`` up to ``stop``; None: this site serves no parts."""
    content = bytearray()
    with fetcher.opened(wanted.url, start, None, stop) as file:
        if file.start != start:
            return None
        for chunk in fetcher.link.paced(file.chunks, wanted.url):
            content += chunk
            if len(content) >= stop - start:
                break
    if len(content) < stop - start:
        raise Interruption(f"{wanted.url} ended in the middle of a piece")
    return bytes(content[: stop - start])


def _require_size(wanted: Wanted, file: Opened) -> None:
    if file.total is not None and file.total != wanted.size:
        raise DigestMismatch(
            f"{wanted.url} has {file.total} bytes at the site, and {wanted.size} bytes were signed"
        )
