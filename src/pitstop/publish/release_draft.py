"""``release.json``: the release entry of a built package, before it is released (format 1).

It holds what the catalogue will say of the release, and the predecessor of the family that it opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from pitstop.model.errors import InvalidPackage
from pitstop.model.releases import Release
from pitstop.package.catalogue_format import convert_release, release_document
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

DRAFT_FILE = "release.json"
DRAFT_FORMAT = 1
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """A release entry to be. ``predecessor``: of ``release.family``, when that family is new."""

    release: Release
    predecessor: str | None


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    publisher: str
    product: str
    predecessor: str | None
    release: dict[str, Any]


def write_draft(draft: ReleaseDraft) -> bytes:
    of = draft.release.id
    document = _Document(
        DRAFT_FORMAT, of.publisher, of.product, draft.predecessor, release_document(draft.release)
    )
    return canonical_json(msgspec.to_builtins(document))


def read_draft(raw: bytes) -> ReleaseDraft:
    """Raises InvalidPackage: not of the format."""
    value = read_json(raw, DRAFT_FILE, _MAX_BYTES, InvalidPackage)
    try:
        document = converted(value, _Document)
    except msgspec.ValidationError as error:
        raise InvalidPackage(f"{DRAFT_FILE}: {error}") from error
    if document.format != DRAFT_FORMAT:
        raise InvalidPackage(f"{DRAFT_FILE} has format {document.format}, known is {DRAFT_FORMAT}")
    release = convert_release(document.release, document.publisher, document.product)
    return ReleaseDraft(release, document.predecessor)
