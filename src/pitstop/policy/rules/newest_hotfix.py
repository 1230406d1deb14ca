"""The newest hotfix of the current family should be on before a new family goes on: said, never enforced."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import PackageType
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.policy.situation import Situation, Word, subject_of


def newest_hotfix(release: Release, situation: Situation) -> Iterator[Word]:
    here = situation.family
    if here is None or release.type is PackageType.OEM or situation.has(release):
        return
    if release.family is None and here not in situation.graph.homes(release):
        return
    if release.family is not None and here.id not in situation.graph.families[release.family].entered_from:
        return
    newest = next((h for h in situation.graph.hotfixes(here) if h.status is ReleaseStatus.AVAILABLE), None)
    if newest is None or newest is release or here.levels[newest.version] <= situation.on.level:
        return
    yield Word(
        finding=Finding(
            "newer-hotfix",
            Severity.INFORMATIONAL,
            subject_of(release),
            f"Hotfix {newest.version} of family {here.id} is there and not installed.",
            f"Install {newest.name} {'first' if release.family else 'instead'}: recommended, not required.",
        )
    )
