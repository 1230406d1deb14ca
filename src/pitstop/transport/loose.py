"""Loose file sets: whose an XML file is, told by its digest alone, before a byte of it is parsed.

The digest must be listed by the newest metadata that a known publisher has signed, and that must not be older
than a medium may be: else somebody could hand over what the publisher has withdrawn since.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from datetime import datetime
from io import FileIO
from pathlib import Path

from tuf.api.metadata import Timestamp  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import MetadataExpired, NotFound, TrustError, Unreachable
from pitstop.package.fileset import metadata_names
from pitstop.package.media_timestamp import FIELD
from pitstop.package.metadata_xml import MAX_METADATA_BYTES, read_metadata
from pitstop.package.site_layout import package_target
from pitstop.ports.feeds import Source
from pitstop.ports.media import Bounds, Examined, Standing
from pitstop.transport.authority import require_authority_over_package
from pitstop.transport.medium_feed import LooseFeed
from pitstop.transport.trusted import Trusted
from pitstop.transport.volume import FreeSpace

_PACKAGES = package_target("x", "").removesuffix("x/")


def read_xml(path: Path) -> bytes:
    """The bytes of a plain file of bounded size.

    Raises:
        NotFound, Unreachable: it is not there, or cannot be read; TrustError: it is no such file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"{path} is not there") from None
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}") from error
    with FileIO(descriptor) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise TrustError(f"{path} is no plain file")
        content = file.read(MAX_METADATA_BYTES + 1) or b""
    if len(content) > MAX_METADATA_BYTES:
        raise TrustError(f"{path} is larger than metadata of a package may be")
    return content


def examined(
    known: Mapping[Source, Trusted], xml: Path, bounds: Bounds, now: datetime, free: FreeSpace
) -> tuple[str, Examined]:
    """The package that this file is the metadata of, and what lies beside it.

    Args:
        known: what each source is known to have signed.

    Raises:
        TrustError: nobody has signed it, or it is not that source's to publish; MetadataExpired: what is
            known of its publisher is too old; NotFound, Unreachable.
    """
    content = read_xml(xml)
    digest = hashlib.sha256(content).hexdigest()
    for source, state in known.items():
        package = _listed(state, digest)
        if package is None:
            continue
        _require_fresh(source, state, bounds, now)
        metadata = read_metadata(content)
        require_authority_over_package(source, package, metadata)
        feed = LooseFeed(content, metadata, xml.parent, free)
        return package, Examined(source, Standing.SAME, None, None, feed)
    raise TrustError(
        f"no known publisher has signed {xml.name} (SHA-256 {digest})",
        hint="Import the publisher's newest transfer first, or poll its source; if it stays, the file was "
        "changed, or is not of a publisher that this system trusts.",
    )


def _listed(state: Trusted, digest: str) -> str | None:
    """The package whose metadata has this digest."""
    for path, file in state.files().items():
        if path.startswith(_PACKAGES) and file.hashes.get("sha256") == digest:
            package, _, name = path.removeprefix(_PACKAGES).partition("/")
            if name in metadata_names(package):
                return package
    return None


def _require_fresh(source: Source, state: Trusted, bounds: Bounds, now: datetime) -> None:
    as_of = known_on(state.timestamp)
    if now - as_of >= bounds.refuse:
        raise MetadataExpired(
            f"what is known of {source.publisher} is of {as_of:%Y-%m-%d}: too old to judge files by",
            hint="Import a newer transfer of this publisher first. The bound is medium_refuse_days.",
        )


def known_on(timestamp: Timestamp) -> datetime:
    """Up to when this timestamp speaks: when it was made for media, else when it expires."""
    told = timestamp.unrecognized_fields.get(FIELD)
    made = told.get("made") if isinstance(told, dict) else None
    return datetime.fromisoformat(made) if isinstance(made, str) else timestamp.expires
