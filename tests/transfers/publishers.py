"""Two publishers with their sites on loopback, and small packages that hold to every format."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from pitstop.model.packages import ContentFile, Manifest, PackageMetadata, PackageType, Volume
from pitstop.model.plans import Plan, PlanStep
from pitstop.model.releases import Catalogue, Family, PublisherKind, Release, ReleaseDate, ReleaseId
from pitstop.model.versions import Version
from pitstop.package.manifest_format import write_manifest
from pitstop.package.metadata_xml import write_metadata
from pitstop.package.pieces import has_pieces, pieces_of
from pitstop.package.plan_format import write_plan
from pitstop.package.site_layout import notes_target, package_target
from pitstop.package.volumes import write_volume
from transport.http_site import HttpSite
from transport.repository import ISSUED, Repository

PLATFORM, OEM = "northstar", "emberforge"


def noise(seed: str, size: int) -> bytes:
    """Bytes without a pattern, the same for the same seed."""
    return random.Random(seed).randbytes(size)


@dataclass(frozen=True)
class Package:
    """A package with all its files."""

    release: Release
    files: Mapping[str, bytes]

    @property
    def name(self) -> str:
        return self.release.name

    def volume(self, number: int = 1) -> str:
        return f"{self.name}-{number}.zip"


@cache
def package(
    version: str,
    *,
    publisher: str = PLATFORM,
    package_type: PackageType = PackageType.FULL,
    family: str | None = None,
    families: tuple[str, ...] = (),
    size: int = 50_000,
    volumes: int = 1,
    min_oem: str | None = None,
) -> Package:
    """A package of this build; each volume holds one file of ``size`` bytes. Made once, never changed."""
    name = f"{publisher.capitalize()}{version}"
    contents = {f"app/part-{number}.bin": noise(f"{name}/{number}", size) for number in range(1, volumes + 1)}
    entries = {
        path: ContentFile(path, 0o644, len(content), hashlib.sha256(content).hexdigest())
        for path, content in sorted(contents.items())
    }
    manifest = write_manifest(Manifest(tuple(entries.values())))
    plan = write_plan(
        Plan(f"Install {name}", (PlanStep("Say so", "command", args={"run": ["true"]}, role="*"),))
    )
    made: dict[str, bytes] = {}
    for number, (path, entry) in enumerate(entries.items(), start=1):
        raw = io.BytesIO()
        write_volume(raw, [entry], lambda file: io.BytesIO(contents[file.path]))
        made[f"{name}-{number}.zip"] = raw.getvalue()
        del path
    metadata = write_metadata(
        PackageMetadata(
            name=name,
            publisher=publisher,
            product="lantern" if publisher == PLATFORM else "furnace",
            type=package_type,
            version=Version.parse(version),
            display_name=name,
            description=f"{name}, for tests.",
            prerequisites=(),
            min_version=None,
            min_oem_version=None,
            restarts_nodes=False,
            expected_runtimes=(),
            support_address="support@publisher.example",
            release_link="https://publisher.example/notes",
            article_link="",
            size=sum(map(len, made.values())),
            manifest_sha256=hashlib.sha256(manifest).hexdigest(),
            plan_sha256=hashlib.sha256(plan).hexdigest(),
            volumes=tuple(
                Volume(volume, len(raw), hashlib.sha256(raw).hexdigest()) for volume, raw in made.items()
            ),
        )
    )
    release = Release(
        id=ReleaseId(publisher, "lantern" if publisher == PLATFORM else "furnace", Version.parse(version)),
        name=name,
        type=package_type,
        title=name,
        family=family,
        families=families,
        released=ReleaseDate(date(2026, 3, 1)),
        package_sha256=hashlib.sha256(metadata).hexdigest(),
        size=sum(map(len, made.values())),
        min_oem_version=Version.parse(min_oem) if min_oem else None,
    )
    return Package(release, {"Metadata.xml": metadata, "manifest.json": manifest, "plan.json": plan, **made})


class Publisher:
    """A repository that packages are released into.

    Attributes:
        packages: by name.
    """

    def __init__(self, name: str = PLATFORM, kind: PublisherKind = PublisherKind.PLATFORM) -> None:
        self.repository = Repository()
        self.packages: dict[str, Package] = {}
        self._number = 0
        product = "lantern" if kind is PublisherKind.PLATFORM else "furnace"
        self.catalogue = Catalogue(name, product, kind, ISSUED, (), ())

    @property
    def root(self) -> bytes:
        return self.repository.first_root

    def release(self, *packages: Package, families: tuple[Family, ...] = ()) -> None:
        """Make these public, all at once."""
        for made in packages:
            self.packages[made.name] = made
            self.repository.add_package(made.files, made.name)
            self.repository.add(notes_target(made.name), f"# {made.name}\n".encode())
            for file, content in made.files.items():
                if file.endswith(".zip") and has_pieces(len(content)):
                    at = package_target(made.name, f"{file}.pieces")
                    self.repository.add(at, pieces_of(io.BytesIO(content)))
        self.catalogue = replace(
            self.catalogue,
            families=(*self.catalogue.families, *families),
            releases=(*self.catalogue.releases, *(made.release for made in packages)),
        )
        self._number += 1
        targets = self.repository.targets.targets
        targets.pop(f"catalogue/{self._number - 1}.json", None)
        self.repository.add_catalogue(self._number, self.catalogue)
        self.repository.publish()

    def media_site(self) -> dict[str, bytes]:
        """The site, which offers a timestamp for media too."""
        files = self.repository.copy_of_files()
        files["metadata/media-timestamp.json"] = self.repository.for_media()["metadata/timestamp.json"]
        return files

    @contextmanager
    def site(self) -> Iterator[HttpSite]:
        with HttpSite(self.media_site()) as site:
            yield site


def platform() -> Publisher:
    """Three families and a hotfix; the third family needs OEM 2.1."""
    made = Publisher()
    made.release(
        package("1.2311.0.5", family="2311"),
        package("1.2402.0.8", family="2402", size=700_000, volumes=2),
        package("1.2402.1.20", package_type=PackageType.HOTFIX, families=("2402",)),
        package("1.2405.0.4", family="2405", package_type=PackageType.EXPRESS, min_oem="2.1"),
        families=(Family("2311", None), Family("2402", "2311"), Family("2405", "2402")),
    )
    return made


def oem() -> Publisher:
    """Two builds of firmware."""
    made = Publisher(OEM, PublisherKind.OEM)
    made.release(
        package("2.0", publisher=OEM, package_type=PackageType.OEM),
        package("2.1", publisher=OEM, package_type=PackageType.OEM, size=300_000),
    )
    return made
