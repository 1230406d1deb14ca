"""The pieces of a large file, each with its digest: what came wrong over a weak link is fetched again alone.

A list of pieces is a signed target of its own beside the file, ``<file>.pieces``: the SHA-256 of each
256 KiB, one after the other, 32 bytes each. It says nothing that the file's own digest does not say; a site
without such lists works as well, only that one wrong byte costs the whole file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO

from pitstop.model.errors import InvalidPackage

PIECE = 1 << 18
"""Bytes of a piece; the last one of a file may be shorter."""

SUFFIX = ".pieces"
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Pieces:
    """The list of a file of ``size`` bytes."""

    size: int
    digests: bytes

    @property
    def count(self) -> int:
        return len(self.digests) // _DIGEST

    def digest(self, index: int) -> bytes:
        return self.digests[index * _DIGEST : (index + 1) * _DIGEST]

    def span(self, index: int) -> tuple[int, int]:
        """Where this piece begins and ends in the file."""
        return index * PIECE, min((index + 1) * PIECE, self.size)


def pieces_target(target: str) -> str:
    """Where the list of the file at this target path lies."""
    return target + SUFFIX


def has_pieces(size: int) -> bool:
    """Whether a file of this size gets a list: one that is no longer than a piece needs none."""
    return size > PIECE


def pieces_size(size: int) -> int:
    """Bytes of the list of a file of this size."""
    return -(-size // PIECE) * _DIGEST


def pieces_of(file: IO[bytes]) -> bytes:
    """The list of what the file holds from here to its end."""
    digests = bytearray()
    while piece := file.read(PIECE):
        digests += hashlib.sha256(piece).digest()
    return bytes(digests)


def read_pieces(raw: bytes, size: int) -> Pieces:
    """The list of a file of this size.

    Raises:
        InvalidPackage: it is as long as the list of another file.
    """
    if len(raw) != pieces_size(size):
        raise InvalidPackage(
            f"a list of pieces has {len(raw)} bytes; for {size} bytes it has {pieces_size(size)}"
        )
    return Pieces(size, raw)
