"""Releases, families and a publisher's catalogue: the release graph as its publisher signs it.

Identity of a release is publisher, product and exact build. A family is an explicit thing with the id of
its predecessor, never parsed out of a version. A release entry has a revision: the entry with the highest
revision is what holds, and it overrides what the package's metadata said when it was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.versions import Version


@dataclass(frozen=True, order=True, slots=True)
class ReleaseId:
    """Identity: who, what, exactly which build."""

    publisher: str
    product: str
    version: Version

    def __str__(self) -> str:
        return f"{self.publisher}/{self.product} {self.version}"


class PublisherKind(StrEnum):
    """The platform's publisher owns the software, an OEM the firmware and drivers of the hardware."""

    PLATFORM = "platform"
    OEM = "oem"


class DatePrecision(StrEnum):
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class ReleaseDate:
    """When a release was made public. With month precision ``day`` is the first of that month, and the
    true day is not known."""

    day: date
    precision: DatePrecision = DatePrecision.DAY


class ReleaseStatus(StrEnum):
    AVAILABLE = "available"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class HardwareMatch:
    """Hardware that a release is for: a family, and in it one model or (None) all."""

    family: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """The versions that share a major release. ``predecessor`` is None for the first of a line."""

    id: str
    predecessor: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """One release as its publisher's newest signed entry describes it.

    Attributes:
        name: the update's name on a system and the package's folder, such as ``Northstar1.2402.0.8``.
        family: for Full and Express, the family that it opens or re-issues; else None.
        families: for a Hotfix, the families it serves (usually one); else empty.
        revision: rises with each change of this entry.
        required_hotfix: in the directly preceding family, the hotfix that must be on, or a newer one of
            that family (the gate); None: no hotfix is needed.
        min_oem_version: the OEM package must be at least this.
        hardware: the hardware it is for; empty: all.
        changes_version: whether installing it changes the build that the system shows.
        package_sha256: digest of the package's ``Metadata.xml``, which lists the rest.
        size: bytes of the payload volumes together.
    """

    id: ReleaseId
    name: str
    type: PackageType
    title: str
    description: str = ""
    family: str | None = None
    families: tuple[str, ...] = ()
    released: ReleaseDate | None = None
    revision: int = 1
    status: ReleaseStatus = ReleaseStatus.AVAILABLE
    status_reason: str = ""
    reissues: Version | None = None
    required_hotfix: Version | None = None
    min_oem_version: Version | None = None
    hardware: tuple[HardwareMatch, ...] = ()
    expected_runtimes: tuple[ExpectedRuntime, ...] = ()
    restarts_nodes: bool = False
    changes_version: bool = True
    notes_link: str = ""
    article_link: str = ""
    support_address: str = ""
    package_sha256: str = ""
    size: int = 0

    @property
    def version(self) -> Version:
        return self.id.version


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that one publisher has signed about one product: its families and its releases.

    Attributes:
        issued: when the publisher signed it; answers are *as known on* this day.
    """

    publisher: str
    product: str
    kind: PublisherKind
    issued: datetime
    families: tuple[Family, ...]
    releases: tuple[Release, ...]
