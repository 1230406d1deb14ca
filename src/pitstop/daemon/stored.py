"""The state, opened: a database and, beside it, the state folder that this process holds alone.

The database lies in the folder, or is a PostgreSQL that several machines share. What all of them must agree
on is in the database then; what can be brought again lies in each one's folder.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pitstop.model.cleaning import Clean
from pitstop.model.errors import PitstopError, StateUnusable
from pitstop.ports.jobs import Turns
from pitstop.ports.progress import Board
from pitstop.store.accounts import SqlAccounts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.board import SqlBoard
from pitstop.store.cases import SqlCases
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.checklists import SqlChecklists
from pitstop.store.checks import SqlChecks
from pitstop.store.database import Database, open_beside, open_copy, open_database
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.host_keys import SqlHostKeys
from pitstop.store.integrity import StoreIntegrity
from pitstop.store.journal import SqlJournal
from pitstop.store.known_issues import SqlKnownIssues
from pitstop.store.ledger import SqlLedger
from pitstop.store.lock import state_lock
from pitstop.store.nodes import SqlNodes
from pitstop.store.outbox import SqlOutbox
from pitstop.store.payloads import FilePayloads
from pitstop.store.runs import SqlRuns
from pitstop.store.shelf import SqlShelf
from pitstop.store.snapshot import write_snapshot
from pitstop.store.turns import SqlTurns


def worker_name() -> str:
    """This process among all that may work on the same runs."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that is remembered."""

    folder: Path
    turns: Turns
    board: Board | None
    journal: SqlJournal
    runs: SqlRuns
    catalogues: SqlCatalogues
    ledger: SqlLedger
    declarations: SqlDeclarations
    alerts: SqlAlerts
    outbox: SqlOutbox
    known_issues: SqlKnownIssues
    nodes: SqlNodes
    host_keys: SqlHostKeys
    accounts: SqlAccounts
    audit: SqlAuditLog
    cases: SqlCases
    checklists: SqlChecklists
    database: Database
    payloads: FilePayloads
    checks: SqlChecks
    integrity: StoreIntegrity

    def write_snapshot(self, to: Path, runs: Sequence[str], clean: Clean) -> None:
        """A copy with these runs, without secrets: see :mod:`pitstop.store.snapshot`."""
        write_snapshot(self.database, to, runs, clean)


@contextmanager
def open_state(folder: Path, address: str | None = None) -> Iterator[Stored]:
    """Open the state folder, and the database in it or at this address; made and migrated as needed.

    Raises:
        StateUnusable: another service holds it, a newer Pitstop wrote it, or it cannot be written.
    """
    with state_lock(folder):
        database = open_database(address or folder)
        try:
            yield _stored(folder, database, is_shared=address is not None)
        finally:
            database.close()


@contextmanager
def open_state_beside(folder: Path, address: str | None = None) -> Iterator[tuple[Stored, str]]:
    """The state as it is, beside the service that may hold it; and why it can only be read, "" where it can
    be written. What can only be read is read from a copy, where it cannot be read where it is.

    Raises:
        NotFound, StateUnusable, InvalidInput: there is none, or it cannot be read at all.
    """
    with tempfile.TemporaryDirectory(prefix="pitstop-rescue-") as scratch:
        database, why = _beside(folder, address, Path(scratch))
        try:
            yield _stored(folder, database, is_shared=address is not None, beside=True), why
        finally:
            database.close()


def _beside(folder: Path, address: str | None, scratch: Path) -> tuple[Database, str]:
    try:
        database = open_beside(address or folder)
    except StateUnusable as error:
        if address is not None:
            raise
        return open_copy(folder, scratch), error.message
    try:
        database.require_writable()
    except PitstopError as error:
        return database, error.message
    return database, ""


def _stored(folder: Path, database: Database, *, is_shared: bool, beside: bool = False) -> Stored:
    shelf = SqlShelf(database) if is_shared else None
    payloads = FilePayloads(folder, shelf=shelf, beside=beside)
    return Stored(
        folder=folder,
        turns=SqlTurns(database),
        board=SqlBoard(database, worker_name()) if is_shared else None,
        journal=SqlJournal(database),
        runs=SqlRuns(database),
        catalogues=SqlCatalogues(database),
        ledger=SqlLedger(database),
        declarations=SqlDeclarations(database),
        alerts=SqlAlerts(database),
        outbox=SqlOutbox(database),
        known_issues=SqlKnownIssues(database),
        nodes=SqlNodes(database),
        host_keys=SqlHostKeys(database),
        accounts=SqlAccounts(database),
        audit=SqlAuditLog(database),
        payloads=payloads,
        checks=SqlChecks(database),
        integrity=StoreIntegrity(database, payloads),
        cases=SqlCases(database),
        checklists=SqlChecklists(database),
        database=database,
    )
