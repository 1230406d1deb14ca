"""A publisher's signing keys, by name: PEM files in the key folder, or wherever ``[signers]`` says.

In files: ed25519 (PKCS #8), encrypted with a passphrase, mode 0600: ``root-1.pem`` ... ``root-n.pem``,
``targets.pem``, ``snapshot.pem``, ``timestamp.pem``, ``media.pem``; a later key of a role is
``targets-2.pem`` and so on. A key file that others may read is refused.

Elsewhere: ``[signers]`` in ``publisher.toml`` gives a key's address. ``file:PATH`` is such a PEM file in
another place (a medium). All else is an address of securesystemslib's: ``hsm:`` (PKCS #11), ``awskms:``,
``gcpkms:``, ``azurekms:``, ``hv:`` (Vault) and so on; then the public key lies beside the others as
``<name>.pub`` (PEM), and the library that the service needs must be installed.

The *name* of a key says what it is for, and nothing rests on it: whether it may sign is in the root of trust.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.exceptions import UnsupportedLibraryError
from securesystemslib.signer import (  # type: ignore[attr-defined] # documented, without __all__
    CryptoSigner,
    HSMSigner,
    Signer,
    SSlibKey,
)

from pitstop.model.errors import Conflict, InvalidInput, NotFound, TrustError
from pitstop.package.content_paths import short_name_problem

PASSPHRASE_VARIABLE = "PITSTOP_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable, not a secret
PIN_VARIABLE = "PITSTOP_KEY_PIN"
LEAST_PASSPHRASE = 12
FILE_SCHEME = "file:"
PEM, PUBLIC = ".pem", ".pub"
KEY_NAME = "x-pitstop-name"
"""Field of a public key in the root of trust: what its publisher calls it."""

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
    """The keys that one publisher can use here.

    Attributes:
        signers: address by name, of the keys that are not in the folder; ``file:`` paths are relative to
            ``base``.
        pin: of hardware tokens; "" where none is needed.
    """

    folder: Path
    passphrase: str
    signers: Mapping[str, str] = field(default_factory=dict)
    base: Path = Path()
    pin: str = ""

    def generate(self, name: str) -> CryptoSigner:
        """Make a new key in the folder, and beside it its public half (``<name>.pub``).

        Raises:
            Conflict: there is a key of this name; it is left as it is.
            InvalidInput: the passphrase is too short, or the name is none.
        """
        if problem := short_name_problem(name):
            raise InvalidInput(f"a key cannot be called so: {problem}")
        if len(self.passphrase) < LEAST_PASSPHRASE:
            raise InvalidInput(f"the passphrase is too short: at least {LEAST_PASSPHRASE} characters")
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(self.passphrase.encode())
        )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(self._path(name), pem, 0o600)
        signer = CryptoSigner(key)
        self.keep_public(name, signer.public_key)
        return signer

    def keep_public(self, name: str, key: SSlibKey) -> None:
        """Write a public key beside the others, where there is none of its name.

        Raises:
            Conflict: there is another.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(self.folder / f"{name}{PUBLIC}", public_pem(key), 0o644)

    def names(self, role: str) -> list[str]:
        """The names of the keys here that are meant for this role, the oldest first."""
        here = {path.stem for path in self.folder.glob(f"{role}*{PEM}")} | set(self.signers)
        named = [name for name in here if re.fullmatch(f"{re.escape(role)}(-[1-9][0-9]*)?", name)]
        return sorted(named, key=lambda name: int(name[len(role) + 1 :] or 1))

    def signer(self, name: str) -> Signer:
        """The key of this name, ready to sign.

        Raises:
            NotFound: it is not here.
            InvalidInput: the passphrase is wrong, or it is no such key.
            TrustError: others may read the file.
        """
        address = self.signers.get(name)
        if address is None:
            return open_key_file(self._path(name), self.passphrase)
        if address.startswith(FILE_SCHEME):
            return open_key_file(self.base / address.removeprefix(FILE_SCHEME), self.passphrase)
        return self._elsewhere(name, address)

    def usable(self, role: str, keyids: Collection[str]) -> list[Signer]:
        """The keys here that are meant for this role and are among ``keyids``.

        Raises:
            NotFound: there is no key for this role here at all.
            InvalidInput, TrustError: one cannot be opened.
        """
        signers = [self.signer(name) for name in self.names(role) or [role]]
        return [signer for signer in signers if signer.public_key.keyid in keyids]

    def public(self, name: str) -> SSlibKey:
        """The public half of a key, without opening the key where its ``.pub`` file is there."""
        path = self.folder / f"{name}{PUBLIC}"
        if path.exists():
            return read_public_key(path)
        key = self.signer(name).public_key
        if not isinstance(key, SSlibKey):
            raise InvalidInput(f"the key {name} is of a kind that a root of trust cannot list")
        return key

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{PEM}"

    def _elsewhere(self, name: str, address: str) -> Signer:
        key = read_public_key(self.folder / f"{name}{PUBLIC}")
        try:
            return Signer.from_priv_key_uri(address, key, lambda _: self.pin or self.passphrase)
        except UnsupportedLibraryError as error:
            raise InvalidInput(
                f"the key {name} ({address}) needs a library that is not installed: {error}",
                hint="Install securesystemslib with the extra for it, such as securesystemslib[PKCS11].",
            ) from error
        except Exception as error:  # services have errors of their own, which securesystemslib lets through
            raise InvalidInput(
                f"the key {name} ({address}) cannot be used: {error}",
                hint="Check its address in publisher.toml, and that the service or token is there.",
            ) from error


