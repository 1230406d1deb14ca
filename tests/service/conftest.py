"""A service's records in a state folder of their own, with publishers who say what a test has them say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import sqlite
from pitstop.model.releases import Catalogue
from pitstop.package.delta_route import Delta
from pitstop.ports.feeds import Source
from pitstop.ports.payloads import Progress
from pitstop.service.audited import Audited
from pitstop.service.sources import SourcesService
from pitstop.store.accounts import SqlAccounts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database, open_database
from pitstop.store.known_issues import SqlKnownIssues
from pitstop.store.payloads import FilePayloads
from simulators.clock import SimulatedClock
from store.packages import Package


@dataclass
class SimulatedFeed:
    """Implements :class:`pitstop.ports.feeds.Feed`: says what it is told to, or raises it.

    Attributes:
        polled: how often it was asked for news.
    """

    says: Catalogue | Exception
    packages: dict[str, Package] = field(default_factory=dict)
    polled: int = 0
    issues: bytes | None = None

    def poll(self) -> Catalogue:
        self.polled += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def document(self, package: str, name: str) -> bytes:
        return self.packages[package].documents[name]

    def notes(self, package: str) -> bytes:
        return f"# {package}\n".encode()

    def known_issues(self) -> bytes | None:
        return self.issues

    def deltas(self) -> Sequence[Delta]:
        return ()

    def fetch_volume(self, package: str, name: str, to: Path, progress: Progress) -> None:
        to.write_bytes(self.packages[package].volumes[name])


@dataclass
class SimulatedFeeds:
    """Implements :class:`pitstop.ports.feeds.Feeds`."""

    feeds: dict[str, SimulatedFeed] = field(default_factory=dict)

    def open(self, source: Source) -> SimulatedFeed:
        return self.feeds[source.name]

    def pin(self, source: Source, root: bytes) -> None: ...


@dataclass(frozen=True)
class World:
    """The records of a service, and who it asks."""

    database: Database
    folder: Path
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    feeds: SimulatedFeeds = field(default_factory=SimulatedFeeds)

    def __post_init__(self) -> None:
        FilePayloads(self.folder)

    @property
    def catalogues(self) -> SqlCatalogues:
        return SqlCatalogues(self.database)

    @property
    def alerts(self) -> SqlAlerts:
        return SqlAlerts(self.database)

    @property
    def accounts(self) -> SqlAccounts:
        return SqlAccounts(self.database)

    @property
    def log(self) -> SqlAuditLog:
        return SqlAuditLog(self.database)

    @property
    def audited(self) -> Audited:
        return Audited(self.log, self.clock)

    @property
    def payloads(self) -> FilePayloads:
        return FilePayloads(self.folder)

    def started(self) -> SourcesService:
        """The sources' service as it is after a start, before anything is declared."""
        return SourcesService(
            self.catalogues,
            self.alerts,
            self.feeds,
            self.payloads,
            self.audited,
            self.clock,
            SqlKnownIssues(self.database),
        )

    def acts(self) -> list[tuple[str, str, str]]:
        """What, whom, and how it ended: every entry of the audit log, oldest first."""
        return [(entry.what, entry.subject, entry.outcome) for entry in reversed(self.log.entries())]

    def active_codes(self) -> list[str]:
        return [alert.finding.code for alert in self.alerts.alerts(active_only=True)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = open_database(sqlite.laid(tmp_path / "state"))
    yield World(database, tmp_path / "state")
    database.close()
