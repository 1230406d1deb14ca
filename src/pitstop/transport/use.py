"""Which timestamp is for which way: a connected source must speak with the wire's, a medium with the media's.

Asked before python-tuf sees the timestamp, so that what is not for here leaves no trace in the cache. What is
not signed for the role at all is left to python-tuf, which says so.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tuf.api.exceptions import ExpiredMetadataError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, Timestamp  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.package.media_timestamp import media_keyids, require_media_timestamp, require_wire_timestamp


def newest_root(cache: Path) -> Root:
    """The newest root that python-tuf has verified into this cache."""
    return Metadata[Root].from_bytes((cache / "root.json").read_bytes()).signed


def require_for_wire(cache: Path, timestamp: bytes) -> None:
    """What a connected source must speak with.

    Raises:
        TrustError: it is the long-lived timestamp of a medium.
        ExpiredMetadataError: it has expired. python-tuf would keep what it has under the same number, and
            that may have come on a medium.
    """
    root = newest_root(cache)
    signed = _signed(root, timestamp)
    if signed is not None and media_keyids(root):
        require_wire_timestamp(root, signed)
        if signed.signed.is_expired():
            raise ExpiredMetadataError("timestamp.json is expired")


def media_made(cache: Path, timestamp: bytes) -> datetime | None:
    """When this timestamp was made for media; None: it is not one for media.

    Raises:
        TrustError: it is, and does not say when it was made.
    """
    root = newest_root(cache)
    signed = _signed(root, timestamp)
    if signed is None or not media_keyids(root) & set(signed.signatures):
        return None
    return require_media_timestamp(root, signed)


def _signed(root: Root, timestamp: bytes) -> Metadata[Timestamp] | None:
    """The timestamp, if it is one and its role's keys have signed it."""
    metadata = Metadata[Timestamp].from_bytes(timestamp)
    if not isinstance(metadata.signed, Timestamp):
        return None
    try:
        root.verify_delegate(Timestamp.type, metadata.signed_bytes, metadata.signatures)
    except UnsignedMetadataError:
        return None
    return metadata
