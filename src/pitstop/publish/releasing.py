"""Make a built package public: its files, its notes and article, and its entry in the catalogue.

The catalogue is held to every rule that a system holds it to, before it is signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pitstop.model.errors import Conflict, DigestMismatch, InvalidPackage, NotFound
from pitstop.model.packages import PackageMetadata, PackageType
from pitstop.model.releases import Catalogue, Family, Release, ReleaseStatus
from pitstop.model.versions import Version
from pitstop.package.article import read_article
from pitstop.package.fileset import MANIFEST, METADATA, PLAN, metadata_names, package_files
from pitstop.package.manifest_format import read_manifest
from pitstop.package.metadata_xml import MAX_METADATA_BYTES, read_metadata
from pitstop.package.plan_format import read_plan
from pitstop.package.site_layout import article_target, notes_target, package_target
from pitstop.policy.graph import checked
from pitstop.publish.building import PACKAGE_FOLDER, BuiltPackage
from pitstop.publish.delta_wishes import require_whole
from pitstop.publish.keys import KeyFolder
from pitstop.publish.piece_lists import with_piece_lists
from pitstop.publish.published import Source
from pitstop.publish.release_draft import DRAFT_FILE, ReleaseDraft, read_draft
from pitstop.publish.repository import Repository
from pitstop.publish.self_extracting import self_extracting_sha256
from pitstop.publish.settings import TYPES, PublisherSettings


def read_built(folder: Path) -> BuiltPackage:
    """A package that was built into ``folder``, every file checked against its metadata.

    Raises:
        NotFound: a file is missing.
        InvalidPackage, InvalidPlan, DigestMismatch: it is not as it was built.
    """
    package = folder / PACKAGE_FOLDER
    draft = read_draft(_read(folder / DRAFT_FILE))
    named_xml = metadata_file(package, draft.release.name)
    xml = _read(named_xml)
    metadata = read_metadata(xml)
    plan, manifest = _read(package / PLAN), _read(package / MANIFEST)
    for name, found, wanted in (
        (named_xml.name, _sha256(xml), draft.release.package_sha256),
        (MANIFEST, _sha256(manifest), metadata.manifest_sha256),
        (PLAN, _sha256(plan), metadata.plan_sha256),
        *((volume.name, _file_sha256(package / volume.name), volume.sha256) for volume in metadata.volumes),
    ):
        if found != wanted:
            raise DigestMismatch(f"{package / name} is not as it was built", hint="Build the package again.")
    read_plan(plan)
    read_manifest(manifest)
    built = BuiltPackage(folder, metadata, draft)
    if built.article is not None:
        read_article(_read(built.article))
    _check_self_extracting(built)
    for delta in built.deltas:
        require_whole(delta, metadata.name)
    return built


def metadata_file(package: Path, name: str) -> Path:
    """The metadata in a package's folder, by whichever of its names it has.

    Raises:
        Conflict: it is there under both.
    """
    there = [package / file for file in metadata_names(name) if (package / file).is_file()]
    if len(there) > 1:
        raise Conflict(f"{package} has both {there[0].name} and {there[1].name}", hint="Remove one of them.")
    return there[0] if there else package / METADATA


def _check_self_extracting(built: BuiltPackage) -> None:
    path = built.self_extracting
    if path is not None and _file_sha256(path) != self_extracting_sha256(
        built.metadata.name, parts_of(built)
    ):
        raise DigestMismatch(f"{path} is not as it was built", hint="Build the package again.")


def parts_of(built: BuiltPackage) -> list[tuple[str, Path]]:
    """The files of the set, by the names that they are published under."""
    name = built.metadata.name
    return [
        (file, metadata_file(built.package_folder, name) if file == METADATA else built.package_folder / file)
        for file in package_files(built.metadata)
    ]


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > 64 * MAX_METADATA_BYTES:
            raise InvalidPackage(f"{path} is too large")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"there is no built package in {path.parent}: {path.name} is missing",
            hint="Name the folder that `pitstop publish build` has made.",
        ) from None


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _file_sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise NotFound(f"the volume {path} is missing", hint="Build the package again.") from None


def release(
    repository: Repository,
    keys: KeyFolder,
    built: BuiltPackage,
    now: datetime,
    *,
    more: Mapping[str, Source] | None = None,
) -> Release:
    """Add the package to the site and its entry to the catalogue. The same build again changes nothing.

    Args:
        more: further target files that become public with it.

    Raises:
        Conflict: this build was released already, with other bytes, or is withdrawn.
        InvalidPackage: it is not this publisher's, or does not fit into the catalogue.
        TrustError: the site, or the keys, are not this publisher's.
    """
    draft = built.draft
    published = repository.read()
    catalogue = published.catalogue
    known = find_release(catalogue, draft.release.version)
    if known is not None:
        return _same(known, draft)
    problems = [
        *_ownership_problems(built.metadata, draft, repository.settings),
        *_fit_problems(draft, catalogue),
    ]
    if problems:
        raise InvalidPackage(
            f"{built.metadata.name} cannot be released: {'; '.join(problems)}",
            hint="Correct the package source and build it again, or release first what is missing.",
        )
    grown = replace(
        catalogue,
        issued=now,
        families=(*catalogue.families, *_new_families(draft, catalogue)),
        releases=(*catalogue.releases, draft.release),
    )
    checked([grown])
    files = with_piece_lists({**files_of(built), **(more or {})})
    repository.publish(keys, now, files, grown, over=published.number)
    return draft.release


def find_release(catalogue: Catalogue, version: Version) -> Release | None:
    """The release of exactly this build."""
    return next((entry for entry in catalogue.releases if entry.version == version), None)


def _same(known: Release, draft: ReleaseDraft) -> Release:
    if known.package_sha256 != draft.release.package_sha256:
        raise Conflict(
            f"{known.name} is published already, with other bytes",
            hint="What is published never changes: give the build another version.",
        )
    if known.status is ReleaseStatus.WITHDRAWN:
        raise Conflict(f"{known.name} was withdrawn: {known.status_reason}")
    return known


def _ownership_problems(
    metadata: PackageMetadata, draft: ReleaseDraft, settings: PublisherSettings
) -> Iterator[str]:
    entry = draft.release
    ours, theirs = (settings.publisher, settings.product), (metadata.publisher, metadata.product)
    if ours != theirs:
        yield f"it is of {'/'.join(theirs)}, not of {'/'.join(ours)}"
    if metadata.name != f"{settings.prefix}{metadata.version}":
        yield f"its name is not {settings.prefix}{metadata.version}"
    if metadata.type not in TYPES[settings.kind]:
        yield f"a publisher of kind {settings.kind} publishes no {metadata.type}"
    described = (metadata.publisher, metadata.product, metadata.version, metadata.name, metadata.type)
    if described != (entry.id.publisher, entry.id.product, entry.version, entry.name, entry.type):
        yield "its metadata and its release entry are of different packages"


def _fit_problems(draft: ReleaseDraft, catalogue: Catalogue) -> Iterator[str]:
    entry = draft.release
    known = {family.id: family for family in catalogue.families}
    if entry.family is not None and entry.family not in known:
        yield from _new_family_problems(draft, catalogue)
    elif entry.family is not None:
        if entry.reissues is None or find_release(catalogue, entry.reissues) is None:
            yield f"family {entry.family} is there already, and it does not say which build it re-issues"
        if draft.predecessor != known[entry.family].predecessor:
            yield f"family {entry.family} follows {known[entry.family].predecessor}"
    missing = [family for family in entry.families if family not in known]
    if missing:
        yield f"the families {', '.join(missing)} are not there"
    yield from _gate_problems(draft, catalogue)


def _new_family_problems(draft: ReleaseDraft, catalogue: Catalogue) -> Iterator[str]:
    families = {family.id for family in catalogue.families}
    if draft.predecessor is None and families:
        yield f"the new family {draft.release.family} names no predecessor"
    if draft.predecessor is not None and draft.predecessor not in families:
        yield f"the predecessor {draft.predecessor} is not there"


def _gate_problems(draft: ReleaseDraft, catalogue: Catalogue) -> Iterator[str]:
    required = draft.release.required_hotfix
    if required is None:
        return
    gate = find_release(catalogue, required)
    if gate is None or gate.type is not PackageType.HOTFIX or draft.predecessor not in gate.families:
        yield f"the required hotfix {required} is no released hotfix of family {draft.predecessor}"


def _new_families(draft: ReleaseDraft, catalogue: Catalogue) -> Iterator[Family]:
    family = draft.release.family
    if family is not None and all(known.id != family for known in catalogue.families):
        yield Family(family, draft.predecessor)


def files_of(built: BuiltPackage) -> dict[str, Source]:
    """Target path and file of all that becomes public with the package."""
    name = built.metadata.name
    files: dict[str, Source] = {package_target(name, file): path for file, path in parts_of(built)}
    files[notes_target(name)] = built.notes
    if built.article is not None:
        files[article_target(name)] = built.article
    files |= {package_target(name, delta.name): delta for delta in built.deltas}
    if built.self_extracting is not None:
        files[package_target(name, built.self_extracting.name)] = built.self_extracting
    return files
