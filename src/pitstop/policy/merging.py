"""From the catalogues of several sources to one line for each product of a publisher.

Sources only say where bytes are: what two of them say of the same release is one release. The entry with the
highest revision holds; of two with the same revision, that of the newer catalogue. The same build with two
digests is never settled here: it is *disputed*, and a rule keeps it off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pitstop.model.releases import (
    Catalogue,
    Family,
    PublisherKind,
    Release,
    ReleaseId,
    SupportEnd,
    SupportException,
)


@dataclass(frozen=True, slots=True)
class Line:
    """All that is known of one product of one publisher.

    Attributes:
        issued: of the newest catalogue.
        releases: the entry that holds, by identity.
        disputed: the digests of packages that claim the same identity, sorted.
    """

    publisher: str
    product: str
    kind: PublisherKind
    issued: datetime
    families: dict[str, Family]
    releases: dict[ReleaseId, Release]
    disputed: dict[ReleaseId, tuple[str, ...]]
    support_exceptions: tuple[SupportException, ...]
    support_ends: tuple[SupportEnd, ...]


def merged(catalogues: Iterable[Catalogue]) -> tuple[Line, ...]:
    """One line for each publisher and product, in the order in which they are first met."""
    groups: dict[tuple[str, str], list[Catalogue]] = {}
    for catalogue in catalogues:
        groups.setdefault((catalogue.publisher, catalogue.product), []).append(catalogue)
    return tuple(_line(sorted(group, key=lambda item: item.issued)) for group in groups.values())


def _line(catalogues: Sequence[Catalogue]) -> Line:
    """One line of catalogues that are sorted, oldest first."""
    newest = catalogues[-1]
    releases: dict[ReleaseId, Release] = {}
    digests: dict[ReleaseId, set[str]] = {}
    for catalogue in catalogues:
        for release in catalogue.releases:
            known = releases.get(release.id)
            if known is None or release.revision >= known.revision:
                releases[release.id] = release
            if release.package_sha256:
                digests.setdefault(release.id, set()).add(release.package_sha256)
    return Line(
        newest.publisher,
        newest.product,
        newest.kind,
        newest.issued,
        {family.id: family for catalogue in catalogues for family in catalogue.families},
        releases,
        {id_: tuple(sorted(found)) for id_, found in digests.items() if len(found) > 1},
        newest.support_exceptions,
        newest.support_ends,
    )
