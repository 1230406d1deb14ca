"""What comes after what: families along their predecessors, hotfixes inside a family.

Neither order rests on sorting versions across numbering schemes. Families follow the chain of predecessors;
a branch that was withdrawn as a whole stands before the living one that shares its predecessor. Hotfixes of a
family compare number by number, and where a hotfix says that it replaces others, it comes after them.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping

from pitstop.model.releases import Family, Release
from pitstop.model.versions import Version


def families_in_order(families: Mapping[str, Family], withdrawn: Collection[str]) -> list[str]:
    """Family ids in order of release. Those on a cycle, or behind one, are left out."""
    children: dict[str | None, list[str]] = {}
    for family in families.values():
        known = family.predecessor if family.predecessor in families else None
        children.setdefault(known, []).append(family.id)
    for siblings in children.values():
        siblings.sort(key=lambda id_: (id_ in withdrawn, id_))  # popped from the end: withdrawn ones first
    order: list[str] = []
    open_ends = list(children.get(None, ()))
    while open_ends:
        id_ = open_ends.pop()
        order.append(id_)
        open_ends.extend(children.get(id_, ()))
    return order


def hotfixes_in_order(hotfixes: Iterable[Release]) -> list[Release]:
    """Oldest first. Those whose ``replaces`` go round in a circle are left out."""
    by_version = {hotfix.version: hotfix for hotfix in hotfixes}
    waits_for = {
        version: {old for old in hotfix.replaces if old in by_version}
        for version, hotfix in by_version.items()
    }
    replaced_by: dict[Version, list[Version]] = {}
    for version, older in waits_for.items():
        for old in older:
            replaced_by.setdefault(old, []).append(version)
    free = [version for version, older in waits_for.items() if not older]
    heapq.heapify(free)
    order = []
    while free:
        version = heapq.heappop(free)
        order.append(by_version[version])
        for newer in replaced_by.get(version, ()):
            waits_for[newer].discard(version)
            if not waits_for[newer]:
                heapq.heappush(free, newer)
    return order


def builds_in_order(builds: Iterable[Release]) -> list[Release]:
    """The builds that open a family: each after the one that it re-issues, then number by number."""
    by_version = {build.version: build for build in builds}

    def steps_back(build: Release) -> int:
        count, seen = 0, {build.version}
        while build.reissues in by_version and build.reissues not in seen:
            build = by_version[build.reissues]
            seen.add(build.version)
            count += 1
        return count

    return sorted(by_version.values(), key=lambda build: (steps_back(build), build.version))
