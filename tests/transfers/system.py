"""A system of its own state folder: real store, real sources, real imports; jobs are done at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlite
from pitstop.daemon.stored import Stored, open_state
from pitstop.model.accounts import Actor, Role
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.ports.feeds import Source
from pitstop.ports.media import Bounds
from pitstop.service.audited import Audited
from pitstop.service.importing import Importing
from pitstop.service.imports import ImportsService
from pitstop.service.sources import SourcesService
from pitstop.transport.arrivals import FileArrivals
from pitstop.transport.feeds import TufFeeds
from pitstop.transport.volume import FreeSpace
from pitstop.wire.views import ImportView, NewImport
from transfers.publishers import Publisher
from transport.polled import link_for_tests

OPERATOR = Actor("ada", Role.OPERATOR, "test")
READER = Actor("rea", Role.READER, "test")


class Now:
    """The machine's clock, moved on by a test: python-tuf looks at the real one."""

    def __init__(self) -> None:
        self.ahead = datetime.now(UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return self.now().timestamp()

    async def sleep_until(self, at: datetime) -> None:
        del at


@dataclass
class DirectJobs:
    """Jobs that are done where they are submitted; held back while ``held`` says so."""

    do: Callable[[str], None] = lambda _key: None
    held: bool = False
    keys: list[str] = field(default_factory=list)

    def submit(self, job: str, key: str) -> None:
        del job
        self.keys.append(key)
        if not self.held:
            self.do(key)


@dataclass
class System:
    """What a test has in hand."""

    folder: Path
    stored: Stored
    feeds: TufFeeds
    sources: SourcesService
    imports: ImportsService
    arrivals: FileArrivals
    jobs: DirectJobs
    clock: Now

    def handed(self, path: Path) -> ImportView:
        """Hand over what lies at a path; what came of it."""
        begun = self.imports.begin(OPERATOR, NewImport(path=str(path)))
        return self.imports.show(OPERATOR, begun.id)

    def whole(self, package: str) -> bool:
        """Whether the package can be unpacked from what is here."""
        self.stored.payloads.unpack(package, lambda _done, _of: None)
        return not self.stored.payloads.missing_content(package)

    def known(self) -> dict[str, str]:
        """The stored state of each update."""
        return {name: str(state) for name, state in self.stored.catalogues.update_states().items()}

    def everything(self) -> dict[str, bytes]:
        """Every file of the state but the database."""
        files = (file for file in self.folder.rglob("*") if file.is_file())
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in files
            if not file.name.startswith("pitstop.") and file.name != "lock"
        }


@contextmanager
def system(
    folder: Path,
    publishers: list[Publisher],
    *,
    free: FreeSpace = lambda _folder: 1 << 40,
    urls: dict[str, str] | None = None,
) -> Iterator[System]:
    """A system that knows these publishers, by medium unless ``urls`` says otherwise."""
    clock, bounds = Now(), Bounds()
    with open_state(sqlite.laid(folder)) as stored:
        feeds = TufFeeds(folder / "sources", link=link_for_tests([]), free=free, bounds=bounds, now=clock.now)
        audited = Audited(stored.audit, clock)
        sources = SourcesService(
            stored.catalogues, stored.alerts, feeds, stored.payloads, audited, clock, stored.known_issues
        )
        for publisher in publishers:
            name = publisher.catalogue.publisher
            sources.declare(source_of(publisher, (urls or {}).get(name, "")), publisher.root)
        jobs = DirectJobs()
        arrivals = FileArrivals(folder / "imports", free)
        importing = Importing(feeds, feeds, sources, stored.payloads, bounds)
        imports = ImportsService(arrivals, importing, jobs, stored.alerts, audited, clock)
        jobs.do = imports.do
        yield System(folder, stored, feeds, sources, imports, arrivals, jobs, clock)


def source_of(publisher: Publisher, url: str = "") -> Source:
    oem = frozenset({PackageType.OEM})
    is_oem = publisher.catalogue.kind is PublisherKind.OEM
    types = oem if is_oem else frozenset(PackageType) - oem
    return Source(
        publisher.catalogue.publisher, publisher.catalogue.publisher, publisher.catalogue.kind, url, types
    )
