"""A publisher's signing keys: ed25519, each in a PEM file (PKCS #8) encrypted with a passphrase, mode 0600.

``root-1.pem`` ... ``root-n.pem``, ``targets.pem``, ``snapshot.pem``, ``timestamp.pem``. A key file that
others may read is refused, and so is one that is not a key of its role in the publisher's root of trust.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined] # documented, without __all__

from pitstop.model.errors import Conflict, InvalidInput, NotFound, TrustError

PASSPHRASE_VARIABLE = "PITSTOP_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable, not a secret
LEAST_PASSPHRASE = 12
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def find_passphrase(environment: Mapping[str, str], file: Path | None) -> str:
    """The passphrase of the keys: the first line of the file, if one is named, else from the environment.

    Raises:
        InvalidInput: there is none.
    """
    if file is not None:
        try:
            first, *_ = file.read_text(encoding="utf-8").splitlines() or [""]
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the passphrase cannot be read from {file}: {error}") from error
    else:
        first = environment.get(PASSPHRASE_VARIABLE, "")
    if not first:
        raise InvalidInput(
            "the passphrase of the signing keys is missing",
            hint=f"Set {PASSPHRASE_VARIABLE}, or name a file that holds it with --passphrase-file.",
        )
    return first


@dataclass(frozen=True)
class KeyFolder:
    """The keys that one publisher holds here."""

    folder: Path
    passphrase: str

    def generate(self, name: str) -> CryptoSigner:
        """Make a new key.

        Raises:
            Conflict: there is a key of this name; it is left as it is.
            InvalidInput: the passphrase is too short.
        """
        if len(self.passphrase) < LEAST_PASSPHRASE:
            raise InvalidInput(f"the passphrase is too short: at least {LEAST_PASSPHRASE} characters")
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(self.passphrase.encode())
        )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Conflict(f"there is a key {self._path(name)} already") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return CryptoSigner(key)

    def signer(self, name: str) -> CryptoSigner:
        """The key of this name, ready to sign.

        Raises:
            NotFound: it is not here.
            InvalidInput: the passphrase is wrong, or it is no such key.
            TrustError: others may read the file.
        """
        path = self._path(name)
        try:
            pem = path.read_bytes()
        except FileNotFoundError:
            raise NotFound(
                f"the signing key {path} is not here", hint="Bring the medium that holds the keys."
            ) from None
        mode = path.stat().st_mode
        if mode & _OTHERS:
            raise TrustError(
                f"others may read the signing key {path} (mode {stat.S_IMODE(mode):04o})",
                hint=f"chmod 600 {path}; if others had access, the key should be replaced.",
            )
        return _open(pem, self.passphrase, path)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def _open(pem: bytes, passphrase: str, path: Path) -> CryptoSigner:
    try:
        key = load_pem_private_key(pem, passphrase.encode())
    except TypeError as error:  # cryptography's word for a passphrase where none is needed
        raise TrustError(f"the signing key {path} is not encrypted", hint="Do not use this key.") from error
    except ValueError as error:
        raise InvalidInput(
            f"the signing key {path} cannot be opened: wrong passphrase, or no PEM key"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput(f"the signing key {path} is not an ed25519 key")
    return CryptoSigner(key)
