"""A place in an object store that is watched: what is put there is imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A file that lies there. ``mark``: what changes when its bytes do."""

    name: str
    size: int
    mark: str


class Bucket(Protocol):
    """Adapter: :mod:`pitstop.transport.bucket`."""

    def files(self) -> Sequence[BucketFile]:
        """All that lies there, by name; names have slashes, as paths below the watched place.

        Raises:
            Unreachable: the store does not answer, or does not let us look.
        """

    def read(self, file: BucketFile, start: int) -> Iterator[bytes]:
        """The file's bytes from ``start`` on.

        Raises:
            Unreachable: it broke off, or is gone. Conflict: it is another file now.
        """
