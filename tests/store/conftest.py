"""Databases in folders of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert

import sqlite
from contracts.journal import FIRST, HOTFIX, Bench
from pitstop.model.alerts import Alert
from pitstop.model.runs import Run
from pitstop.model.system import Installed
from pitstop.model.updates import UpdateState
from pitstop.store.alerts import SqlAlerts
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database, open_database
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger
from pitstop.store.runs import SqlRuns
from pitstop.store.tables import updates


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(sqlite.laid(tmp_path / "state"))
    yield opened
    opened.close()


@dataclass(frozen=True)
class SqlWorld:
    """What the records say, as one."""

    database: Database

    def update_states(self) -> Mapping[str, UpdateState]:
        return SqlCatalogues(self.database).update_states()

    def installed(self) -> Sequence[Installed]:
        return SqlLedger(self.database).installed()

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        return SqlAlerts(self.database).alerts(active_only=active_only)

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> Sequence[Run]:
        return SqlRuns(self.database).runs(update, limit=limit, before=before)

    def run(self, run_id: str) -> Run:
        return SqlRuns(self.database).run(run_id)


@pytest.fixture
def bench(database: Database) -> Bench:
    with database.writing() as connection:
        for release in (FIRST, HOTFIX):
            connection.execute(
                insert(updates).values(
                    name=release.name,
                    publisher=release.id.publisher,
                    product=release.id.product,
                    version=release.version,
                    type=release.type,
                    family=release.family,
                    state=UpdateState.READY,
                )
            )
    return Bench(SqlJournal(database), SqlWorld(database))
