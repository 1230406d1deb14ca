"""The checklist: facts decide where they can, and only there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pitstop.model.checks import CheckOrigin, CheckResult, CheckStatus
from pitstop.model.findings import Severity
from pitstop.model.runs import RunState
from pitstop.policy.checklist import MATTERS, Item, Known, Stage, Standing, Tick, worked_out

NOW = datetime(2026, 3, 4, tzinfo=UTC)
NOTHING = Known({})


def result(check: str, status: CheckStatus = CheckStatus.PASS) -> CheckResult:
    return CheckResult(
        check, f"check-{check}", CheckOrigin.BUILT_IN, check, "node n1", status, Severity.WARNING,
        "as it is", "mend it", NOW, timedelta(seconds=1),
    )  # fmt: skip


def item(name: str, known: Known, *ticks: Tick) -> Item:
    return next(each for each in worked_out(known, list(Stage), ticks) if each.id == name)


@pytest.mark.parametrize(
    ("name", "known", "done"),
    [
        ("oem", {"reasons": {"oem-too-old": "OEM 2.1 is needed."}}, False),
        ("oem", {"reasons": {"hotfix-missing": "x"}}, True),
        ("hotfix", {"reasons": {"hotfix-missing": "x"}}, False),
        ("capacity", {"checks": [result("space"), result("clock", CheckStatus.FAIL)]}, True),
        ("capacity", {"checks": [result("space", CheckStatus.WARNING)]}, False),
        ("readiness", {"checks": [result("space"), result("clock", CheckStatus.UNKNOWN)]}, False),
        ("backup", {"checks": [result("backup")]}, True),
        ("backup", {"checks": [result("backup", CheckStatus.FAIL)]}, False),
        ("alerts", {"alerts": ["node n1"]}, False),
        ("support", {"contacts": ["Northstar"], "entitled": True}, True),
        ("support", {"contacts": ["Northstar"], "entitled": None}, False),
        ("support", {"entitled": True}, False),
        ("known-issues", {"issues": ()}, True),
        ("installed", {"run": RunState.SUCCEEDED}, True),
        ("installed", {"run": RunState.FAILED}, False),
        ("nodes-back", {"out": ["n1"]}, False),
        ("versions", {"differing": ["n1"]}, False),
        ("newest", {"newer": "Northstar1.2"}, False),
        ("checks-after", {"checks": [result("space")], "checked": NOW, "ended": NOW + timedelta(1)}, False),
        ("checks-after", {"checks": [result("space")], "checked": NOW, "ended": NOW - timedelta(1)}, True),
    ],
)
def test_a_fact_decides_and_no_tick_says_otherwise(name: str, known: dict[str, Any], done: bool) -> None:
    standing = Standing.DONE if done else Standing.TODO
    known_now = replace(NOTHING, **known)
    for ticks in ((), (Tick(name, "ada", NOW),)):
        found = item(name, known_now, *ticks)
        assert (found.by_fact, found.standing) == (True, standing)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("users", {}),
        ("notes", {}),
        ("known-issues", {"issues": ["A lock is left"]}),
        ("known-issues", {"issues": None}),
        ("backup", {"checks": [result("backup", CheckStatus.UNKNOWN)]}),
        ("readiness", {"checks": []}),
    ],
)
def test_what_no_fact_decides_is_ticked_off_by_a_person(name: str, known: dict[str, Any]) -> None:
    known_now = replace(NOTHING, **known)
    assert item(name, known_now).standing is Standing.TODO
    tick = Tick(name, "ada", NOW, "seen")
    found = item(name, known_now, tick)
    assert (found.by_fact, found.standing, found.tick) == (False, Standing.DONE, tick)


def test_the_list_has_all_stages_in_order_and_each_name_once() -> None:
    names = [matter.id for matter in MATTERS]
    assert len(names) == len(set(names))
    assert list(dict.fromkeys(matter.stage for matter in MATTERS)) == list(Stage)
