"""What every released schema left behind is opened, migrated, and gone on with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import delete

from contracts.declared_nodes import KEY, N1, N2
from contracts.journal import BROKEN, FIRST, HOTFIX, STEPS, T0, at
from pitstop.model.accounts import Account, Role
from pitstop.model.errors import PitstopError
from pitstop.model.run_events import RunSucceeded, StepSucceeded
from pitstop.model.runs import RunState, StepStatus, Waiting
from pitstop.model.system import DeclaredIn, Installed, InstalledBy
from pitstop.model.updates import UpdateState
from pitstop.package.catalogue_format import write_catalogue
from pitstop.ports.records import Declared, SourceStatus
from pitstop.store import migrations
from pitstop.store.accounts import SqlAccounts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.checks import SqlChecks
from pitstop.store.database import DATABASE_NAME, Database, open_database
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.host_keys import SqlHostKeys
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger
from pitstop.store.nodes import SqlNodes
from pitstop.store.tables import audit_log
from store.make_fixture import BASELINE, CLOCK_OFF, DECLARED, ENTRY, FIXTURES, KNOWN, SKIPPED, SOURCE

DUMPS = sorted(FIXTURES.glob("schema-*.sql"))


@pytest.fixture(params=DUMPS, ids=[path.stem for path in DUMPS])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A state folder as that version left it, opened by this one."""
    raw = sqlite3.connect(tmp_path / DATABASE_NAME)
    raw.executescript(request.param.read_text())
    raw.close()
    database = open_database(tmp_path)
    yield database
    database.close()


def test_every_schema_has_its_fixture() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    known = {revision.revision for revision in script.walk_revisions()}
    assert {path.stem.removeprefix("schema-") for path in DUMPS} == known


def test_the_records_are_all_there(old: Database) -> None:
    catalogues = SqlCatalogues(old)
    assert catalogues.sources() == [SourceStatus(SOURCE, T0)]
    assert catalogues.catalogues() == [("north", KNOWN)]
    assert catalogues.update_states() == {
        FIRST.name: UpdateState.INSTALLED,
        HOTFIX.name: UpdateState.INSTALLING,
    }
    assert SqlLedger(old).installed() == [
        BASELINE,
        Installed(FIRST.id, FIRST.type, "2311", at(7), InstalledBy.RUN, "run-1"),
    ]
    (alert,) = SqlAlerts(old).alerts()
    assert (alert.finding, alert.closed, alert.closed_by) == (BROKEN, at(5), "bob")
    assert SqlAccounts(old).session("a digest", at(1)) == Account("ada", Role.OPERATOR, T0)
    assert SqlAuditLog(old).entries() == [ENTRY]


def test_what_was_declared_is_all_there(old: Database, request: pytest.FixtureRequest) -> None:
    before_there_were_any = "0001" in request.node.callspec.id
    assert SqlDeclarations(old).declared() == (Declared() if before_there_were_any else DECLARED)


def test_the_nodes_are_all_there(old: Database, request: pytest.FixtureRequest) -> None:
    before_there_were_any = request.node.callspec.id < "schema-0007"
    names = [] if before_there_were_any else [(N1, DeclaredIn.FILE), (N2, DeclaredIn.SERVICE)]
    assert [(declared.node, declared.where) for declared in SqlNodes(old).nodes()] == names
    assert SqlHostKeys(old).all_pinned() == ({} if before_there_were_any else {"n1": KEY, "n2": KEY})
    assert len(SqlNodes(old).versions()) == (0 if before_there_were_any else 1)


def test_what_checks_have_found_is_all_there(old: Database, request: pytest.FixtureRequest) -> None:
    before_there_were_any = request.node.callspec.id < "schema-0009"
    checks = SqlChecks(old)
    assert [kept.result for kept in checks.results()] == ([] if before_there_were_any else [CLOCK_OFF])
    assert list(checks.skips()) == ([] if before_there_were_any else [SKIPPED])
    assert len(checks.changes("clock")) == len(checks.rounds()) == (0 if before_there_were_any else 1)


def test_the_audit_log_is_still_append_only(old: Database) -> None:
    with pytest.raises(PitstopError, match="append-only"), old.writing() as connection:
        connection.execute(delete(audit_log))


def test_finished_runs_keep_their_history(old: Database) -> None:
    journal = SqlJournal(old)
    tree = journal.load("run-1")
    assert (tree.run.state, tree.run.attempt, tree.run.ended) == (RunState.SUCCEEDED, 2, at(7))
    assert [record.kind for record in journal.history("run-1")] == [
        "run-taken",
        *["phase-entered"] * 4,
        "step-started",
        "step-failed-once",
        "run-failed",
        "run-resumed",
        "step-reset",
        "run-taken",
        "run-succeeded",
    ]


def test_a_run_that_was_in_progress_goes_on(old: Database) -> None:
    journal = SqlJournal(old)
    assert journal.unfinished() == ["run-2"]
    former = journal.load("run-2")
    assert [(step.name, step.args, step.retry) for step in former.steps.values()] == [
        (step.name, step.args, step.retry) for step in STEPS
    ]
    assert former.steps["1.1"].record == {"was": "in"}
    assert former.steps["1.2"].waiting == Waiting("the node starts", at(12), at(99))
    assert former.steps["2"].status is StepStatus.IN_PROGRESS
    tree = journal.take("run-2", "w3", at(20))
    assert tree.run.epoch > former.run.epoch
    journal.append(tree, StepSucceeded("1.2", at(21)), StepSucceeded("2", at(21)), RunSucceeded(at(22)))
    assert SqlLedger(old).installed()[-1].release == HOTFIX.id


def test_what_is_not_to_be_forgotten_is_taken_from_what_an_old_version_wrote(tmp_path: Path) -> None:
    """The digests of packages from the catalogues, and that somebody signed in from the audit log."""
    raw = sqlite3.connect(tmp_path / DATABASE_NAME)
    raw.executescript((FIXTURES / "schema-0002.sql").read_text())
    known = replace(KNOWN, releases=(replace(FIRST, package_sha256="a" * 64), HOTFIX))
    raw.execute("UPDATE sources SET catalogue = ?", (write_catalogue(known).decode(),))
    raw.execute(
        "INSERT INTO audit_log (at, who, what, subject, origin, outcome)"
        " VALUES ('2026-03-04T05:06:07.000000Z', 'ada', 'sign in', 'ada', 'portal', 'done')"
    )
    raw.commit()
    raw.close()
    database = open_database(tmp_path)
    assert SqlCatalogues(database).package_digests() == {FIRST.name: "a" * 64}
    assert SqlAccounts(database).ever_signed_in()
    database.close()
