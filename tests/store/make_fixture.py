"""Write the fixture of the present schema: ``PYTHONPATH=tests python -m store.make_fixture``.

Once a schema has been released, its fixture is never made again: it is what that version left behind.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from contracts.checks import found, keep
from contracts.declarations import NIGHTS, YEAR_END
from contracts.declared_nodes import KEY, N1, N2
from contracts.journal import BROKEN, FIRST, HOTFIX, STEPS, T0, at, new_run
from pitstop.model.accounts import Role
from pitstop.model.audit import AuditEntry
from pitstop.model.checks import CheckSkip, CheckStatus
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Family, PublisherKind, ReleaseId
from pitstop.model.run_events import (
    PhaseEntered,
    RunFailed,
    RunSucceeded,
    StepFailedOnce,
    StepStarted,
    StepSucceeded,
    StepWaited,
)
from pitstop.model.runs import Phase
from pitstop.model.system import DeclaredIn, DeclaredNode, Installed, InstalledBy
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.policy.facts import HardwareContract
from pitstop.ports.feeds import Source
from pitstop.ports.records import AcceptedRisk, Declared, DeclaredContract, DeclaredFact, DeclaredTimes
from pitstop.store.accounts import SqlAccounts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.checks import SqlChecks
from pitstop.store.database import DATABASE_NAME, Database, open_database
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.host_keys import SqlHostKeys
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger
from pitstop.store.nodes import SqlNodes

FIXTURES = Path(__file__).parent / "fixtures"
SOURCE = Source("north", "north", PublisherKind.PLATFORM, "https://north.example", frozenset(PackageType))
KNOWN = Catalogue("north", "star", PublisherKind.PLATFORM, T0, (Family("2311", None),), (FIRST, HOTFIX))
BASELINE = Installed(
    ReleaseId("north", "star", Version.parse("1.2309.0.1")), FIRST.type, "2309", T0, InstalledBy.BASELINE
)
ENTRY = AuditEntry(T0, "ada", "start apply", FIRST.name, "portal 127.0.0.1", "done")
DECLARED = Declared(
    (DeclaredFact("connected", "no", "ada", T0),),
    (AcceptedRisk("slow-disks", "we have none", "ada", T0),),
    DeclaredContract(HardwareContract(valid=True), "ada", T0),
    DeclaredTimes((NIGHTS,), (YEAR_END,), 1, "ada", T0),
)

CLOCK_OFF = found("clock", "node n1", CheckStatus.WARNING)
SKIPPED = CheckSkip("clock", "node n1", "no NTP there", "ada", T0)


def fill(database: Database) -> None:
    """A system with a past: one run that succeeded at its second attempt, one cut short in mid-step."""
    catalogues, journal = SqlCatalogues(database), SqlJournal(database)
    catalogues.add_source(SOURCE)
    catalogues.checked(SOURCE.name, KNOWN, T0)
    SqlLedger(database).adopt([BASELINE])
    SqlAccounts(database).add_account("ada", Role.OPERATOR, "a hash", T0)
    SqlAccounts(database).open_session("a digest", "ada", T0, at(3600))
    SqlAuditLog(database).audit(ENTRY)
    _declare(SqlDeclarations(database))
    _declare_nodes(SqlNodes(database), SqlHostKeys(database))
    _check(SqlChecks(database))
    journal.create(new_run("run-1"), STEPS, expected=UpdateState.READY)
    tree = journal.take("run-1", "w1", at(1))
    journal.append(tree, *(PhaseEntered(at(2), phase) for phase in Phase))
    journal.append(tree, StepStarted("1.1", at(3)), StepFailedOnce("1.1", at(4), BROKEN, "said so"))
    journal.append(tree, RunFailed(at(4), BROKEN))
    journal.resume("run-1", "bob", at(5))
    journal.append(journal.take("run-1", "w2", at(6)), RunSucceeded(at(7)))
    journal.create(new_run("run-2", HOTFIX), STEPS, expected=UpdateState.READY)
    tree = journal.take("run-2", "w2", at(8))
    journal.append(tree, *(PhaseEntered(at(8), phase) for phase in Phase))
    journal.append(tree, StepStarted("1.1", at(9)), StepSucceeded("1.1", at(10), "fine", {"was": "in"}))
    journal.append(tree, StepStarted("1.2", at(11)), StepWaited("1.2", at(12), "the node starts", at(99)))
    journal.append(tree, StepStarted("2", at(13)))


def _declare(declarations: SqlDeclarations) -> None:
    declarations.set_facts({fact.name: fact.value for fact in DECLARED.facts}, "ada", T0)
    declarations.accept_risk("slow-disks", "we have none", "ada", T0)
    declarations.set_contract(HardwareContract(valid=True), "ada", T0)
    declarations.set_times([NIGHTS], [YEAR_END], "ada", T0)


def _declare_nodes(nodes: SqlNodes, host_keys: SqlHostKeys) -> None:
    nodes.take_file([N1], T0)
    host_keys.pin("n1", KEY)
    nodes.place(
        nodes.enter("add node n2", "ada", T0, T0), DeclaredNode(N2, DeclaredIn.SERVICE, "ada", T0), KEY
    )
    nodes.saw("n2", {"star": "1.2311.0.5"}, T0)


def _check(checks: SqlChecks) -> None:
    keep(checks, 0, CLOCK_OFF)
    checks.skip(SKIPPED)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        fill(database)
        database.close()
        raw = sqlite3.connect(Path(folder) / DATABASE_NAME)
        (version,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        dump = "\n".join(raw.iterdump())
        raw.close()
    FIXTURES.mkdir(exist_ok=True)
    (FIXTURES / f"schema-{version}.sql").write_text(f"{dump}\n")


if __name__ == "__main__":
    main()
