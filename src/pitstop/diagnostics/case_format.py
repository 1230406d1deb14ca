"""The file of a case (format 1): a zip file with a signed list of what is in it.

``signature.json`` is an envelope in DSSE's form (https://github.com/secure-systems-lab/dsse). What it signs
is the list: ``{"format": 1, "system", "case", "made", "pitstop", "key", "members"}``: ``key`` is the public
key of the system, as PEM; ``members`` are plain files with relative paths, ``{NAME: {"size", "sha256"}}``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import (  # type: ignore[attr-defined] # documented, without __all__
    CryptoSigner,
    SSlibKey,
)

from pitstop.model.errors import CaseNotGenuine, InvalidCase
from pitstop.package.content_paths import clash_problems, path_problem
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

FORMAT = 1
PAYLOAD_TYPE = "application/vnd.pitstop.case+json"
SIGNATURE = "signature.json"
CASE = "case.json"
STATE = "state"
"""The folder in the file with a copy of the state, which a portal can be opened over."""
MOST_LIST = 16 * 1024 * 1024
MOST_BYTES = 16 * 1024**3
MOST_MEMBERS = 100_000

_Size = Annotated[int, msgspec.Meta(ge=0, le=MOST_BYTES)]
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    size: _Size
    sha256: _Digest


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is signed."""

    format: int
    system: Annotated[str, msgspec.Meta(max_length=200)]
    case: Annotated[int, msgspec.Meta(ge=1)]
    made: datetime
    pitstop: Annotated[str, msgspec.Meta(max_length=100)]
    key: Annotated[str, msgspec.Meta(max_length=10_000)]
    members: Mapping[Annotated[str, msgspec.Meta(max_length=1024)], Member]


def signed(contents: Contents, signer: CryptoSigner) -> bytes:
    """The envelope."""
    envelope = Envelope(canonical_json(msgspec.to_builtins(contents)), PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return canonical_json(envelope.to_dict())


def contents_of(raw: bytes, known_key: str | None = None) -> Contents:
    """What the envelope signs, by the key that it names; with ``known_key`` (PEM), by that one alone.

    Raises:
        CaseNotGenuine: its signature is wrong, or it was signed by another key.
        InvalidCase: it is no such envelope, or the list has names that no folder should be given.
    """
    envelope = _envelope(raw)
    contents = _contents(envelope.payload)
    if known_key is not None and fingerprint(known_key) != fingerprint(contents.key):
        raise CaseNotGenuine(
            f"this file was signed by another key: {fingerprint(contents.key)}, not {fingerprint(known_key)}",
            hint="Ask the system's operator which key is right (`pitstop case key`), by another way than the "
            "one that the file came by.",
        )
    try:
        envelope.verify([_key(contents.key)], 1)
    except VerificationError as error:
        raise CaseNotGenuine("the signature is wrong: this is not what the system has signed") from error
    return contents


def fingerprint(pem: str) -> str:
    """A key's SHA-256 (of its DER form, as ``openssl pkey -pubin -outform DER`` writes it) in groups of four
    digits, as people compare it. Raises InvalidCase: it is no key."""
    digest = hashlib.sha256(
        _public(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _envelope(raw: bytes) -> Envelope:
    said = read_json(raw, SIGNATURE, MOST_LIST, InvalidCase)
    try:
        envelope = Envelope.from_dict(said)  # type: ignore[arg-type]  # it raises for what is none
    except (AttributeError, KeyError, TypeError, ValueError, FormatError) as error:
        raise InvalidCase(f"{SIGNATURE} is no envelope of a signature: {error}") from error
    if envelope.payload_type != PAYLOAD_TYPE:
        raise InvalidCase(f"{SIGNATURE} signs {envelope.payload_type[:100]!r}, which is no case")
    return envelope


def _contents(payload: bytes) -> Contents:
    said = read_json(payload, "the signed list", MOST_LIST, InvalidCase)
    try:
        contents = converted(said, Contents)
    except msgspec.ValidationError as error:
        raise InvalidCase(f"the signed list does not hold to the format: {error}") from error
    if contents.format != FORMAT:
        raise InvalidCase(
            f"the file has format {contents.format}, and this Pitstop reads {FORMAT}",
            hint="Open it with a newer Pitstop.",
        )
    problems = [problem for name in contents.members if (problem := path_problem(name))]
    problems += clash_problems([*contents.members, SIGNATURE])
    if len(contents.members) > MOST_MEMBERS:
        problems.append(f"{len(contents.members)} members, at most {MOST_MEMBERS} are allowed")
    if sum(member.size for member in contents.members.values()) > MOST_BYTES:
        problems.append(f"together they have more than {MOST_BYTES} bytes")
    if problems:
        raise InvalidCase(f"the signed list cannot be used: {problems[0]}")
    return contents


def _key(pem: str) -> SSlibKey:
    try:
        return SSlibKey.from_crypto(_public(pem))
    except ValueError as error:
        raise InvalidCase(f"this is no key that cases are signed with: {error}") from error


def _public(pem: str) -> PublicKeyTypes:
    try:
        return load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidCase(f"this is no public key as PEM: {error}") from error
