"""One thing on its way into a bundle: secrets removed as it comes, within its bounds, into a work file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import BinaryIO

from pitstop.diagnostics.budget import Purse, Room
from pitstop.diagnostics.disk import in_thread, translated
from pitstop.diagnostics.redaction import BLOCK_BYTES, Redactor, Rules

_LOOKED_AT = 8 << 10


class Intake:
    """Takes pieces of a stream, and is closed once.

    Args:
        spool: the file that it is written to; not made before there is something to write.
        most: bytes of it that are taken.
        from_middle: it begins in the middle of a line, of which the rest is dropped.

    Attributes:
        is_binary: it is no text. Nothing of it was taken: secrets could not be found in it.
        is_cut: there was more than ``most``.
        taken: bytes so far, as they came.
    """

    def __init__(
        self, rules: Rules, spool: Path, most: int, purse: Purse, room: Room, *, from_middle: bool = False
    ) -> None:
        self.redactor = Redactor(rules)
        self.spool = spool
        self.is_binary = False
        self.is_cut = False
        self.taken = 0
        self._left = most
        self._purse = purse
        self._room = room
        self._from_middle = from_middle
        self._is_looked_at = False
        self._pending = bytearray()
        self._file: BinaryIO | None = None

    async def take(self, piece: bytes) -> bool:
        """Take the next piece; False: no more is wanted.

        Raises:
            NoSpace: there is no room for it.
        """
        allowed = max(0, min(self._left, self._purse.left))
        if len(piece) > allowed:
            self.is_cut = True
            piece = piece[:allowed]
        self.taken += len(piece)
        self._left -= len(piece)
        self._purse.take(len(piece))
        self._pending += piece
        if len(self._pending) >= BLOCK_BYTES or (not self._is_looked_at and len(self._pending) >= _LOOKED_AT):
            await self._pass_on()
        return not (self.is_binary or self.is_cut)

    async def close(self) -> None:
        """What is left goes into the file. Again is no harm."""
        if not self.is_binary:
            await self._pass_on()
        await in_thread(self._end)

    def drop(self) -> None:
        """It is not wanted any more."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.spool.unlink(missing_ok=True)

    async def _pass_on(self) -> None:
        pending = bytes(self._pending)
        self._pending.clear()
        if not self._is_looked_at and pending:
            self._is_looked_at = True
            self.is_binary = b"\0" in pending[:_LOOKED_AT]
        if self._from_middle:
            _, newline, pending = pending.partition(b"\n")
            self._from_middle = not newline
        if pending and not self.is_binary:
            await in_thread(partial(self._redact, pending))

    def _redact(self, pending: bytes) -> None:
        self._write(self.redactor.feed(pending))

    def _end(self) -> None:
        if not self.is_binary:
            self._write(self.redactor.finish())
        if self._file is not None:
            with translated():
                self._file.close()
            self._file = None

    def _write(self, out: bytes) -> None:
        if not out:
            return
        self._room.require(len(out))
        with translated():
            if self._file is None:
                self._file = self.spool.open("xb")
            self._file.write(out)
