"""Making a package's missing content out of what is here, along a route of deltas.

Each delta was checked against its signed digest when it was fetched; what it makes is checked all the same,
file by file, against the manifest of the package that it leads to. Of a route of several deltas only what the
last package lacks is made, and what has to be made for it on the way; that lies apart, and is thrown away.
Nothing is kept before all is there, so what fails leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pitstop.model.errors import DigestMismatch, InvalidPackage
from pitstop.model.packages import ContentFile
from pitstop.package.delta_format import DeltaReader, Listed, Stretch
from pitstop.store.content import ContentFolder


@dataclass(frozen=True, slots=True)
class Hop:
    """One delta of a route: the file, and the two packages that it lies between."""

    path: Path
    package: Listed
    base: Listed


class Rebuilding:
    """The content of one package being made into ``content``, by way of the folder ``incoming``.

    Raises:
        InvalidPackage: a delta is damaged, or does not lead between these packages.
    """

    def __init__(
        self, content: ContentFolder, incoming: Path, hops: Sequence[Hop], missing: Sequence[ContentFile]
    ) -> None:
        self._content = content
        self._incoming = incoming
        self._missing = {file.sha256: file for file in missing}
        with ExitStack() as stack:
            self._readers = [
                DeltaReader(stack.enter_context(hop.path.open("rb")), hop.package, hop.base) for hop in hops
            ]
            self._files = stack.pop_all()
        self._wanted = _wanted(self._readers, self._missing, content)
        self.size = sum(
            stretch.size
            for reader, wanted in zip(self._readers, self._wanted, strict=True)
            for stretch in reader.stretches
            if stretch.file.sha256 in wanted
        )
        """Bytes that have to be made."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._files.close()

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Make all of it, and keep what the package lacked.

        Args:
            progress: told bytes made, and bytes in all.

        Raises:
            InvalidPackage: a delta is damaged, or does not make all that is missing.
            DigestMismatch: what it makes is not what was signed.
        """
        done = 0
        for reader, wanted in zip(self._readers, self._wanted, strict=True):
            for stretch, made in reader.made(self._old, _is_in(wanted)):
                self._write(stretch, made)
                del made  # before the next is made: a stretch is large
                done += stretch.size
                progress(done, self.size)
        self._keep()

    def _old(self, stretch: Stretch) -> bytes:
        file = stretch.base
        if file is None:
            return b""
        made = self._incoming / file.sha256
        path = made if made.exists() else self._content.path(file)
        try:
            with path.open("rb") as content:
                content.seek(stretch.base_start)
                return content.read(stretch.base_size)
        except FileNotFoundError:
            raise InvalidPackage(
                f"the delta needs {file.path} of the package before, and its content is not here",
                hint="The full payload does not need it.",
            ) from None

    def _write(self, stretch: Stretch, made: bytes) -> None:
        file, path = stretch.file, self._incoming / stretch.file.sha256
        with path.open("xb" if stretch.start == 0 else "ab") as target:
            target.write(made)
            target.flush()
            os.fsync(target.fileno())
        if stretch.is_last:
            _check(path, file, made if len(made) == file.size else None)

    def _keep(self) -> None:
        lacking = [
            file.path for file in self._missing.values() if not (self._incoming / file.sha256).exists()
        ]
        if lacking:
            raise InvalidPackage(
                f"the deltas do not make {lacking[0]}", hint="The full payload has all that is needed."
            )
        for file in self._missing.values():
            self._content.adopt(self._incoming / file.sha256, file)
        self._content.sync(iter(self._missing))


def _wanted(readers: Sequence[DeltaReader], missing: Iterable[str], content: ContentFolder) -> list[set[str]]:
    """The digests that each delta has to make: what is missing, and what later deltas build on."""
    wanted: list[set[str]] = []
    needed = set(missing)
    for reader in reversed(readers):
        made = {stretch.file.sha256 for stretch in reader.stretches} & needed
        wanted.insert(0, made)
        needed = (needed - made) | {
            stretch.base.sha256
            for stretch in reader.stretches
            if stretch.base is not None and stretch.file.sha256 in made and not content.has(stretch.base)
        }
    return wanted


def _is_in(wanted: Collection[str]) -> Callable[[ContentFile], bool]:
    return lambda file: file.sha256 in wanted


def _check(path: Path, file: ContentFile, made: bytes | None) -> None:
    """Raises DigestMismatch when this is not the file; ``made``: its bytes, where they are at hand."""
    if made is not None:
        found = hashlib.sha256(made).hexdigest()
    else:
        with path.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != file.sha256:
        raise DigestMismatch(
            f"{file.path}, made with a delta, is not the file that was signed: its digest differs",
            hint="The full payload is not made from what was here before.",
        )
