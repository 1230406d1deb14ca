"""A part of a publisher's site, copied so that it is a repository again.

The metadata is the site's own, byte for byte; only in the place of the wire's timestamp lies the one that is
signed for media, where the publisher has signed the present state so. All roots are taken along: the system
that it is carried to may have been pinned long ago.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata, Timestamp  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import PitstopError, TrustError
from pitstop.package.media_timestamp import require_media_timestamp
from pitstop.package.site_layout import MEDIA_TIMESTAMP, METADATA_FOLDER
from pitstop.transport import durable
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.session import WIRE
from pitstop.transport.trusted import ROOT_HISTORY, Trusted

_MAX_ROOT = 512_000
_MAX_TIMESTAMP = 16_384


@dataclass(frozen=True, slots=True)
class Stamped:
    """The timestamp that a copy carries. ``made``: when it was signed for media; None: it is the wire's."""

    content: bytes
    made: datetime | None
    expires: datetime


def copy_metadata(state: Trusted, folder: Path, fetcher: SiteFetcher, url: str, to: Path) -> Stamped:
    """Lay the metadata of this state into ``to``; what lay there of another state is removed.

    Args:
        folder: of the source, whose cache of the wire holds this state.

    Raises:
        Unreachable; OSError: it cannot be written.
    """
    cache, metadata = folder / WIRE, to / METADATA_FOLDER
    metadata.mkdir(parents=True, exist_ok=True)
    stamped = _stamped(state, cache, fetcher, url)
    files = {
        **dict(_roots(state, cache, fetcher, url)),
        **{name: (cache / _cached(name)).read_bytes() for name in state.metadata_names()},
        "timestamp.json": stamped.content,
    }
    for name, content in files.items():
        durable.write(metadata / name, content)
    for other in metadata.iterdir():
        if other.name not in files:
            other.unlink()
    return stamped


def _cached(name: str) -> str:
    """What ``7.targets.json`` is called in the cache."""
    return name.partition(".")[2]


def _roots(state: Trusted, cache: Path, fetcher: SiteFetcher, url: str) -> Iterator[tuple[str, bytes]]:
    """All roots: those that were verified here, and the site's older ones, which others will verify."""
    for version in range(1, state.root.version + 1):
        name = f"{version}.root.json"
        kept = cache / ROOT_HISTORY / name
        if kept.exists():
            yield name, kept.read_bytes()
            continue
        try:
            yield name, fetcher.read(f"{url}/{METADATA_FOLDER}/{name}", _MAX_ROOT)
        except (DownloadHTTPError, TrustError):
            continue


def _stamped(state: Trusted, cache: Path, fetcher: SiteFetcher, url: str) -> Stamped:
    try:
        content = fetcher.read(f"{url}/{METADATA_FOLDER}/{quote(MEDIA_TIMESTAMP)}", _MAX_TIMESTAMP)
        metadata = Metadata[Timestamp].from_bytes(content)
        state.root.verify_delegate(Timestamp.type, metadata.signed_bytes, metadata.signatures)
        made = require_media_timestamp(state.root, metadata)
        if metadata.signed.snapshot_meta.version == state.snapshot.version:
            return Stamped(content, made, metadata.signed.expires)
    except (DownloadHTTPError, RepositoryError, PitstopError):
        pass  # there is none, or none that is good for this state: the wire's will do for a while
    content = (cache / "timestamp.json").read_bytes()
    return Stamped(content, None, state.timestamp.expires)
