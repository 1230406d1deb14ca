"""TUF metadata as a publisher handles it: read from its own site verified, signed by whoever is needed.

Who can change the site cannot make the publisher sign it: nothing that is read here is believed before the
role above it has vouched for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

from securesystemslib.signer import Signer  # type: ignore[attr-defined] # documented, without __all__
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    Metadata,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from pitstop.model.errors import InvalidInput, NotFound, TrustError
from pitstop.package.media_timestamp import require_wire_timestamp, wire_keyids
from pitstop.publish.keys import KeyFolder

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)


def site_bytes(path: Path) -> bytes:
    """Raises NotFound: the file is not on the site."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"the site's file {path} is missing", hint="Bring the site back from its server or a backup."
        ) from None


def parsed(content: bytes, name: str, kind: type[S]) -> Metadata[S]:
    """Raises TrustError: it is no metadata of this kind."""
    try:
        metadata = Metadata[S].from_bytes(content)
    except DeserializationError as error:
        raise TrustError(f"{name} on the site is no TUF metadata") from error
    if not isinstance(metadata.signed, kind):
        raise TrustError(f"{name} on the site is {metadata.signed.type} metadata")
    return metadata


def verify(by: Root | Targets, role: str, metadata: Metadata[S], name: str) -> None:
    """Raises TrustError: the role's keys, as ``by`` lists them, have not signed it."""
    try:
        by.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError) as error:
        raise TrustError(f"{name} on the site is not signed by this publisher: {error}") from error


def verify_by_any(roots: Sequence[Root], role: str, metadata: Metadata[S], name: str) -> None:
    """As :func:`verify`, by the first of these roots that vouches for it; while a root is being replaced
    there are two. A timestamp must be the wire's: one for media in its place would hide newer releases."""
    for number, root in enumerate(roots, start=1):
        try:
            verify(root, role, metadata, name)
            if isinstance(metadata.signed, Timestamp):
                require_wire_timestamp(root, metadata)
        except TrustError:
            if number == len(roots):
                raise
        else:
            return


def role_keyids(root: Root, role: str) -> frozenset[str]:
    """Ids of the keys of a role; of the timestamp, those of the wire."""
    return wire_keyids(root) if role == Timestamp.type else frozenset(root.roles[role].keyids)


def role_signers(root: Root, keys: KeyFolder, role: str) -> list[Signer]:
    """Enough of the publisher's keys to sign for this role.

    Raises:
        NotFound, InvalidInput: a key is not here, or cannot be opened.
        TrustError: too few of the keys here are the role's.
    """
    signers = keys.usable(role, role_keyids(root, role))
    if not signers:
        raise TrustError(
            f"the key {role}.pem in {keys.folder} is not a {role} key of this publisher's root of trust",
            hint="Use the keys that were made with this publisher.",
        )
    threshold = root.roles[role].threshold
    if len(signers) < threshold:
        raise NotFound(
            f"{len(signers)} of the {threshold} keys that must sign {role} are here",
            hint="Bring the media that hold the other keys.",
        )
    return signers


def signed_bytes(signed: S, signers: Collection[Signer]) -> bytes:
    """The metadata, signed by all of these.

    Raises:
        InvalidInput: a key could not sign.
    """
    metadata = Metadata(signed)
    for signer in signers:
        add_signature(metadata, signer)
    return metadata.to_bytes()


def add_signature(metadata: Metadata[S], signer: Signer) -> None:
    """Sign, and keep the signatures that are there. Raises InvalidInput: the key could not."""
    try:
        signature = metadata.sign(signer, append=True)
        signer.public_key.verify_signature(signature, metadata.signed_bytes)
    except Exception as error:  # tokens and services have errors of their own, which come through
        reason = error.__cause__ or error
        raise InvalidInput(
            f"the key {signer.public_key.keyid[:12]} could not sign: {type(reason).__name__} {reason}",
            hint="Check its passphrase or PIN, and that the token or service that holds it is there.",
        ) from error
