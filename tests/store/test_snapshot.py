"""The copy of the state that a case carries: what is in it, and what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from contracts.journal import BROKEN, Bench
from pitstop.diagnostics.redaction import Rules
from pitstop.model.accounts import Role
from pitstop.model.runs import Phase
from pitstop.store.accounts import SqlAccounts
from pitstop.store.database import Database, open_database
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.journal import SqlJournal
from pitstop.store.runs import SqlRuns
from pitstop.store.snapshot import COPIED, LEFT_OUT, write_snapshot
from pitstop.store.tables import metadata
from simulators.clock import SimulatedClock


def test_of_every_table_it_was_decided_whether_others_may_see_it() -> None:
    assert {*COPIED, *LEFT_OUT} == set(metadata.tables.values())
    assert not set(COPIED) & set(LEFT_OUT)


def test_the_columns_that_are_cleaned_are_there() -> None:
    assert all(name in table.c for table, names in COPIED.items() for name in names)


def test_runs_are_copied_and_accounts_and_secrets_are_not(
    database: Database, bench: Bench, tmp_path: Path
) -> None:
    now = SimulatedClock().now()
    SqlAccounts(database).add_account("ada", Role.OPERATOR, "hash-of-ada", now)
    facts = {"bmc_password": "hunter2-hunter2", "site": "north"}
    SqlDeclarations(database).set_facts(facts, "ada", now)
    finding = replace(BROKEN, detail="--password hunter2-hunter2")
    for run_id in ("run-1", "run-2"):
        tree = bench.begin(run_id)
        bench.to_phase(tree, Phase.DOWNLOAD)
        bench.fail(tree, finding=finding)
    write_snapshot(database, tmp_path / "copy", ["run-1"], Rules({}).text)
    copy = open_database(tmp_path / "copy")
    try:
        assert [run.id for run in SqlRuns(copy).runs()] == ["run-1"]
        assert SqlJournal(copy).load("run-1").steps.keys() == SqlJournal(database).load("run-1").steps.keys()
        assert SqlJournal(copy).history("run-1")
        assert not SqlAccounts(copy).accounts()
        said = {fact.name: fact.value for fact in SqlDeclarations(copy).declared().facts}
        assert said["site"] == "north"
        assert "hunter2" not in said["bmc_password"]
    finally:
        copy.close()
    raw = b"".join(path.read_bytes() for path in (tmp_path / "copy").iterdir())
    assert b"hash-of-ada" not in raw
    assert b"hunter2" not in raw
