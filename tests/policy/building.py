"""Short words for catalogues and systems in tests of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import (
    Catalogue,
    DatePrecision,
    Family,
    HardwareMatch,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
)
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.versions import Version
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph

PUBLISHER = "hub"
OEM = "smith"
ISSUED = datetime(2024, 6, 1, 12, tzinfo=UTC)


def v(text: str) -> Version:
    return Version.parse(text)


def on_day(text: str) -> ReleaseDate:
    """``2020-08-11``, or ``2020-08`` where only the month is known."""
    if text.count("-") == 1:
        return ReleaseDate(date.fromisoformat(f"{text}-01"), DatePrecision.MONTH)
    return ReleaseDate(date.fromisoformat(text))


def hours(*ranges: tuple[int | None, float, float]) -> tuple[ExpectedRuntime, ...]:
    """Runtimes from (nodes, least, most) in hours."""
    return tuple(ExpectedRuntime(nodes, int(least * 60), int(most * 60)) for nodes, least, most in ranges)


def full(version: str, family: str, gate: str | None = None, **more: Any) -> Release:
    return Release(
        id=ReleaseId(PUBLISHER, "cloud", v(version)),
        name=f"Cloud{version}",
        type=more.pop("type", PackageType.FULL),
        title=f"Update {version}",
        family=family,
        required_hotfix=v(gate) if gate else None,
        **more,
    )


def hotfix(version: str, *families: str, **more: Any) -> Release:
    return Release(
        id=ReleaseId(PUBLISHER, "cloud", v(version)),
        name=f"Cloud{version}",
        type=PackageType.HOTFIX,
        title=f"Hotfix {version}",
        families=families,
        **more,
    )


def oem(version: str, hardware: str = "rack", publisher: str = OEM, **more: Any) -> Release:
    return Release(
        id=ReleaseId(publisher, "firmware", v(version)),
        name=f"{publisher.title()}{version}",
        type=PackageType.OEM,
        title=f"Firmware {version}",
        hardware=(HardwareMatch(hardware),),
        **more,
    )


def chain(*ids: str) -> tuple[Family, ...]:
    """Families of which each follows the one before it."""
    return tuple(Family(id_, before) for before, id_ in zip((None, *ids), ids, strict=False))


def platform(families: Sequence[Family], *releases: Release, **more: Any) -> Catalogue:
    return Catalogue(
        publisher=PUBLISHER,
        product="cloud",
        kind=PublisherKind.PLATFORM,
        issued=more.pop("issued", ISSUED),
        families=tuple(families),
        releases=releases,
        **more,
    )


def oem_line(*releases: Release, publisher: str = OEM) -> Catalogue:
    return Catalogue(publisher, "firmware", PublisherKind.OEM, ISSUED, (), releases)


def graph_of(*catalogues: Catalogue) -> ReleaseGraph:
    return ReleaseGraph.of(catalogues)


def entry(
    release: Release, at: datetime = datetime(2017, 11, 1, tzinfo=UTC), family: str | None = None
) -> Installed:
    """A ledger entry: the release went on then."""
    where = family or release.family or (release.families[0] if release.families else None)
    return Installed(release.id, release.type, where, at, InstalledBy.BASELINE)


def system(graph: ReleaseGraph, *names: str, **more: Any) -> SystemFacts:
    """A system of four nodes in an OEM's rack, on which the releases of these builds went on, in order."""
    ledger = tuple(entry(graph.find(name)) for name in names)
    return SystemFacts(
        installed=more.pop("installed", ledger),
        at=more.pop("at", ISSUED),
        hardware_family=more.pop("hardware_family", "rack"),
        hardware_model=more.pop("hardware_model", "r1"),
        nodes=more.pop("nodes", 4),
        **more,
    )


def moment(text: str) -> datetime:
    """Noon (UTC) of a day."""
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).replace(hour=12)


def codes(findings: Iterable[Any]) -> set[str]:
    return {finding.code for finding in findings}
