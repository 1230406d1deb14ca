"""A publisher's feed: verified catalogue and package files, from wherever they come.

The adapter (:mod:`pitstop.transport`) does its own checking with TUF and hands up only what a threshold of
the publisher's keys has signed. What fails that check raises; nothing unverified is ever returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, PublisherKind
from pitstop.package.delta_route import Delta
from pitstop.ports.payloads import Progress


@dataclass(frozen=True, slots=True)
class Source:
    """A publisher's feed as this system knows it.

    Attributes:
        publisher: the short name that its catalogue must carry.
        url: ``http(s)://`` address of the site's root, or ``file://`` of a folder with the same files; "" for
            a source that is not connected: what it publishes comes on media.
        types: the package types it may publish.
        mirrors: further addresses with the same files, asked where the first fails.
    """

    name: str
    publisher: str
    kind: PublisherKind
    url: str
    types: frozenset[PackageType]
    mirrors: tuple[str, ...] = ()

    @property
    def connected(self) -> bool:
        return bool(self.url)


class Feed(Protocol):
    """One source, opened. Calls block; they are made outside the event loop."""

    def poll(self) -> Catalogue:
        """The newest catalogue.

        Raises:
            Unreachable: the source does not answer.
            TrustError: what it says is not signed as it must be, has expired, goes back, or is not this
                source's to say (another publisher, a type that it may not publish).
            InvalidCatalogue: it is signed, but does not hold together.
        """

    def document(self, package: str, name: str) -> bytes:
        """A small file of a package (``Metadata.xml``, ``plan.json``, ``manifest.json``), verified."""

    def notes(self, package: str) -> bytes:
        """The release notes of a package, Markdown, verified; empty where the publisher has none."""

    def known_issues(self) -> bytes | None:
        """The newest list of known issues, verified, as it is signed; None where none is, or where it is not
        on the medium.

        Raises:
            Unreachable, TrustError.
        """

    def deltas(self) -> Sequence[Delta]:
        """All deltas between its packages that the publisher has signed.

        Raises:
            Unreachable, TrustError.
        """

    def fetch_volume(self, package: str, name: str, to: Path, progress: Progress) -> None:
        """Bring one payload volume, or a delta, to ``to``: verified, or not there at all.

        Raises:
            Unreachable, TrustError, NoSpace.
        """


class Feeds(Protocol):
    """Opens sources."""

    def open(self, source: Source) -> Feed: ...

    def pin(self, source: Source, root: bytes) -> None:
        """Trust this source from this root of trust (a TUF root, JSON) on.

        Raises:
            TrustError: it is no valid root, or another is pinned already.
        """
