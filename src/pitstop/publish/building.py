"""Build a package from a source folder: the same source gives the same bytes.

Everything is checked before anything is written; the result appears in one step, as a folder ``<Name>``:

    package/        the file set: Metadata.xml, manifest.json, plan.json, volumes
    release.json    the release entry to be
    notes.md        the release notes
    kb.md           the knowledge-base article, if there is one

and, if asked for, ``package/<Name>.pyz``, which unpacks the file set on any machine that has Python, and
``deltas/<Name>-from-<Base>.delta``, for systems that have an earlier release.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pitstop.model.errors import Conflict, InvalidPackage
from pitstop.model.packages import Manifest, PackageMetadata, PackageType, Volume
from pitstop.model.plans import Plan, PlanStep
from pitstop.model.releases import Release, ReleaseId
from pitstop.model.versions import Version
from pitstop.package.article import MAX_ARTICLE_BYTES, read_article
from pitstop.package.catalogue_format import convert_release, release_document
from pitstop.package.content_paths import package_name_problem
from pitstop.package.delta_names import SUFFIX
from pitstop.package.fileset import MANIFEST, MAX_VOLUMES, METADATA, PLAN, package_files, volume_name
from pitstop.package.manifest_format import write_manifest
from pitstop.package.metadata_xml import write_metadata
from pitstop.package.plan_format import (
    MAX_PLAN_BYTES,
    ArgumentCheck,
    check_plan,
    read_plan,
    read_plan_yaml,
    write_plan,
)
from pitstop.package.plan_structure import placed_items
from pitstop.package.volumes import split, write_volume
from pitstop.publish.content_source import Content, Fill, gather
from pitstop.publish.delta_making import DELTAS_FOLDER
from pitstop.publish.delta_wishes import DeltaWishes
from pitstop.publish.durable import put
from pitstop.publish.package_source import PackageSource, read_package_source, version_or_none
from pitstop.publish.page_paths import article_page, on_site, release_page
from pitstop.publish.release_draft import DRAFT_FILE, ReleaseDraft, write_draft
from pitstop.publish.self_extracting import self_extracting_name, write_self_extracting
from pitstop.publish.settings import PublisherSettings
from pitstop.steps.table import KINDS

PACKAGE_FOLDER = "package"
NOTES_FILE = "notes.md"
ARTICLE_FILE = "kb.md"
_MAX_NOTES_BYTES = 1024 * 1024


@dataclass(frozen=True)
class BuiltPackage:
    """A package as it was built, in ``folder``."""

    folder: Path
    metadata: PackageMetadata
    draft: ReleaseDraft

    @property
    def package_folder(self) -> Path:
        return self.folder / PACKAGE_FOLDER

    @property
    def notes(self) -> Path:
        return self.folder / NOTES_FILE

    @property
    def article(self) -> Path | None:
        return _if_there(self.folder / ARTICLE_FILE)

    @property
    def deltas(self) -> Sequence[Path]:
        return sorted((self.folder / DELTAS_FOLDER).glob(f"*{SUFFIX}"))

    @property
    def self_extracting(self) -> Path | None:
        return _if_there(self.package_folder / self_extracting_name(self.metadata.name))


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None


@dataclass(frozen=True)
class _Checked:
    """A source in which nothing is wrong."""

    source: PackageSource
    version: Version
    name: str
    plan: bytes
    notes: bytes
    article: bytes | None
    content: Content


def plan_kinds() -> Mapping[str, ArgumentCheck]:
    """The step kinds of this Pitstop that a package's plan may use."""
    return {name: kind.read for name, kind in KINDS.items() if kind.in_plans}


