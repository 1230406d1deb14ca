"""Records that cannot be read any more are named and left as they are, and all the rest goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from contracts.journal import BROKEN, HOTFIX, T0, Bench, at
from pitstop.model.checks import CheckOrigin, CheckResult, CheckStatus
from pitstop.model.errors import RecordDamaged
from pitstop.model.findings import Severity
from pitstop.model.run_events import AbortRequested, CancelRequested, RunCancelled, RunRequest, StepStarted
from pitstop.model.runs import RunState
from pitstop.store.alerts import SqlAlerts
from pitstop.store.checks import SqlChecks
from pitstop.store.database import Database
from pitstop.store.nodes import SqlNodes
from pitstop.store.snapshot import write_snapshot

DAMAGES = ("", "{", '{"of": "another version"}', "[1, 2", "\\u0000", "17")
"""What is there instead: nothing, half of it, another shape."""

OF_STEPS = ("args", "retry", "waiting", "record", "undo", "inner_steps")
CODE = RecordDamaged.code


def damage(database: Database, table: str, column: str, raw: str = "{") -> None:
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = :raw"), {"raw": raw})  # noqa: S608


def raw_of(database: Database, table: str, column: str) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(text(f"SELECT {column} FROM {table}")).scalars())  # noqa: S608


@pytest.mark.parametrize("raw", DAMAGES)
@pytest.mark.parametrize("column", ["finding", "riders"])
def test_a_damaged_report_of_a_run_ends_no_list_and_keeps_no_run_off(
    database: Database, bench: Bench, column: str, raw: str
) -> None:
    """A report of an earlier run that could not be read failed every further update, until it was cleared
    away by hand (Azure/AzureLocal-Supportability 143, ClearCorruptReports)."""
    bench.fail(bench.begin("run-1"))
    damage(database, "runs", column, raw)
    bench.succeed("run-2", HOTFIX)
    (second, first) = bench.world.runs()
    assert second.finding is None
    assert first.finding is not None
    assert first.finding.code == CODE
    assert first.finding.remedy
    assert raw in first.finding.detail
    assert first.state is RunState.FAILED, "all that can be read is shown"
    assert raw in raw_of(database, "runs", column), "and it is left as it is"
    assert bench.world.installed()[-1].release == HOTFIX.id


@pytest.mark.parametrize("column", OF_STEPS)
def test_a_damaged_step_is_named_beside_the_others(database: Database, bench: Bench, column: str) -> None:
    tree = bench.begin("run-1")
    bench.fail(tree)
    damage(database, "steps", column)
    found = bench.journal.load("run-1").steps["1.1"].finding
    assert found is not None
    assert found.code == CODE
    assert column.replace("_", " ") in found.what
    assert len(bench.journal.load("run-1").steps) == len(tree.steps)
    bench.succeed("run-2", HOTFIX)
    assert raw_of(database, "steps", column) > {"{"}


@pytest.mark.parametrize("column", OF_STEPS)
def test_what_a_run_is_to_do_is_not_guessed_but_it_can_be_ended(
    database: Database, bench: Bench, column: str
) -> None:
    bench.begin("run-1")
    damage(database, "steps", column)
    before = bench.picture()
    refused: RunRequest = AbortRequested(at(5), "ada")
    for act in (
        lambda: bench.journal.take("run-1", "w2", at(5)),
        lambda: bench.journal.request("run-1", refused),
    ):
        with pytest.raises(RecordDamaged, match="step 1 of run run-1") as said:
            act()
        assert "pitstop run cancel" in said.value.hint
    assert bench.picture() == before
    bench.journal.request("run-1", CancelRequested(at(6), "ada"))
    tree = bench.journal.take("run-1", "w2", at(7))
    bench.journal.append(tree, RunCancelled(at(8), None))
    assert raw_of(database, "steps", column) == {"{"}
    bench.succeed("run-2", HOTFIX)


@pytest.mark.parametrize("fails", [True, False])
def test_what_is_shown_beside_a_damaged_value_is_written_over_nothing(
    database: Database, bench: Bench, fails: bool
) -> None:
    tree = bench.begin("run-1")
    if fails:
        bench.fail(tree)
    kept = raw_of(database, "runs", "finding"), raw_of(database, "steps", "finding")
    damage(database, "runs", "riders")
    damage(database, "steps", "args")
    bench.journal.request("run-1", CancelRequested(at(6), "ada"))
    tree = bench.journal.take("run-1", "w2", at(7))
    bench.journal.append(tree, StepStarted("1.1", at(8)))
    assert (raw_of(database, "runs", "finding"), raw_of(database, "steps", "finding")) == kept
    assert (raw_of(database, "runs", "riders"), raw_of(database, "steps", "args")) == ({"{"}, {"{"})


def test_a_damaged_finding_keeps_no_run_from_being_resumed(database: Database, bench: Bench) -> None:
    """Nothing is done by it: what failed is done again, and says anew what there is to say."""
    bench.fail(bench.begin("run-1"))
    damage(database, "runs", "finding")
    damage(database, "steps", "finding")
    bench.journal.resume("run-1", "ada", at(20))
    assert bench.journal.take("run-1", "w1", at(21)).run.state is RunState.IN_PROGRESS


def test_a_damaged_alert_is_listed_and_written_back_as_it_is(database: Database, bench: Bench) -> None:
    alerts = SqlAlerts(database)
    alerts.raise_alert(BROKEN, T0)
    damage(database, "alerts", "finding", '{"code": 1}')
    alerts.raise_alert(replace(BROKEN, subject="node n9"), T0)
    (_, first) = sorted(alerts.alerts(), key=lambda alert: alert.finding.code, reverse=True)
    assert first.finding.code == CODE
    alerts.decide(first.id, Severity.CRITICAL)
    assert '{"code": 1}' in raw_of(database, "alerts", "finding")
    assert alerts.close_alert(first.id, "ada", at(9)).closed == at(9)
    assert len(alerts.alerts(active_only=True)) == 1


def test_a_damaged_result_of_a_check_is_unknown_until_it_is_asked_again(database: Database) -> None:
    checks = SqlChecks(database)
    results = [
        CheckResult(
            "clock", "check-clock", CheckOrigin.BUILT_IN, "Clock", target, CheckStatus.PASS,
            Severity.WARNING, "it is right", "", at(1), timedelta(0),
        )
        for target in ("node n1", "node n2")
    ]  # fmt: skip
    checks.end(checks.begin("asked", (), at(0)).number, results, at(1))
    with database.writing() as connection:
        connection.execute(text("UPDATE check_results SET result = '[' WHERE target = 'node n1'"))
    damage(database, "check_rounds", "checks")
    lost, kept = checks.results()
    assert (lost.result.key, lost.result.status, lost.result.code) == (
        ("clock", "node n1"),
        CheckStatus.UNKNOWN,
        CODE,
    )
    assert kept.result == results[1]
    assert len(checks.rounds()) == 1
    checks.end(checks.begin("asked", (), at(2)).number, results, at(3))
    assert [each.result for each in checks.results()] == results


def test_what_nothing_may_stand_for_is_said_with_its_code(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(
            text(
                'INSERT INTO nodes (number, name, declared_in, place, node, "by", at) '
                "VALUES (1, 'n1', 'service', 0, '{', 'ada', '2026-01-01T00:00:00.000000Z')"
            )
        )
    with pytest.raises(RecordDamaged) as said:
        SqlNodes(database).nodes()
    assert said.value.code == CODE


def test_a_copy_for_support_is_made_without_what_cannot_be_read(
    database: Database, bench: Bench, tmp_path: Path
) -> None:
    """What is secret in it could not be told from the rest."""
    bench.fail(bench.begin("run-1"))
    damage(database, "steps", "args", '{"password": "hunter2"')
    damage(database, "events", "data", '{"password": "hunter2"')
    damage(database, "runs", "finding", '{"password": "hunter2"')
    write_snapshot(database, tmp_path / "copy", ["run-1"], lambda said: said)
    assert b"hunter2" not in (tmp_path / "copy" / "pitstop.db").read_bytes()
