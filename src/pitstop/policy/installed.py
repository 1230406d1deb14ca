"""From the ledger to what is on the system: family, build, hotfix level, OEM package.

The ledger decides, not the version that the system shows: a hotfix that leaves the version as it is counts
all the same. A build that no catalogue knows is placed by the family that the ledger gives it, and a finding
says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date

from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import PackageType
from pitstop.model.releases import Release, ReleaseId
from pitstop.model.system import Installed
from pitstop.model.versions import Version
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import FamilyNode, ReleaseGraph


@dataclass(frozen=True, slots=True)
class Installation:
    """What is on a system.

    Attributes:
        family: the newest family that went on; it may be one that no catalogue knows. None: nothing did.
        version: the platform's build as the system shows it.
        base: the build that opened the family; None when the ledger does not say.
        level: place in the family's line of hotfixes; 0: none.
        oem: the newest OEM package.
        on: identities of all that went on, equivalent builds as the release that they are as good as.
        findings: what could not be placed for certain.
    """

    family: str | None = None
    version: Version | None = None
    base: Version | None = None
    level: int = 0
    oem: Version | None = None
    on: frozenset[ReleaseId] = frozenset()
    findings: tuple[Finding, ...] = ()


def installation(graph: ReleaseGraph, facts: SystemFacts, *, until: date | None = None) -> Installation:
    """What the ledger says is on, at the end of day ``until`` (UTC) or now."""
    entries = [
        entry for entry in facts.installed if until is None or entry.at.astimezone(UTC).date() <= until
    ]
    of_oem = [entry for entry in entries if entry.type is PackageType.OEM]
    of_platform = [entry for entry in entries if graph.is_platform(entry.release)]
    oem = max((entry.release.version for entry in of_oem), default=None)
    on = frozenset(_known(graph, entry.release) for entry in entries)
    family = _newest_family(graph, of_platform)
    node = graph.families.get(family) if family else None
    start = Installation(family=family, oem=oem, on=on)
    if node is None:
        last = of_platform[-1].release.version if of_platform else None
        return replace(start, version=last, base=last)
    return _in_family(graph, node, start, of_platform)


def after(graph: ReleaseGraph, before: Installation, release: Release) -> Installation:
    """What is on when ``release`` has gone on as well."""
    on = before.on | {release.id}
    if release.type is PackageType.OEM:
        newer = release.version if before.oem is None else max(before.oem, release.version)
        return Installation(before.family, before.version, before.base, before.level, newer, on)
    if release.family is not None:
        node = graph.families[release.family]
        level = max((place for id_, place in node.lasting if id_ in on), default=0)
        return Installation(node.id, release.version, release.version, level, before.oem, on)
    level = graph.families[before.family].levels.get(release.version, 0) if before.family else 0
    version = release.version if release.changes_version else before.version
    return Installation(before.family, version, before.base, max(before.level, level), before.oem, on)


def _known(graph: ReleaseGraph, id_: ReleaseId) -> ReleaseId:
    """The identity that the catalogue uses for this build."""
    known = graph.platform_build(id_.version) if graph.is_platform(id_) else None
    return known.id if known else id_


def _newest_family(graph: ReleaseGraph, entries: Iterable[Installed]) -> str | None:
    """The family furthest along the order of release; a family that no catalogue knows is newer than those
    that were on before it."""
    newest: str | None = None
    for entry in entries:
        family = _family_of(graph, entry)
        if family is None:
            continue
        here = graph.families.get(family)
        there = graph.families.get(newest) if newest else None
        if here is None or there is None or here.order > there.order:
            newest = family
    return newest


def _family_of(graph: ReleaseGraph, entry: Installed) -> str | None:
    """The family that this entry shows the system to be on."""
    known = graph.platform_build(entry.release.version)
    if known is None:
        return entry.family
    if known.family is not None:
        return known.family
    return known.families[0] if len(known.families) == 1 else entry.family


def _in_family(
    graph: ReleaseGraph, node: FamilyNode, start: Installation, entries: Iterable[Installed]
) -> Installation:
    """Level, base and version inside the family that the system is on."""
    state, findings = start, []
    for id_, level in node.lasting:
        if id_ in start.on:
            state = replace(state, level=max(state.level, level))
    shown = -1
    for entry in entries:
        version = entry.release.version
        known = graph.platform_build(version)
        if known is None and entry.family == node.id:
            level = _level_by_number(node, version)
            findings.append(_unknown_build(entry, node))
        elif known is not None and version in node.levels and not _is_lasting(node, known):
            level = node.levels[version]
        else:
            continue
        opens = entry.type.opens_family
        state = replace(
            state, base=version if opens else state.base, level=max(state.level, 0 if opens else level)
        )
        if level >= shown and (known is None or known.changes_version):
            shown = level
            state = replace(state, version=version)
    return replace(state, findings=tuple(findings))


def _is_lasting(node: FamilyNode, release: Release) -> bool:
    return any(id_ == release.id for id_, _ in node.lasting)


def _level_by_number(node: FamilyNode, version: Version) -> int:
    """How many of the family's hotfixes have a number up to this one."""
    length = len(version.numbers)
    return sum(hotfix.version <= version for hotfix in node.hotfixes if len(hotfix.version.numbers) == length)


def _unknown_build(entry: Installed, node: FamilyNode) -> Finding:
    return Finding(
        "installed-build-unknown",
        Severity.INFORMATIONAL,
        f"build {entry.release.version}",
        f"No catalogue knows the installed build {entry.release.version}; it is taken to be of family "
        f"{node.id}, as the ledger says, and placed among its hotfixes by its number.",
        "Poll or import the publisher's newest catalogue.",
    )
