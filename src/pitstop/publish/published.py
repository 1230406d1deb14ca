"""What a publisher's site says, and what is to change: the values that repository and rules speak in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Root, TargetFile, Targets  # type: ignore[attr-defined] # documented, no __all__

from pitstop.model.releases import Catalogue
from pitstop.package.site_layout import Numbered, numbered_target, target_number

Source = bytes | Path
"""Where a target file's bytes come from."""

ONLINE_ROLES = ("targets", "snapshot", "timestamp")
"""The roles whose keys sign each release, in the order in which they vouch for one another."""


@dataclass(frozen=True)
class MediaStamp:
    """The media timestamp on the site: ``made`` then, for the state that ``snapshot`` has, until."""

    made: datetime
    expires: datetime
    snapshot: int


@dataclass(frozen=True)
class Published:
    """What the site says, verified.

    Attributes:
        versions, expires: of the signed metadata, by role.
        top: what the publisher's own targets role has signed.
        teams: what teams have signed for it, by the team's name.
        targets: all signed target files by path, the teams' too.
        number: of the catalogue.
        documents: the numbers of all numbered documents that are there.
    """

    root: Root
    versions: Mapping[str, int]
    expires: Mapping[str, datetime]
    top: Targets
    targets: Mapping[str, TargetFile]
    catalogue: Catalogue
    number: int
    teams: Mapping[str, Targets] = field(default_factory=dict)
    documents: Mapping[Numbered, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What is to be signed anew.

    Attributes:
        files: new target files, by path.
        documents: new numbered documents; each takes the place of the one before.
        top: the targets role's metadata to go on from (delegations); None: what is published.
        roles: from the first of these on, each role is signed anew.
    """

    files: Mapping[str, Source] = field(default_factory=dict)
    documents: Mapping[Numbered, bytes] = field(default_factory=dict)
    top: Targets | None = None
    roles: Sequence[str] = ONLINE_ROLES

    def document_targets(self, current: Published) -> dict[str, bytes]:
        """The new numbered documents by target path."""
        return {
            numbered_target(kind, current.documents.get(kind, 0) + 1): raw
            for kind, raw in self.documents.items()
        }


def document_numbers(targets: Iterable[str]) -> dict[Numbered, int]:
    """The newest number of each kind of numbered document that is there."""
    found: dict[Numbered, int] = {}
    for path in targets:
        for kind in Numbered:
            number = target_number(kind, path)
            if number is not None:
                found[kind] = max(number, found.get(kind, 0))
    return found