def import_from_token(address: str, pin: str) -> tuple[str, SSlibKey]:
    """The full address and the public key of a key on a PKCS #11 token (``hsm:2?label=NAME``).

    Raises:
        InvalidInput: no PKCS #11 module is named in ``PYKCS11LIB``, or there is no such key.
    """
    found = re.fullmatch(r"hsm:([0-9]*)(?:\?label=(.+))?", address)
    if found is None:
        raise InvalidInput(f"{address!r} is no address of a key on a token", hint="It is hsm:2?label=NAME.")
    try:
        uri, key = HSMSigner.import_(int(found[1]) if found[1] else None, found[2], lambda _: pin)
    except (UnsupportedLibraryError, ValueError, OSError) as error:
        raise InvalidInput(
            f"the key {address} cannot be read from its token: {error}",
            hint="Set PYKCS11LIB to the token's PKCS #11 module, and install securesystemslib[PKCS11].",
        ) from error
    return uri, key


def read_public_key(path: Path) -> SSlibKey:
    """A public key from a PEM file, called as the file.

    Raises:
        NotFound, InvalidInput: it is not there, or no public key.
    """
    try:
        key = SSlibKey.from_crypto(load_pem_public_key(path.read_bytes()))
    except FileNotFoundError:
        raise NotFound(f"the public key {path} is not there") from None
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInput(f"{path} is no public key in PEM form: {error}") from error
    return named(key, path.stem)


def named(key: SSlibKey, name: str) -> SSlibKey:
    """The key, telling its name in the root of trust. Its id stays the same."""
    key.unrecognized_fields[KEY_NAME] = name
    return key


def public_pem(key: SSlibKey) -> bytes:
    """The key as a PEM file."""
    text = key.keyval["public"]
    if key.keytype != "ed25519":
        return str(text).encode()
    raw = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    return raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def open_key_file(path: Path, passphrase: str) -> CryptoSigner:
    """The key in this file, ready to sign.

    Raises:
        NotFound: it is not here.
        InvalidInput: the passphrase is wrong, or it is no such key.
        TrustError: others may read the file, or it is not encrypted.
    """
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"the signing key {path} is not here", hint="Bring the medium that holds the keys."
        ) from None
    except OSError as error:
        raise InvalidInput(f"the signing key {path} cannot be read: {error.strerror}") from error
    mode = path.stat().st_mode
    if mode & _OTHERS:
        raise TrustError(
            f"others may read the signing key {path} (mode {stat.S_IMODE(mode):04o})",
            hint=f"chmod 600 {path}; if others had access, the key should be replaced.",
        )
    return _open(pem, passphrase, path)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise Conflict(f"there is a key {path} already") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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
