"""What a site said of its newest timestamp, so that the next poll can ask whether that is still so.

A mark belongs to certain bytes: it is asked with only while just those lie in the cache. Losing the file, or
its damage, costs one ordinary poll.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from pitstop.package.typed import from_json
from pitstop.transport import durable
from pitstop.transport.fetcher import Mark


class _Kept(msgspec.Struct):
    address: str
    etag: str
    last_modified: str
    sha256: str


def load(file: Path, content: bytes) -> Mark | None:
    """The mark of these bytes, if one is kept."""
    try:
        kept = from_json(file.read_bytes(), _Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    if kept.sha256 != hashlib.sha256(content).hexdigest():
        return None
    return Mark(kept.address, kept.etag, kept.last_modified)


def store(file: Path, mark: Mark | None, content: bytes) -> None:
    """Keep the mark of these bytes; nothing is written where it is kept already."""
    if mark is None or mark == load(file, content):
        return
    digest = hashlib.sha256(content).hexdigest()
    kept = _Kept(mark.address, mark.etag, mark.last_modified, digest)
    durable.write(file, msgspec.json.encode(kept))
