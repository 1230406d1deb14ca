"""A volume that arrives in slices, on several media and in any order.

What has come lies beside the destination as ``<name>.<digest>.slices``, named by the signed digest, and next
to it which bytes those are. A slice whose pieces can be checked is checked before it counts; the whole is
checked in any case, and renamed into place when it holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import msgspec

from pitstop.model.errors import DigestMismatch, NoSpace
from pitstop.package.pieces import PIECE
from pitstop.package.typed import from_json
from pitstop.ports.payloads import Progress
from pitstop.transport import durable
from pitstop.transport.volume import SLICES_SUFFIX, SPARE, FreeSpace, Wanted


@dataclass(frozen=True, slots=True)
class Incoming:
    """A slice that has begun to come: where it lies in the volume, and its bytes."""

    start: int
    size: int
    chunks: Iterator[bytes]


class _Came(msgspec.Struct):
    """Which bytes are here: ``spans``, sorted and apart."""

    spans: list[tuple[int, int]] = []


def lacks(wanted: Wanted, to: Path, start: int, size: int) -> bool:
    """Whether something of this slice is not here yet."""
    spans = _load(_book(wanted, to)).spans
    return not any(begin <= start and start + size <= end for begin, end in spans)


def take(wanted: Wanted, to: Path, slices: Sequence[Incoming], progress: Progress, free: FreeSpace) -> bool:
    """Take these slices in; whether the volume is complete now, and at ``to``.

    Raises:
        DigestMismatch: a slice, or the whole, is not what was signed; what is proven wrong is not kept.
        NoSpace: the volume does not fit. OSError: it cannot be written.
    """
    book = _book(wanted, to)
    with _locked(book) as file:
        came = _load(book)
        here = sum(end - begin for begin, end in came.spans)
        _require_space(wanted, here, to, free)
        for item in slices:
            if item.start + item.size > wanted.size:
                raise DigestMismatch(f"{wanted.url}: a slice of it reaches past its end")
            kept = _without(came.spans, item.start, item.start + item.size)
            if kept != came.spans:
                durable.write(book, msgspec.json.encode(_Came(kept)))
            _take_one(wanted, file, item)
            came = _Came(_joined([*kept, (item.start, item.start + item.size)]))
            os.fsync(file.fileno())
            durable.write(book, msgspec.json.encode(came))
            progress(sum(end - begin for begin, end in came.spans), wanted.size)
        if came.spans != [(0, wanted.size)]:
            return False
        _finish(wanted, file, book, to)
        return True


def _take_one(wanted: Wanted, file: FileIO, item: Incoming) -> None:
    at = item.start
    for chunk in item.chunks:
        rest = memoryview(chunk)
        if at + len(rest) > item.start + item.size:
            raise DigestMismatch(f"{wanted.url}: a slice of it is longer than it says")
        while rest:
            written = os.pwrite(file.fileno(), rest, at)
            rest, at = rest[written:], at + written
    if at != item.start + item.size:
        raise DigestMismatch(f"{wanted.url}: a slice of it was cut short")
    _check_pieces(wanted, file, item)


def _check_pieces(wanted: Wanted, file: FileIO, item: Incoming) -> None:
    """Raises DigestMismatch when a piece that lies wholly in this slice is wrong."""
    if wanted.pieces is None:
        return
    for index in range(-(-item.start // PIECE), wanted.pieces.count):
        begin, end = wanted.pieces.span(index)
        if end > item.start + item.size:
            return
        if hashlib.sha256(os.pread(file.fileno(), end - begin, begin)).digest() != wanted.pieces.digest(
            index
        ):
            raise DigestMismatch(f"{wanted.url}: the piece at byte {begin} is not what was signed")


def _finish(wanted: Wanted, file: FileIO, book: Path, to: Path) -> None:
    file.seek(0)
    if hashlib.file_digest(file, "sha256").hexdigest() != wanted.sha256:
        book.unlink(missing_ok=True)
        _data(book).unlink(missing_ok=True)
        raise DigestMismatch(f"{wanted.url} is not the file that was signed: its SHA-256 differs")
    _data(book).replace(to)
    durable.sync(to.parent)
    book.unlink(missing_ok=True)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _without(spans: list[tuple[int, int]], begin: int, end: int) -> list[tuple[int, int]]:
    """What is left of the spans when these bytes are about to be written anew."""
    left = [(start, min(stop, begin)) for start, stop in spans if start < begin]
    right = [(max(start, end), stop) for start, stop in spans if stop > end]
    return left + right


def _book(wanted: Wanted, to: Path) -> Path:
    return to.with_name(f"{to.name}.{wanted.sha256[:16]}{SLICES_SUFFIX}.json")


def _data(book: Path) -> Path:
    return book.with_name(book.name.removesuffix(".json"))


def _load(book: Path) -> _Came:
    """What has come. A damaged book, or one without its bytes, says nothing: then it all comes again."""
    try:
        came = from_json(book.read_bytes(), _Came)
    except (FileNotFoundError, msgspec.DecodeError):
        return _Came()
    return came if _data(book).exists() else _Came()


@contextmanager
def _locked(book: Path) -> Iterator[FileIO]:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with FileIO(os.open(_data(book), flags, 0o644), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield file
        finally:
            if not book.exists():
                _data(book).unlink(missing_ok=True)


def _require_space(wanted: Wanted, here: int, to: Path, free: FreeSpace) -> None:
    needed = wanted.size - here + SPARE
    there = free(to.parent)
    if there < needed:
        raise NoSpace(
            f"{to.name} needs {needed} bytes in {to.parent}, and {there} are free",
            hint=f"Free {needed - there} bytes there, then try again.",
        )
