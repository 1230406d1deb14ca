"""Two uses of TUF's timestamp role, told apart by the keys that sign (docs/decisions/0006).

*The wire's* timestamp is short-lived and signed by a key that is online. *The media's* is long-lived, signed
by a key that is offline, and lies beside it as ``media-timestamp.json``; a transfer carries it. The root
lists all these keys for the role ``timestamp``, so that python-tuf's client takes either, and names those of
media in a field of its own, ``x-pitstop-media``. Whoever has read a timestamp then asks here whether it is of
the use that its way demands: without that, anybody with a medium could freeze a connected system for a year.

Pure: verified roots and parsed metadata in, an answer or a raised TrustError out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from securesystemslib.exceptions import UnverifiedSignatureError
from tuf.api.metadata import Metadata, Root, Timestamp  # type: ignore[attr-defined] # documented, no __all__

from pitstop.model.errors import TrustError

FIELD = "x-pitstop-media"
"""In a root: ``{"keyids": [...]}``. In a media timestamp: ``{"made": "2026-11-21T10:00:00Z"}``."""


def media_keyids(root: Root) -> frozenset[str]:
    """Ids of the keys that sign media timestamps. Only those count that the role ``timestamp`` has too."""
    told = root.unrecognized_fields.get(FIELD)
    listed = told.get("keyids") if isinstance(told, dict) else None
    names = {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()
    return frozenset(names & set(root.roles[Timestamp.type].keyids))


def wire_keyids(root: Root) -> frozenset[str]:
    """Ids of the keys that sign the wire's timestamp."""
    return frozenset(root.roles[Timestamp.type].keyids) - media_keyids(root)


def require_wire_timestamp(root: Root, timestamp: Metadata[Timestamp]) -> None:
    """Raises TrustError when a timestamp from a connected source is not signed by a key of the wire."""
    if not _signed_by(root, wire_keyids(root), timestamp):
        raise TrustError(
            "the timestamp metadata is signed for media, not for a connected source",
            hint="Somebody may be holding back newer releases. Check the source's address; if it is right, "
            "tell the publisher.",
        )


def require_media_timestamp(root: Root, timestamp: Metadata[Timestamp]) -> datetime:
    """When the publisher made this media timestamp: the medium's age counts from then.

    Raises:
        TrustError: it is not signed by a key of media, or says no such instant.
    """
    if not _signed_by(root, media_keyids(root), timestamp):
        raise TrustError(
            "the media timestamp is not signed by a key that the publisher keeps for media",
            hint="Get the transfer again from the publisher's site.",
        )
    told = timestamp.signed.unrecognized_fields.get(FIELD)
    made = told.get("made") if isinstance(told, dict) else None
    try:
        at = datetime.fromisoformat(made) if isinstance(made, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise TrustError("the media timestamp does not say when it was made")
    return at.astimezone(UTC)


def made_field(at: datetime) -> dict[str, dict[str, str]]:
    """What a media timestamp made at this instant says in the field."""
    return {FIELD: {"made": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}}


def _signed_by(root: Root, keyids: Iterable[str], metadata: Metadata[Timestamp]) -> bool:
    for keyid in keyids:
        signature = metadata.signatures.get(keyid)
        if signature is None:
            continue
        try:
            root.keys[keyid].verify_signature(signature, metadata.signed_bytes)
        except UnverifiedSignatureError:
            continue
        return True
    return False
