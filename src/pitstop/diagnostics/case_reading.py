"""Checking the file of a case, on the side that it was handed to, and unpacking what is in it.

Nothing of the file is believed before its signature was checked, and nothing is written before its digest
was; what is not in the signed list is not looked at.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pitstop.diagnostics.case_format import (
    CASE,
    MOST_LIST,
    SIGNATURE,
    STATE,
    Contents,
    Member,
    contents_of,
    fingerprint,
)
from pitstop.model.errors import CaseNotGenuine, InvalidCase, NotFound

_PIECE = 1 << 20
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A file whose signature was checked."""

    contents: Contents
    _archive: zipfile.ZipFile

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.contents.key)

    def check_all(self) -> int:
        """Check each member against the list; how many there are.

        Raises:
            CaseNotGenuine: one of them is another, or missing.
        """
        for name, member in self.contents.members.items():
            for _ in self._pieces(name, member):
                pass
        return len(self.contents.members)

    def case(self) -> bytes:
        """``case.json``. Raises InvalidCase, CaseNotGenuine."""
        member = self.contents.members.get(CASE)
        if member is None or member.size > MOST_LIST:
            raise InvalidCase(f"the file has no {CASE}, or one that is too large")
        return b"".join(self._pieces(CASE, member))

    def unpack(self, to: Path, below: str = STATE) -> None:
        """Write what is below that folder of the file into ``to``. Raises CaseNotGenuine."""
        for name, member in self.contents.members.items():
            if name.startswith(f"{below}/"):
                place = to / name.removeprefix(f"{below}/")
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as file:
                    for piece in self._pieces(name, member):
                        file.write(piece)

    def _pieces(self, name: str, member: Member) -> Iterator[bytes]:
        """Never more than the list says, whatever the archive holds."""
        digest, left = hashlib.sha256(), member.size
        try:
            with self._archive.open(_info(self._archive, name)) as source:
                while piece := source.read(min(_PIECE, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        raise CaseNotGenuine(f"{name} is larger than what was signed")
                    digest.update(piece)
                    yield piece
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise CaseNotGenuine(f"{name} cannot be read: {error}") from error
        if left or digest.hexdigest() != member.sha256:
            raise CaseNotGenuine(f"{name} is not what was signed")


@contextmanager
def opened_case(path: Path, known_key: str | None = None) -> Iterator[OpenedCase]:
    """Open it, and check its signature; with ``known_key`` (PEM), by that key alone.

    Raises:
        NotFound: there is no such file.
        InvalidCase: it is no file of a case. CaseNotGenuine: it is not what the system has signed.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise InvalidCase(f"{path} is no file of a case: {error}") from error
    with archive:
        try:
            info = _info(archive, SIGNATURE)
            if info.file_size > MOST_LIST:
                raise InvalidCase(f"{SIGNATURE} is too large")
            with archive.open(info) as source:
                raw = source.read(MOST_LIST + 1)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise InvalidCase(f"{SIGNATURE} cannot be read: {error}") from error
        yield OpenedCase(contents_of(raw, known_key), archive)


def _info(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The one member of this name. Raises InvalidCase, CaseNotGenuine."""
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        how = "is missing" if not found else f"is there {len(found)} times"
        kind = InvalidCase if name == SIGNATURE else CaseNotGenuine
        raise kind(f"{name} {how}")
    if found[0].compress_type not in _PLAIN:
        raise InvalidCase(f"{name} is packed in a way that is not used here")
    return found[0]
