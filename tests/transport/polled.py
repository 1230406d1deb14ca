"""A system that polls a source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.ports.feeds import Source
from pitstop.transport.feed import TufFeed
from pitstop.transport.feeds import TufFeeds
from pitstop.transport.link import Link
from transport.http_site import HttpSite
from transport.repository import Repository

TYPES = frozenset(PackageType) - {PackageType.OEM}
SOURCE = Source("northstar", "northstar", PublisherKind.PLATFORM, "", TYPES)


@dataclass
class Polled:
    """A repository, its site, and the system's side.

    Attributes:
        waits: seconds that the system would have waited between its tries.
    """

    repository: Repository
    site: HttpSite
    feeds: TufFeeds
    source: Source
    folder: Path
    waits: list[float]

    def feed(self) -> TufFeed:
        """Opened anew, as after a start of the service."""
        return self.feeds.open(self.source)

    def impatient_feed(self) -> TufFeed:
        """Opened by a system that soon gives up on a server that says nothing, or next to nothing."""
        link = replace(link_for_tests(self.waits), tries=2, silence=0.25, slowest=1000, grace=0.25)
        return TufFeeds(self.folder, link=link).open(self.source)

    def over_folder(self, folder: Path) -> TufFeed:
        """The same source, read from a folder now."""
        return self.feeds.open(replace(self.source, url=folder.as_uri()))


def link_for_tests(waits: list[float]) -> Link:
    """Three tries, and no time lost between them."""
    return Link(tries=3, worthwhile=1000, pause=waits.append)
