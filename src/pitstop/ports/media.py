"""Media: what was carried here, judged for a source by the same rules as what comes by wire.

The adapter (:mod:`pitstop.transport`) verifies a medium's metadata by itself, and its payloads against the
newest that the publisher is known to have signed, however that came. An honest medium that is merely older
delivers its payloads and advances nothing; one whose parts do not belong together is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pitstop.model.releases import Catalogue
from pitstop.ports.feeds import Feed, Source
from pitstop.ports.payloads import Progress


class Standing(StrEnum):
    """How a medium's metadata stands to what is known already."""

    NEWER = "newer"
    SAME = "same"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How old a medium may be: past ``warn`` with a warning, past ``refuse`` not at all."""

    warn: timedelta = timedelta(days=90)
    refuse: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class SignedVersions:
    """Of the newest metadata that a source is known to have signed, by role."""

    root: int
    timestamp: int
    snapshot: int
    targets: int


class MediumFeed(Feed, Protocol):
    """What lies on a medium, judged by what is known to be signed."""

    def holds(self, package: str, name: str) -> bool:
        """Whether this file of the package lies there, whole."""

    def fetch_slices(self, package: str, name: str, to: Path, progress: Progress) -> bool:
        """Bring what lies there of a volume in slices, and put it with the slices that others have brought.
        Whether the volume is complete now, and at ``to``.

        Raises:
            TrustError, NoSpace, StateUnusable.
        """


@dataclass(frozen=True, slots=True)
class Examined:
    """A medium, accepted for a source.

    Attributes:
        made: when the publisher signed it for media; None: it carries the timestamp of the wire.
        catalogue: the newest one now; None where the medium is older than what is known.
        feed: gives what lies on the medium, judged by the newest that is known.
    """

    source: Source
    standing: Standing
    made: datetime | None
    catalogue: Catalogue | None
    feed: MediumFeed


class Media(Protocol):
    def belongs(self, source: Source, place: Path, *, volume: str | None = None) -> bool:
        """Whether the root of trust that lies there is the one that is pinned for this source. Proves
        nothing, but tells whose a medium claims to be."""

    def examine(self, source: Source, place: Path, *, volume: str | None = None) -> Examined:
        """Judge a medium for this source, and remember what it says that is newer. Blocks.

        Args:
            place: the folder of the repository or, with ``volume``, a volume of a transfer, in which the
                repository lies below that name.

        Raises:
            TrustError (and those below it): it is refused; the message names why.
            Unreachable: there is no repository there.
            InvalidCatalogue, NoSpace, StateUnusable.
        """

    def versions(self, source: Source) -> SignedVersions | None:
        """The newest that is known of this source; None: nothing yet."""
