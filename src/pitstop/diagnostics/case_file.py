"""Making the file of a case, and the key that it is signed with."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from securesystemslib.signer import (  # type: ignore[attr-defined] # documented, without __all__
    CryptoSigner,
)

from pitstop import __version__
from pitstop.diagnostics.case_format import FORMAT, SIGNATURE, STATE, Contents, Member, fingerprint, signed
from pitstop.diagnostics.disk import translated
from pitstop.model.cases import CaseKey
from pitstop.model.errors import StateUnusable
from pitstop.ports.cases import CaseParts
from pitstop.ports.clock import Clock

Snapshot = Callable[[Path, Sequence[str]], None]
"""Writes a copy of the state with these runs into a folder."""

MOST_DOCUMENT = 64 * 1024 * 1024
_PACKED = zipfile.ZIP_DEFLATED
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileCases:
    """Implements :class:`pitstop.ports.cases.CaseFiles`.

    Attributes:
        folder: of the files; made if need be.
        key_file: the private key, as PEM; made if there is none.
        packages: the folder with packages' documents.
        system: the system's name.
    """

    folder: Path
    key_file: Path
    packages: Path
    snapshot: Snapshot
    system: Callable[[], str]
    clock: Clock

    def file(self, number: int) -> Path:
        return self.folder / f"case-{number}.zip"

    def key(self) -> CaseKey:
        pem = _pem_of(self._private())
        return CaseKey(pem, fingerprint(pem))

    def make(self, number: int, parts: CaseParts) -> tuple[int, str]:
        with translated():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(prefix="making-", dir=self.folder) as scratch:
                made = Path(scratch) / "case.zip"
                with zipfile.ZipFile(made, "w", _PACKED) as archive:
                    self._write(archive, number, parts, Path(scratch) / STATE)
                with made.open("rb") as file:
                    os.fsync(file.fileno())
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = made.stat().st_size
                made.replace(self.file(number))
        return size, digest

    def _write(self, archive: zipfile.ZipFile, number: int, parts: CaseParts, state: Path) -> None:
        private = self._private()
        self.snapshot(state, parts.runs)
        members: dict[str, Member] = {}
        for name, content in parts.documents.items():
            archive.writestr(name, content)
            members[name] = Member(len(content), hashlib.sha256(content).hexdigest())
        for name, path in self._files(state, parts.logs):
            members[name] = _added(archive, name, path)
        contents = Contents(
            format=FORMAT,
            system=self.system(),
            case=number,
            made=self.clock.now(),
            pitstop=__version__,
            key=_pem_of(private),
            members=members,
        )
        archive.writestr(SIGNATURE, signed(contents, CryptoSigner(private)))

    def _files(self, state: Path, logs: Path | None) -> Iterator[tuple[str, Path]]:
        for path in sorted(state.rglob("*")):
            if path.is_file():
                yield f"{STATE}/{path.relative_to(state)}", path
        for path in sorted(self.packages.glob("*/*")):
            if path.is_file() and path.stat().st_size <= MOST_DOCUMENT:
                yield f"{STATE}/packages/{path.relative_to(self.packages)}", path
        if logs is not None:
            yield f"logs/{logs.name}", logs

    def _private(self) -> PrivateKeyTypes:
        """The system's key; made the first time, whole or not at all."""
        with translated():
            if not self.key_file.exists():
                self._make_key()
            raw = self.key_file.read_bytes()
        try:
            return load_pem_private_key(raw, None)
        except (TypeError, ValueError, UnsupportedAlgorithm) as error:
            raise StateUnusable(
                f"the key {self.key_file} cannot be used: {error}",
                hint="Put the key back that the vendor knows; or remove it: the next case makes a new one, "
                "which the vendor must be told.",
            ) from error

    def _make_key(self) -> None:
        private = CryptoSigner.generate_ed25519().private_bytes
        self.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made, name = tempfile.mkstemp(dir=self.key_file.parent, prefix=".case-key-")
        try:
            with os.fdopen(made, "wb") as file:
                file.write(private)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another one was quicker
                os.link(name, self.key_file)
        finally:
            Path(name).unlink()


def _added(archive: zipfile.ZipFile, name: str, path: Path) -> Member:
    digest, size = hashlib.sha256(), 0
    stored = zipfile.ZIP_STORED if path.suffix == ".zip" else _PACKED
    info = zipfile.ZipInfo.from_file(path, name)
    info.compress_type = stored
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            member.write(piece)
    return Member(size, digest.hexdigest())


def _pem_of(private: PrivateKeyTypes) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
