"""Small packages, made with the package format's own writers."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from pitstop.model.packages import ContentFile, Manifest, PackageMetadata, PackageType, Volume
from pitstop.model.plans import Plan, PlanStep
from pitstop.model.versions import Version
from pitstop.package.fileset import MANIFEST, METADATA, PLAN, volume_name
from pitstop.package.manifest_format import write_manifest
from pitstop.package.metadata_xml import write_metadata
from pitstop.package.plan_format import write_plan
from pitstop.package.volumes import write_volume

CONTENT = {
    "bin/star": b"#!/bin/sh\necho star\n",
    "etc/star.conf": b"a = 1\n" * 50,
    "share/copy": b"a = 1\n" * 50,
}


@dataclass(frozen=True)
class Package:
    """A package's files. ``volumes`` by name."""

    name: str
    metadata: PackageMetadata
    manifest: Manifest
    plan: Plan
    documents: dict[str, bytes]
    volumes: dict[str, bytes] = field(repr=False)


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def content_file(path: str, raw: bytes) -> ContentFile:
    return ContentFile(path, 0o755 if path.startswith("bin/") else 0o644, len(raw), digest(raw))


def manifest_of(content: Mapping[str, bytes]) -> Manifest:
    return Manifest(tuple(content_file(path, content[path]) for path in sorted(content)))


def carrier(content: Mapping[str, bytes]) -> bytes:
    """A volume with these files."""
    to = io.BytesIO()
    write_volume(to, manifest_of(content).files, lambda file: io.BytesIO(content[file.path]))
    return to.getvalue()


def package(
    version: str = "1.2311.0.5",
    content: Mapping[str, bytes] = CONTENT,
    volumes: list[bytes] | None = None,
    manifest: Manifest | None = None,
) -> Package:
    """A package of this content; ``volumes`` and ``manifest`` other than those that belong to it."""
    name = f"Star{version}"
    manifest = manifest or manifest_of(content)
    plan = Plan("Install Star", (PlanStep("Restart", "script", args={"run": "x"}, role="*"),))
    raws = [carrier(content)] if volumes is None else volumes
    by_name = {volume_name(name, number): raw for number, raw in enumerate(raws, start=1)}
    manifest_raw, plan_raw = write_manifest(manifest), write_plan(plan)
    metadata = PackageMetadata(
        name=name,
        publisher="north",
        product="star",
        type=PackageType.FULL,
        version=Version.parse(version),
        display_name=f"Star {version}",
        description="A small star.",
        prerequisites=(),
        min_version=None,
        min_oem_version=None,
        restarts_nodes=False,
        expected_runtimes=(),
        support_address="https://north.example/support",
        release_link="https://north.example/notes",
        article_link="",
        size=sum(len(raw) for raw in raws),
        manifest_sha256=digest(manifest_raw),
        plan_sha256=digest(plan_raw),
        volumes=tuple(Volume(key, len(raw), digest(raw)) for key, raw in by_name.items()),
    )
    documents = {METADATA: write_metadata(metadata), MANIFEST: manifest_raw, PLAN: plan_raw}
    return Package(name, metadata, manifest, plan, documents, by_name)
