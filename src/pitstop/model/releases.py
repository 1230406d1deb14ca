"""Releases, families and a publisher's catalogue: the release graph as its publisher signs it.

Identity of a release is publisher, product and exact build. A family is an explicit thing with the id of
its predecessor, never parsed out of a version. A release entry has a revision: the entry with the highest
revision is what holds, and it overrides what the package's metadata said when it was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pitstop.model.conditions import Condition, FactTest, RequiredContent, Risk
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
    NOT_BEFORE = "not-before"


@dataclass(frozen=True, slots=True)
class ReleaseDate:
    """When a release was made public. With month precision ``day`` is the first of that month, and the
    true day is not known; with *not before*, the true day is ``day`` or a later one."""

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
    """The versions that share a major release. ``predecessor`` is None for the first of a line.

    Attributes:
        also_from: further families from which this one can be entered directly, such as one that was
            withdrawn after some systems had taken it.
    """

    id: str
    predecessor: str | None
    also_from: tuple[str, ...] = ()


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
        equivalent_builds: builds that are as good as this one: a system that has one has this release.
        replaces: for a Hotfix, older hotfixes of its families where the numbers alone do not say so, as
            between two numbering schemes.
        hotfix_rides: for Full and Express, whether the newest hotfix of the family goes on in the same run.
        min_platform_version: for OEM, the platform must be at least at this build.
        conditions: prerequisites that hold only on some systems.
        content: what the operator must bring first.
        risks: in the order in which they are told.
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
    equivalent_builds: tuple[Version, ...] = ()
    replaces: tuple[Version, ...] = ()
    hotfix_rides: bool = False
    min_platform_version: Version | None = None
    conditions: tuple[Condition, ...] = ()
    content: tuple[RequiredContent, ...] = ()
    risks: tuple[Risk, ...] = ()

    @property
    def version(self) -> Version:
        return self.id.version


@dataclass(frozen=True, slots=True)
class SupportException:
    """Support further back than usual, for a time.

    Attributes:
        behind: how many families behind the newest are still supported, such as 3.
        while_newest: only while this family is the newest; None: whichever is.
        families: only for systems on these; empty: on any.
        first_day, last_day: whole days in UTC, both included; None: no bound.
        hardware, when: only for this hardware, and where all these tests hold; empty: for any.
    """

    behind: int
    while_newest: str | None = None
    families: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    hardware: tuple[HardwareMatch, ...] = ()
    when: tuple[FactTest, ...] = ()
    reason: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class SupportEnd:
    """A day after which support ends, however near the newest family is.

    Attributes:
        last_day: the last day with support, in UTC.
        families: for systems on these families; empty: on any.
        hardware, when: only for this hardware, and where all these tests hold; empty: for any.
    """

    last_day: date
    families: tuple[str, ...] = ()
    hardware: tuple[HardwareMatch, ...] = ()
    when: tuple[FactTest, ...] = ()
    reason: str = ""
    link: str = ""


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
    support_exceptions: tuple[SupportException, ...] = ()
    support_ends: tuple[SupportEnd, ...] = ()
