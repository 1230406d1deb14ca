"""What every memory of checks must hold to: shared by the one in the database and the one in memory.

A subclass gives the fixture ``records``: a fresh one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pitstop.model.checks import (
    CheckChange,
    CheckOrigin,
    CheckResult,
    CheckRound,
    CheckSkip,
    CheckStatus,
    KeptResult,
)
from pitstop.model.errors import NotFound
from pitstop.model.findings import Severity
from pitstop.ports.checks import CheckRecords

T0 = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def found(
    check: str, target: str, status: CheckStatus, hour: float = 0, description: str = "as it is"
) -> CheckResult:
    return CheckResult(
        check=check,
        code=f"check-{check}",
        origin=CheckOrigin.BUILT_IN,
        title=check.capitalize(),
        target=target,
        status=status,
        severity=Severity.CRITICAL if status is CheckStatus.FAIL else Severity.WARNING,
        description=description,
        remedy="Mend it.",
        at=at(hour),
        took=timedelta(milliseconds=250),
        detail="one\ntwo",
        measures=("free=1B;2:;3:",),
    )


def keep(
    records: CheckRecords, hour: float, *results: CheckResult, checks: tuple[str, ...] = ()
) -> CheckRound:
    begun = records.begin("daily", checks, at(hour))
    records.end(begun.number, results, at(hour + 0.1))
    return begun


class ChecksContract:
    def test_at_first_nothing_is_known(self, records: CheckRecords) -> None:
        assert list(records.results()) == []
        assert list(records.problems()) == []
        assert list(records.rounds()) == []
        assert list(records.skips()) == []

    def test_a_result_stays_as_it_was_found(self, records: CheckRecords) -> None:
        clock = found("clock", "node n1", CheckStatus.FAIL)
        keep(records, 0, clock)
        assert list(records.results()) == [KeptResult(clock, at(0))]

    def test_it_is_known_since_when_something_is_so(self, records: CheckRecords) -> None:
        for hour, status in enumerate(["pass", "fail", "fail", "warning", "warning"]):
            keep(records, hour, found("clock", "node n1", CheckStatus(status), hour))
        assert [(kept.since, kept.result.at) for kept in records.results()] == [(at(3), at(4))]
        assert [(change.at, change.status) for change in records.changes("clock")] == [
            (at(3), "warning"),
            (at(1), "fail"),
            (at(0), "pass"),
        ]

    def test_changes_are_told_of_a_check_or_of_one_of_its_targets(self, records: CheckRecords) -> None:
        on_n2 = found("clock", "node n2", CheckStatus.FAIL, description="an hour behind")
        keep(records, 0, found("clock", "node n1", CheckStatus.PASS), on_n2)
        keep(
            records,
            1,
            found("clock", "node n1", CheckStatus.PASS, 1),
            found("load", "node n1", CheckStatus.PASS),
        )
        assert [change.target for change in records.changes("clock")] in (
            ["node n2", "node n1"],
            ["node n1", "node n2"],
        )
        assert list(records.changes("clock", "node n2")) == [
            CheckChange("clock", "node n2", at(0), CheckStatus.FAIL, Severity.CRITICAL, "an hour behind")
        ]

    def test_what_a_round_of_all_does_not_find_any_more_is_forgotten(self, records: CheckRecords) -> None:
        keep(
            records, 0, found("clock", "node n1", CheckStatus.FAIL), found("old", "system", CheckStatus.FAIL)
        )
        keep(records, 1, found("clock", "node n2", CheckStatus.PASS, 1))
        assert [kept.result.key for kept in records.results()] == [("clock", "node n2")]

    def test_a_round_of_some_leaves_the_others_as_they_are(self, records: CheckRecords) -> None:
        keep(
            records,
            0,
            found("clock", "node n1", CheckStatus.FAIL),
            found("load", "node n1", CheckStatus.PASS),
        )
        keep(records, 1, found("clock", "node n3", CheckStatus.PASS, 1), checks=("clock",))
        assert [kept.result.key for kept in records.results()] == [("clock", "node n3"), ("load", "node n1")]

    def test_problems_are_what_did_not_pass(self, records: CheckRecords) -> None:
        statuses = {f"node n{number}": status for number, status in enumerate(CheckStatus)}
        keep(records, 0, *(found("clock", target, status) for target, status in statuses.items()))
        assert {kept.result.status for kept in records.problems()} == {"warning", "fail", "unknown"}

    def test_rounds_are_numbered_and_told_newest_first(self, records: CheckRecords) -> None:
        first = keep(records, 0)
        second = records.begin("asked by anna", ("clock", "load"), at(1))
        assert second.number > first.number
        assert list(records.rounds()) == [
            CheckRound(second.number, at(1), "asked by anna", ("clock", "load")),
            replace(first, ended=at(0.1)),
        ]
        assert len(records.rounds(1)) == 1

    def test_a_skip_is_of_a_check_or_of_one_target_and_the_newest_reason_holds(
        self, records: CheckRecords
    ) -> None:
        everywhere = CheckSkip("clock", "", "measured wrongly", "anna", at(0))
        on_n1 = CheckSkip("clock", "node n1", "no NTP there", "ben", at(1))
        for skip in (everywhere, on_n1, replace(on_n1, reason="none yet", at=at(2))):
            records.skip(skip)
        assert list(records.skips()) == [everywhere, replace(on_n1, reason="none yet", at=at(2))]
        records.unskip("clock", "")
        assert [skip.target for skip in records.skips()] == ["node n1"]

    def test_what_is_not_skipped_cannot_be_taken_up_again(self, records: CheckRecords) -> None:
        records.skip(CheckSkip("clock", "node n1", "why not", "anna", at(0)))
        with pytest.raises(NotFound, match="clock"):
            records.unskip("clock", "")
