"""Which timestamp is for which way: a connected source must speak with the wire's, a medium with the media's.

Asked before python-tuf sees the timestamp, so that what is not for here leaves no trace in the cache. What no
key of either use has signed is left to python-tuf, which says so.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Metadata, Root, Timestamp  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import TrustError
from pitstop.package.media_timestamp import require_media_timestamp, require_wire_timestamp


def newest_root(cache: Path) -> Root:
    """The newest root that python-tuf has verified into this cache."""
    return Metadata[Root].from_bytes((cache / "root.json").read_bytes()).signed


def media_made(cache: Path, timestamp: bytes) -> datetime | None:
    """When this timestamp was made for media; None: it is not signed by a key of media."""
    metadata = Metadata[Timestamp].from_bytes(timestamp)
    if not isinstance(metadata.signed, Timestamp):
        return None
    try:
        return require_media_timestamp(newest_root(cache), metadata)
    except TrustError:
        return None


def require_for_wire(cache: Path, timestamp: bytes) -> None:
    """Raises TrustError when a connected source speaks with the long-lived timestamp of a medium."""
    if media_made(cache, timestamp) is not None:
        metadata = Metadata[Timestamp].from_bytes(timestamp)
        require_wire_timestamp(newest_root(cache), metadata)
