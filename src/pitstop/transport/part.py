"""What has arrived of a file so far, and what of it is known to be wrong.

With a list of the file's pieces each piece is checked as it is completed: a wrong one becomes a *hole*, to be
fetched again alone, while the rest goes on. Without a list only the whole can be judged, at its end.
"""

from __future__ import annotations

import hashlib
import os
from io import FileIO

from pitstop.package.pieces import PIECE, Pieces


class Part:
    """A part file, read once when it is opened: what it holds from before is checked like what comes.

    Attributes:
        size: bytes that have arrived, holes among them.
        holes: indexes of the pieces that are here and wrong, in order.
        wrong_in_a_row: pieces that came wrong one after the other, up to now.
        pieced: whether it was put together from several openings, so that a wrong digest may be the fault
            of this side (a crash) or of a site that changed in between.
    """

    def __init__(self, file: FileIO, pieces: Pieces | None = None) -> None:
        self._file = file
        self._pieces = pieces
        self._begin()
        while chunk := file.read(PIECE):
            self._take_in(chunk)
        self.pieced = self.size > 0
        self.wrong_in_a_row = 0

    def _begin(self) -> None:
        self._digest = hashlib.sha256()
        self._piece = hashlib.sha256()
        self._patched = False
        self._completed = 0
        self.size = 0
        self.holes: list[int] = []
        self.wrong_in_a_row = 0
        self.pieced = False

    @property
    def sha256(self) -> str:
        """Of all that is here. Where holes were mended this reads the file again."""
        if not self._patched:
            return self._digest.hexdigest()
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def add(self, chunk: bytes) -> None:
        _write(self._file, chunk, self.size)
        self._take_in(chunk)

    def _take_in(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        if self._pieces is None:
            self.size += len(chunk)
            return
        rest = memoryview(chunk)
        while rest:
            index = self.size // PIECE
            count = min(len(rest), (index + 1) * PIECE - self.size)
            self._piece.update(rest[:count])
            self.size += count
            rest = rest[count:]
            if self.size >= self._pieces.span(index)[1]:
                self._piece_ended(self._pieces, index)

    def _piece_ended(self, pieces: Pieces, index: int) -> None:
        self._completed = index + 1
        if self._piece.digest() == pieces.digest(index):
            self.wrong_in_a_row = 0
        else:
            self.holes.append(index)
            self.wrong_in_a_row += 1
        self._piece = hashlib.sha256()

    def mend(self, index: int, piece: bytes) -> bool:
        """Put this into the hole; False: it is wrong too, and the hole stays."""
        if self._pieces is None or hashlib.sha256(piece).digest() != self._pieces.digest(index):
            return False
        _write(self._file, piece, self._pieces.span(index)[0])
        self.holes.remove(index)
        self._patched = True
        return True

    def span(self, index: int) -> tuple[int, int]:
        """Where this piece begins and ends in the file."""
        return self._pieces.span(index) if self._pieces is not None else (0, 0)

    def drop_wrong_end(self) -> None:
        """Take back the wrong pieces that came last."""
        begins = (self._completed - self.wrong_in_a_row) * PIECE
        self._file.truncate(begins)
        self.holes = [index for index in self.holes if index * PIECE < begins]
        self.size = begins
        self._piece = hashlib.sha256()
        self.wrong_in_a_row = 0
        self._patched = True

    def restart(self) -> None:
        """Begin again with nothing."""
        self._file.truncate(0)
        self._begin()

    def on_disk(self) -> None:
        os.fsync(self._file.fileno())


def _write(file: FileIO, chunk: bytes, at: int) -> None:
    rest = memoryview(chunk)
    while rest:
        written = os.pwrite(file.fileno(), rest, at)
        rest, at = rest[written:], at + written
