"""What was handed over to be imported: kept on disk until it is dealt with, found again after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pitstop.model.imports import Import
from pitstop.ports.feeds import Source
from pitstop.ports.media import Examined


@dataclass(frozen=True, slots=True)
class Repository:
    """A publisher's repository among what was handed over.

    Attributes:
        hint: what its folder is called: often a source's name.
        volume: with a volume of a transfer, below which name it lies in ``place``.
    """

    place: Path
    hint: str
    volume: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What was handed over, before anything is believed: repositories, and metadata files of loose sets."""

    repositories: tuple[Repository, ...]
    loose: tuple[Path, ...]


class Arrivals(Protocol):
    """Imports and their files. Files are written only below a folder of their own."""

    def add(self, item: Import, more: int = 0) -> None:
        """Remember a new import, whose files are to have these bytes, and ``more`` that nobody named yet.

        Raises:
            NoSpace: its files do not fit, said before the first byte; InvalidInput: their names cannot be.
        """

    def update(self, item: Import) -> None: ...

    def get(self, import_id: str) -> Import:
        """Raises NotFound."""

    def all(self) -> Sequence[Import]:
        """Newest first."""

    def received(self, item: Import) -> Sequence[int]:
        """How many bytes of each of its files are here."""

    def receive(self, item: Import, file: int, offset: int, chunk: bytes) -> int:
        """Take in the next bytes of a file, by its number from 0; how many are here now.

        Raises:
            NotFound: there is no such file.
            Conflict: these are not the next bytes; the message says which are.
            InvalidInput: they are more than the file was to have. NoSpace, StateUnusable.
        """

    def receive_named(self, item: Import, name: str, chunk: bytes) -> Import:
        """Take in the next bytes of a file that nobody announced; the import as it is then.

        Raises:
            InvalidInput: there can be no file of this name beside the others. NoSpace, StateUnusable.
        """

    def place(self, item: Import) -> Path:
        """Where what was handed over lies."""

    def drop_files(self, item: Import) -> None:
        """Remove its uploaded files; none is no harm."""

    def remove(self, item: Import) -> None:
        """Forget it, with its files."""

    def marks(self, folder: Path) -> dict[str, str]:
        """By name, for each thing in a watched folder, what changes when it does.

        Raises:
            Unreachable: it cannot be read.
        """

    def contents(self, place: Path) -> Contents:
        """What lies there. Nothing is believed, nothing unpacked.

        Raises:
            NotFound: nothing that could be imported. InvalidPackage: what no honest medium has. Unreachable.
        """


class Loose(Protocol):
    """Loose file sets: accepted when trusted metadata of a known publisher lists the digest of their XML."""

    def examine_loose(self, sources: Sequence[Source], xml: Path) -> tuple[str, Examined]:
        """Whose it is, by the digest of the XML alone: the package's name, and what lies beside it.

        Raises:
            TrustError: no known publisher has signed it; what is known is too old.
        """
