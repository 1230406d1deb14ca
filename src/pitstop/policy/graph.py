"""The release graph: what several catalogues say together, laid out for fast questions.

A graph is made once and never changed. Families stand in order of release, hotfixes in order inside each of
their families, releases under identity, name and build. Filters take a graph and give a graph: a removed
release stays known (families are still counted by it, a gate that names it still holds) but is no longer
offered, and the finding that says why is kept with it. Views share one index, so that a removal is cheap.

A hotfix *level* is a place in a family's line of hotfixes: 0 is the family's own build, 1 its first hotfix.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import TypeVar, cast

from pitstop.model.errors import InvalidCatalogue, NotFound
from pitstop.model.findings import Finding
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Family, PublisherKind, Release, ReleaseId, ReleaseStatus
from pitstop.model.versions import Version
from pitstop.policy.catalogue_checks import DISPUTED, problems
from pitstop.policy.merging import Line, merged
from pitstop.policy.release_order import builds_in_order, families_in_order, hotfixes_in_order

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FamilyNode:
    """One family with its releases.

    Attributes:
        order: place in the order of release, from 0.
        builds: the builds that open it; a re-issue stands after what it re-issues.
        hotfixes: its line of hotfixes, oldest first.
        levels: hotfix level by build, equivalent builds included.
        lasting: of hotfixes that serve several families and leave the version as it is: identity and level.
            They stay on when the next family is entered.
        withdrawn: all its builds are withdrawn; it does not count to N.
        entered_from: the families from which it can be entered.
    """

    family: Family
    order: int
    builds: tuple[Release, ...]
    hotfixes: tuple[Release, ...]
    levels: Mapping[Version, int]
    lasting: tuple[tuple[ReleaseId, int], ...]
    withdrawn: bool
    entered_from: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.family.id


@dataclass(frozen=True, slots=True)
class _Index:
    """What all views of a graph share."""

    platform: Line | None
    lines: tuple[Line, ...]
    families: dict[str, FamilyNode]
    entered_next: dict[str, tuple[FamilyNode, ...]]
    releases: dict[ReleaseId, Release]
    by_name: dict[str, Release]
    platform_builds: dict[Version, Release]
    by_build: dict[str, Release]
    oem: tuple[Release, ...]
    disputed: dict[ReleaseId, tuple[str, ...]]
    memo: dict[Hashable, object] = field(default_factory=dict)


class ReleaseGraph:
    """A view of the graph: the first is made :meth:`of` catalogues, further ones with :meth:`without`."""

    __slots__ = ("_gone", "_index", "removed")

    def __init__(self, index: _Index, removed: Mapping[ReleaseId, Finding]) -> None:
        self._index = index
        self.removed = removed
        self._gone = frozenset(index.releases[id_].name for id_ in removed)

    @classmethod
    def of(cls, catalogues: Sequence[Catalogue]) -> ReleaseGraph:
        """The whole graph.

        Raises:
            InvalidCatalogue: the catalogues do not hold together; all problems are listed. A build with two
                digests alone is no reason: it is disputed and kept off by a rule.
        """
        refusing = [finding for finding in problems(catalogues) if finding.code != DISPUTED]
        if refusing:
            raise _refusal(refusing)
        return cls(_index(merged(catalogues)), {})

    def without(self, removed: Mapping[ReleaseId, Finding]) -> ReleaseGraph:
        """The same graph with these releases no longer offered, for these reasons."""
        return ReleaseGraph(self._index, {**removed, **self.removed})

    # --- what is known ---------------------------------------------------------------------------------

    @property
    def platform(self) -> Line | None:
        """The platform's line; None while no platform catalogue is known."""
        return self._index.platform

    @property
    def known_on(self) -> date | None:
        """The day (UTC) of the newest platform catalogue: answers are *as known on* it."""
        platform = self._index.platform
        return platform.issued.astimezone(UTC).date() if platform else None

    @property
    def families(self) -> Mapping[str, FamilyNode]:
        """All families of the platform by id, in order of release."""
        return self._index.families

    @property
    def releases(self) -> Mapping[ReleaseId, Release]:
        """All releases, removed ones too: OEM by line, the platform's in order of release."""
        return self._index.releases

    @property
    def oem(self) -> tuple[Release, ...]:
        """All OEM releases, removed ones too, oldest first."""
        return self._index.oem

    def disputed(self, release: Release) -> tuple[str, ...]:
        """The digests that claim this release's identity, if there is more than one."""
        disputed = self._index.disputed
        return disputed.get(release.id, ()) if disputed else ()

    def is_platform(self, id_: ReleaseId) -> bool:
        """Whether this identity belongs to the platform's line."""
        platform = self._index.platform
        return platform is not None and (id_.publisher, id_.product) == (platform.publisher, platform.product)

    def platform_build(self, version: Version) -> Release | None:
        """The platform's release of this build, or the one that it is as good as."""
        return self._index.platform_builds.get(version)

    def homes(self, release: Release) -> tuple[FamilyNode, ...]:
        """The families that a platform release belongs to, in order; none for OEM."""
        ids = (release.family,) if release.family is not None else release.families
        return tuple(self._index.families[id_] for id_ in ids if id_ in self._index.families)

    def find(self, text: str) -> Release:
        """The release of this name, build or full identity; a platform build before an OEM one.

        Raises:
            NotFound: there is none, or several OEM lines have this build.
        """
        index = self._index
        named = index.by_name.get(text) or index.by_build.get(text)
        if named is not None:
            return named
        fitting = [r for r in index.releases.values() if text in (str(r.version), str(r.id))]
        if len(fitting) != 1:
            what = "several OEM releases are" if fitting else "no release is"
            raise NotFound(
                f"{what} known as {text!r}", hint="List what there is with `pitstop releases`; use the name."
            )
        return fitting[0]

    # --- what is offered -------------------------------------------------------------------------------

    def offers(self, release: Release) -> bool:
        """Whether no filter has taken it out."""
        return release.name not in self._gone

    def entered_next(self, family: str) -> tuple[FamilyNode, ...]:
        """The families that can be entered directly from this one, the furthest first."""
        return self._index.entered_next.get(family, ())

    def builds(self, family: FamilyNode) -> tuple[Release, ...]:
        """The builds on offer that open this family, the newest first."""
        return tuple(build for build in reversed(family.builds) if self.offers(build))

    def hotfixes(self, family: FamilyNode, least: int = 1) -> Iterator[Release]:
        """The family's hotfixes on offer at this level or above, the newest first."""
        gone = self._gone
        return (
            hotfix for hotfix in reversed(family.hotfixes[max(least, 1) - 1 :]) if hotfix.name not in gone
        )

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` gives, worked out once for all views; it must not depend on what is removed."""
        memo = self._index.memo
        if key not in memo:
            memo[key] = compute()
        return cast("T", memo[key])

    @property
    def edges(self) -> int:
        """How many moves there are: from each build to each newer hotfix of its family, and from each build
        at or above the gate to each build that opens a next family."""
        return sum(_edges_inside(node) + _edges_into(node, self) for node in self.families.values())


def checked(catalogues: Sequence[Catalogue]) -> ReleaseGraph:
    """The graph of catalogues that hold together in every respect: what an import asks for.

    Raises:
        InvalidCatalogue: with all problems listed.
    """
    found = problems(catalogues)
    if found:
        raise _refusal(found)
    return ReleaseGraph.of(catalogues)


def _refusal(found: Sequence[Finding]) -> InvalidCatalogue:
    lines = "".join(f"\n- {finding.subject}: {finding.what}" for finding in found)
    return InvalidCatalogue(f"{len(found)} problem(s) in the catalogue:{lines}")


def _index(lines: tuple[Line, ...]) -> _Index:
    platform = next((line for line in lines if line.kind is PublisherKind.PLATFORM), None)
    families = _family_nodes(platform) if platform else {}
    oem = sorted(
        (r for line in lines for r in line.releases.values() if r.type is PackageType.OEM),
        key=lambda release: (release.id.publisher, release.id.product, release.version),
    )
    releases = {release.id: release for release in [*oem, *_platform_releases(families)]}
    builds = {release.version: release for release in _platform_releases(families)}
    for release in list(builds.values()):
        builds.update(dict.fromkeys(release.equivalent_builds, release))
    return _Index(
        platform,
        lines,
        families,
        _entered_next(families),
        releases,
        {release.name: release for release in releases.values()},
        builds,
        {str(version): release for version, release in builds.items()},
        tuple(oem),
        {id_: digests for line in lines for id_, digests in line.disputed.items()},
    )


def _platform_releases(families: Mapping[str, FamilyNode]) -> Iterator[Release]:
    for node in families.values():
        yield from node.builds
        yield from node.hotfixes


def _family_nodes(line: Line) -> dict[str, FamilyNode]:
    builds: dict[str, list[Release]] = {}
    hotfixes: dict[str, list[Release]] = {}
    for release in line.releases.values():
        if release.family is not None:
            builds.setdefault(release.family, []).append(release)
        for family in release.families:
            hotfixes.setdefault(family, []).append(release)
    withdrawn = {
        id_ for id_, found in builds.items() if all(r.status is ReleaseStatus.WITHDRAWN for r in found)
    }
    return {
        id_: _family_node(
            line.families[id_], order, builds.get(id_, ()), hotfixes.get(id_, ()), id_ in withdrawn
        )
        for order, id_ in enumerate(families_in_order(line.families, withdrawn))
    }


def _family_node(
    family: Family, order: int, builds: Iterable[Release], hotfixes: Iterable[Release], withdrawn: bool
) -> FamilyNode:
    in_order = tuple(hotfixes_in_order(hotfixes))
    opening = tuple(builds_in_order(builds))
    levels = dict.fromkeys((v for build in opening for v in (build.version, *build.equivalent_builds)), 0)
    for level, hotfix in enumerate(in_order, start=1):
        levels.update(dict.fromkeys((hotfix.version, *hotfix.equivalent_builds), level))
    lasting = tuple(
        (hotfix.id, levels[hotfix.version])
        for hotfix in in_order
        if len(hotfix.families) > 1 and not hotfix.changes_version
    )
    before = () if family.predecessor is None else (family.predecessor,)
    return FamilyNode(
        family, order, opening, in_order, levels, lasting, withdrawn, (*before, *family.also_from)
    )


def _entered_next(families: Mapping[str, FamilyNode]) -> dict[str, tuple[FamilyNode, ...]]:
    after: dict[str, list[FamilyNode]] = {}
    for node in families.values():
        for id_ in node.entered_from:
            after.setdefault(id_, []).append(node)
    return {
        id_: tuple(sorted(nodes, key=lambda node: (node.withdrawn, -node.order)))
        for id_, nodes in after.items()
    }


def _edges_inside(node: FamilyNode) -> int:
    lines = len(node.hotfixes)
    return len(node.builds) * lines + lines * (lines - 1) // 2


def _edges_into(node: FamilyNode, graph: ReleaseGraph) -> int:
    count = 0
    for before in (graph.families[id_] for id_ in node.entered_from):
        for build in node.builds:
            gate = before.levels.get(build.required_hotfix, 0) if build.required_hotfix else 0
            count += len(before.hotfixes) - gate + 1 if gate else len(before.hotfixes) + len(before.builds)
    return count