def build(
    source: Path,
    out: Path,
    settings: PublisherSettings,
    kinds: Mapping[str, ArgumentCheck],
    *,
    self_extracting: bool = False,
    deltas: DeltaWishes | None = None,
) -> BuiltPackage:
    """Build the package of the source folder into ``out/<Name>``.

    Args:
        kinds: the step kinds that its plan may use.
        self_extracting: add a file that unpacks the set.
        deltas: earlier releases to make deltas from.

    Raises:
        NotFound, TrustError: such a release is not on the site, or not as it was signed.
        InvalidPackage, InvalidPlan: the source is not as it must be; nothing was written.
        Conflict: ``out`` holds a build of this name already.
    """
    checked = _check(source, settings, kinds)
    target = out / checked.name
    if target.exists():
        raise Conflict(
            f"{target} is there already", hint="Remove it first, or build into another folder with --out."
        )
    out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=out, prefix=f".{checked.name}."))
    try:
        built = _write(checked, work, settings)
        if self_extracting:
            _add_self_extracting(built)
        if deltas is not None:
            deltas.add_to(built.folder, built.metadata, checked.content)
        work.chmod(0o755)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return replace(built, folder=target)


def _check(source: Path, settings: PublisherSettings, kinds: Mapping[str, ArgumentCheck]) -> _Checked:
    told = read_package_source(source, settings)
    version = Version.parse(told.version)
    name = f"{settings.prefix}{version}"
    if problem := package_name_problem(name):
        raise InvalidPackage(problem)

    def fill(text: str) -> str:
        return text.replace("@VERSION@", str(version)).replace("@NAME@", name)

    content = gather(source, told.content, fill)
    write_manifest(content.manifest)
    plan = _plan(source / told.plan, fill)
    check_plan(plan, kinds)
    problems = list(_content_problems(plan, content.manifest))
    if problems:
        raise InvalidPackage(f"{source / told.plan}: {'; '.join(problems)}")
    notes = fill(_text(source / told.notes, _MAX_NOTES_BYTES)).encode()
    article = _article(source, told, fill)
    checked = _Checked(told, version, name, write_plan(plan), notes, article, content)
    write_metadata(_metadata(checked, settings, ()))
    _release(checked, settings, "", 0)
    return checked


def _article(source: Path, told: PackageSource, fill: Fill) -> bytes | None:
    """The article, checked. A hotfix has one, here or where its ``article_link`` leads."""
    path = source / told.article
    if not path.exists() and (told.type is not PackageType.HOTFIX or told.article_link):
        return None
    raw = fill(_text(path, MAX_ARTICLE_BYTES)).encode()
    try:
        read_article(raw)
    except InvalidPackage as error:
        raise InvalidPackage(f"{path}: {error.message}", hint=error.hint) from error
    return raw


def _plan(path: Path, fill: Fill) -> Plan:
    raw = fill(_text(path, MAX_PLAN_BYTES)).encode()
    return read_plan(raw) if path.suffix == ".json" else read_plan_yaml(raw)


