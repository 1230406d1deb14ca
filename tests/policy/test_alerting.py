"""Rules of alerts: what counts, who is told what, when again, and the table of the kinds of alerts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitstop.model.alerts import CLOSED, Alert
from pitstop.model.findings import Finding, Severity
from pitstop.policy.alert_kinds import ALERT_KINDS, CHECKS, NODES, SOURCE, UPDATES, held_back
from pitstop.policy.alerting import each_once, owed, pause_after, rank, steps_of

T0 = datetime(2026, 3, 4, tzinfo=UTC)
FINDING = Finding("node-differs", Severity.WARNING, "node n1", "It differs.", "Bring it there.")
ALERT = Alert("1", FINDING, T0, T0)
SEVERITIES = st.sampled_from(Severity)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), SEVERITIES)))
def test_of_a_code_and_a_subject_there_is_one_the_worst(found: list[tuple[str, str, Severity]]) -> None:
    findings = [Finding(code, severity, subject, "", "") for code, subject, severity in found]
    once = each_once(findings)
    assert set(once) == {(code, subject) for code, subject, _ in found}
    for key, finding in once.items():
        same = [each.severity for each in findings if (each.code, each.subject) == key]
        assert rank(finding.severity) == max(map(rank, same))


_MOMENTS = st.lists(st.tuples(SEVERITIES, st.booleans(), st.booleans()), max_size=8)


@given(_MOMENTS, SEVERITIES)
def test_a_channel_is_told_each_change_once_and_begins_and_ends_in_turn(
    moments: list[tuple[Severity, bool, bool]], at_least: Severity
) -> None:
    """Whatever becomes of an alert, and however often the channel is asked in between (or misses it)."""
    told, heard = "", []
    for severity, is_closed, is_asked in moments:
        alert = replace(ALERT, finding=replace(FINDING, severity=severity), closed=T0 if is_closed else None)
        state = owed(alert, told, at_least) if is_asked else ""
        if state:
            assert state != told
            told = state
            heard.append(state)
            assert owed(alert, told, at_least) == ""
    assert heard[:1] != [CLOSED]
    assert all(not (one == two == CLOSED) for one, two in pairwise(heard))
    assert all(rank(Severity(state)) >= rank(at_least) for state in heard if state != CLOSED)


def test_what_is_held_back_is_told_to_nobody() -> None:
    assert owed(replace(ALERT, held=True), "", Severity.INFORMATIONAL) == ""


@given(st.integers(1, 10_000))
def test_pauses_grow_up_to_a_quarter_of_an_hour(failures: int) -> None:
    assert (
        timedelta(seconds=10) <= pause_after(failures) <= pause_after(failures + 1) <= timedelta(minutes=15)
    )


@pytest.mark.parametrize(
    ("remedy", "steps"),
    [
        ("", ()),
        ("Make room.", ("Make room.",)),
        ("Make room. Then resume the run.", ("Make room.", "Then resume the run.")),
        ("Mend it, then resume the run.", ("Mend it", "Resume the run.")),
        (
            "Bring it there; then have it asked again: pitstop node test n1",
            ("Bring it there", "Have it asked again: pitstop node test n1"),
        ),
        ("Check 1.2.3.4 and n1.example.", ("Check 1.2.3.4 and n1.example.",)),
        (
            "See `pitstop run show`. `pitstop run resume` goes on.",
            ("See `pitstop run show`.", "`pitstop run resume` goes on."),
        ),
    ],
)
def test_a_remedy_is_told_step_by_step(remedy: str, steps: tuple[str, ...]) -> None:
    assert steps_of(remedy) == steps


@given(st.text(alphabet="abTN .;,`:\n"))
def test_no_word_of_a_remedy_is_lost(remedy: str) -> None:
    told = " ".join(steps_of(remedy)).lower().split()
    left_out = {"then", "and"}
    assert [word for word in re.split(r"[\s;,]+", remedy.lower()) if word and word not in left_out] == [
        word for word in re.split(r"[\s;,]+", " ".join(told)) if word and word not in left_out
    ]


@pytest.mark.parametrize(
    ("source", "subject", "held"),
    [
        (CHECKS, "node n1", True),
        (CHECKS, "check clock of node n1", True),
        (CHECKS, "check disk of this machine", False),
        (NODES, "node n1", True),
        (f"{SOURCE} north", "source north", False),
        (UPDATES, "update X", False),
        ("", "node n1", False),
        ("unheard-of", "node n1", False),
    ],
)
def test_during_updates_what_is_said_of_nodes_is_noise(source: str, subject: str, held: bool) -> None:
    assert held_back(source, replace(FINDING, subject=subject)) is held


def test_new_updates_are_held_back_altogether() -> None:
    assert held_back(UPDATES, replace(FINDING, code="update-available", subject="update X"))


def test_each_row_of_the_table_is_complete() -> None:
    for kind in ALERT_KINDS:
        assert all((kind.name, kind.raised, kind.closes)), kind
    assert len({(kind.source, kind.codes, kind.name) for kind in ALERT_KINDS}) == len(ALERT_KINDS)
