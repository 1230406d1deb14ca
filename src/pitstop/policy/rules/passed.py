"""What is installed already, older than what is installed, or replaced by a re-issue, need not go on."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.packages import PackageType
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.model.updates import UpdateState
from pitstop.policy.graph import FamilyNode
from pitstop.policy.situation import Situation, Word, refusal

_NOTHING = "Nothing to do: this system is past it."


def passed(release: Release, situation: Situation) -> Iterator[Word]:
    if situation.has(release):
        return
    if release.type is PackageType.OEM:
        what = _older_oem(release, situation)
    elif release.family is not None:
        what = _older_family(release, situation)
    else:
        what = _older_hotfix(release, situation)
    newer = _reissue(release, situation) if not what and release.family is not None else None
    if what:
        yield refusal(UpdateState.OBSOLETE, "release-obsolete", release, what, _NOTHING)
    elif newer is not None:
        what = f"{release.version} was re-issued as {newer.version}."
        yield refusal(
            UpdateState.OBSOLETE, "release-obsolete", release, what, f"Use {newer.name} in its place."
        )


def _older_oem(release: Release, situation: Situation) -> str:
    oem = situation.on.oem
    return f"OEM package {oem} is installed, which is not older." if oem and oem >= release.version else ""


def _older_family(release: Release, situation: Situation) -> str:
    here, node = situation.family, situation.graph.families.get(release.family or "")
    if here is None or node is None or node.order > here.order:
        return ""
    if node.order < here.order:
        return f"This system is on family {here.id} already, which came after {node.id}."
    return (
        f"This system is on family {here.id} already, with build {situation.on.base or situation.on.version}."
    )


def _reissue(release: Release, situation: Situation) -> Release | None:
    """The later build on offer that re-issues this one: for all systems that do not have it yet."""
    for node in situation.graph.homes(release):
        available = (b for b in situation.graph.builds(node) if b.status is ReleaseStatus.AVAILABLE)
        newer = next(available, release)
        if newer is not release and _comes_after(node, newer, release):
            return newer
    return None


def _comes_after(node: FamilyNode, newer: Release, older: Release) -> bool:
    return node.builds.index(newer) > node.builds.index(older)


def _older_hotfix(release: Release, situation: Situation) -> str:
    here, homes = situation.family, situation.graph.homes(release)
    if here is None or not homes:
        return ""
    if homes[-1].order < here.order:
        return f"It serves family {homes[-1].id}; this system is on {here.id}, which came after."
    level = here.levels.get(release.version)
    if level is not None and level <= situation.on.level:
        newest = here.hotfixes[situation.on.level - 1]
        return f"Hotfix {newest.version} is installed, which holds all that {release.version} holds."
    return ""
