"""The state folder, opened: one database and the files beside it, held by this process alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pitstop.store.accounts import SqlAccounts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import open_database
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger
from pitstop.store.lock import state_lock
from pitstop.store.payloads import FilePayloads
from pitstop.store.runs import SqlRuns


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that is remembered."""

    folder: Path
    journal: SqlJournal
    runs: SqlRuns
    catalogues: SqlCatalogues
    ledger: SqlLedger
    declarations: SqlDeclarations
    alerts: SqlAlerts
    accounts: SqlAccounts
    audit: SqlAuditLog
    payloads: FilePayloads


@contextmanager
def open_state(folder: Path) -> Iterator[Stored]:
    """Open the state folder; it is made and migrated as needed.

    Raises:
        StateUnusable: another service holds it, a newer Pitstop wrote it, or it cannot be written.
    """
    with state_lock(folder):
        database = open_database(folder)
        try:
            yield Stored(
                folder=folder,
                journal=SqlJournal(database),
                runs=SqlRuns(database),
                catalogues=SqlCatalogues(database),
                ledger=SqlLedger(database),
                declarations=SqlDeclarations(database),
                alerts=SqlAlerts(database),
                accounts=SqlAccounts(database),
                audit=SqlAuditLog(database),
                payloads=FilePayloads(folder),
            )
        finally:
            database.close()
