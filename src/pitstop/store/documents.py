"""A package's small files: what must hold before they are kept, and reading them back as values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from pitstop.model.errors import DigestMismatch, InvalidPackage
from pitstop.model.packages import Manifest
from pitstop.package.content_paths import short_name_problem
from pitstop.package.fileset import DOCUMENTS, MANIFEST, METADATA, PLAN
from pitstop.package.manifest_format import read_manifest
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.plan_format import read_plan

_KEPT_PARSED = 4


def check_documents(package: str, documents: Mapping[str, bytes]) -> None:
    """Refuse what does not belong together.

    Raises:
        InvalidPackage, InvalidPlan: a document is missing or not of its format, or is of another package.
        DigestMismatch: the metadata was signed with another manifest or plan.
    """
    lacking = [name for name in DOCUMENTS if name not in documents]
    if lacking:
        raise InvalidPackage(f"package {package} comes without {', '.join(lacking)}")
    for name in documents:
        if problem := document_name_problem(name):
            raise InvalidPackage(f"package {package}: {problem}")
    metadata = read_metadata(documents[METADATA])
    if metadata.name != package:
        raise InvalidPackage(f"the metadata handed in for {package} is that of {metadata.name}")
    read_plan(signed(documents[PLAN], PLAN, metadata.plan_sha256))
    parsed_manifest(signed(documents[MANIFEST], MANIFEST, metadata.manifest_sha256))


def document_name_problem(name: str) -> str | None:
    """Why this is no name of a package's small file; None if it is one."""
    if name in DOCUMENTS or ("." in name and short_name_problem(name) is None):
        return None
    return f"{name!r} is no name of a document, such as {PLAN} or notes.md"


def signed(raw: bytes, name: str, sha256: str) -> bytes:
    """The bytes, if they are those that were signed.

    Raises:
        DigestMismatch: they are not.
    """
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise DigestMismatch(f"{name} is not the one that the package's metadata names: its digest differs")
    return raw


@lru_cache(_KEPT_PARSED)
def parsed_manifest(raw: bytes) -> Manifest:
    """The manifest that these bytes say; kept, because every copy step asks for it. Raises InvalidPackage."""
    return read_manifest(raw)