def _text(path: Path, limit: int) -> str:
    try:
        if path.stat().st_size > limit:
            raise InvalidPackage(f"{path} is larger than {limit} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPackage(f"{path} cannot be read: {error}", hint="Add it to the source.") from error


def _content_problems(plan: Plan, manifest: Manifest) -> Iterator[str]:
    """What the plan's steps use that the package does not carry."""
    for placed in placed_items(plan):
        step = placed.item
        if isinstance(step, PlanStep):
            kind = KINDS[step.kind]
            for path in kind.content(kind.read(step.args, placed.where)):
                if manifest.file(path) is None and not manifest.below(path):
                    yield f"{placed.where}: the content has no {path!r}"


def _write(checked: _Checked, work: Path, settings: PublisherSettings) -> BuiltPackage:
    package = work / PACKAGE_FOLDER
    package.mkdir()
    volumes = tuple(_volumes(checked, package))
    metadata = _metadata(checked, settings, volumes)
    xml = write_metadata(metadata)
    release = _release(checked, settings, hashlib.sha256(xml).hexdigest(), metadata.size)
    draft = ReleaseDraft(release, checked.source.predecessor)
    for path, raw in (
        (package / METADATA, xml),
        (package / MANIFEST, write_manifest(checked.content.manifest)),
        (package / PLAN, checked.plan),
        (work / DRAFT_FILE, write_draft(draft)),
        (work / NOTES_FILE, checked.notes),
        (work / ARTICLE_FILE, checked.article),
    ):
        if raw is not None:
            put(path, io.BytesIO(raw))
    return BuiltPackage(work, metadata, draft)


def _add_self_extracting(built: BuiltPackage) -> None:
    name, folder = built.metadata.name, built.package_folder
    parts = [(file, folder / file) for file in package_files(built.metadata)]
    with (folder / self_extracting_name(name)).open("xb") as to:
        write_self_extracting(to, name, parts)


def _volumes(checked: _Checked, package: Path) -> Iterator[Volume]:
    parts = list(split(checked.content.manifest.files, checked.source.volume_bytes))
    if len(parts) > MAX_VOLUMES:
        raise InvalidPackage(f"the content needs {len(parts)} volumes, at most {MAX_VOLUMES} are allowed")
    for number, files in enumerate(parts, start=1):
        path = package / volume_name(checked.name, number)
        with path.open("x+b") as volume:
            write_volume(volume, files, checked.content.open)
            size = volume.tell()
            volume.seek(0)
            yield Volume(path.name, size, hashlib.file_digest(volume, "sha256").hexdigest())


def _metadata(checked: _Checked, settings: PublisherSettings, volumes: tuple[Volume, ...]) -> PackageMetadata:
    source = checked.source
    return PackageMetadata(
        name=checked.name,
        publisher=settings.publisher,
        product=settings.product,
        type=source.type,
        version=checked.version,
        display_name=source.title,
        description=source.description,
        prerequisites=tuple(source.prerequisites),
        min_version=version_or_none(source.min_version),
        min_oem_version=version_or_none(source.min_oem_version),
        restarts_nodes=source.restarts_nodes,
        expected_runtimes=source.runtimes(),
        support_address=source.support_address or settings.support_address,
        release_link=_notes_link(checked, settings),
        article_link=_article_link(checked, settings),
        size=sum(volume.size for volume in volumes),
        manifest_sha256=hashlib.sha256(write_manifest(checked.content.manifest)).hexdigest(),
        plan_sha256=hashlib.sha256(checked.plan).hexdigest(),
        volumes=volumes,
    )


def _notes_link(checked: _Checked, settings: PublisherSettings) -> str:
    """Where people read the notes: under the site's address, if it has one, else their path on the site."""
    return checked.source.notes_link or on_site(settings.site_url, release_page(checked.name))


def _article_link(checked: _Checked, settings: PublisherSettings) -> str:
    if checked.source.article_link or checked.article is None:
        return checked.source.article_link
    return on_site(settings.site_url, article_page(checked.name))


def _release(checked: _Checked, settings: PublisherSettings, package_sha256: str, size: int) -> Release:
    source = checked.source
    release = Release(
        id=ReleaseId(settings.publisher, settings.product, checked.version),
        name=checked.name,
        type=source.type,
        title=source.title,
        description=source.description,
        family=source.family,
        families=tuple(source.families),
        released=source.release_date(),
        reissues=version_or_none(source.reissues),
        required_hotfix=version_or_none(source.required_hotfix),
        min_oem_version=version_or_none(source.min_oem_version),
        hardware=source.hardware_matches(),
        expected_runtimes=source.runtimes(),
        restarts_nodes=source.restarts_nodes,
        changes_version=source.changes_version,
        notes_link=_notes_link(checked, settings),
        article_link=_article_link(checked, settings),
        support_address=source.support_address or settings.support_address,
        package_sha256=package_sha256,
        size=size,
    )
    further = {**release_document(release), **source.release}
    return convert_release(further, settings.publisher, settings.product)
