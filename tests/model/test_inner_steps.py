"""Inner steps: told in order, each in its place; of very many the first and the last; none left open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pitstop.model.findings import Finding, Severity
from pitstop.model.inner_steps import INNER_LIMIT, InnerStatus, InnerStep, told
from pitstop.model.run_events import (
    StepFailedOnce,
    StepReset,
    StepStarted,
    StepSucceeded,
    StepToldOf,
    StepWaited,
)
from pitstop.model.run_moves import apply_to_step
from pitstop.model.runs import Step, StepStatus

NOW = datetime(2026, 11, 28, 3, 7, tzinfo=UTC)
BEGUN = apply_to_step(Step("1", "Play", kind="ansible", node="n1"), StepStarted("1", NOW))
BROKEN = Finding("playbook-failed", Severity.CRITICAL, "node n1", "broke", "mend it")


def task(name: str, said: str = "") -> InnerStep:
    status = InnerStatus.SUCCEEDED if said else InnerStatus.IN_PROGRESS
    return InnerStep(name, "n1", status, NOW, NOW if said else None, said)


def test_what_is_told_takes_the_place_of_what_was_there_from_its_number_on() -> None:
    known = told((), 0, [task("one", "ok"), task("two")])
    assert told(known, 1, [task("two", "changed"), task("three")]) == (
        task("one", "ok"),
        task("two", "changed"),
        task("three"),
    )


def test_of_very_many_the_last_is_always_there() -> None:
    known: tuple[InnerStep, ...] = ()
    for number in range(INNER_LIMIT + 50):
        known = told(known, number, [task(f"task {number}")])
        known = told(known, number, [task(f"task {number}", "ok")])
        assert known[-1] == task(f"task {number}", "ok")
    assert len(known) == INNER_LIMIT
    assert [each.name for each in known[:2]] == ["task 0", "task 1"]


def test_a_step_that_tells_is_being_done_and_does_not_wait() -> None:
    waits = apply_to_step(BEGUN, StepWaited("1", NOW, "Ansible", NOW + timedelta(minutes=1)))
    told_of = apply_to_step(waits, StepToldOf("1", NOW, 0, (task("one"),)))
    assert (told_of.status, told_of.waiting) == (StepStatus.IN_PROGRESS, None)


def test_a_step_that_has_ended_has_no_inner_step_that_goes_on() -> None:
    told_of = apply_to_step(BEGUN, StepToldOf("1", NOW, 0, (task("one", "ok"), task("two"))))
    failed = apply_to_step(told_of, StepFailedOnce("1", NOW, BROKEN))
    cut = replace(task("two"), status=InnerStatus.FAILED, ended=NOW, said="cut short")
    assert failed.inner == (task("one", "ok"), cut)
    assert apply_to_step(failed, StepReset("1", NOW)).inner == ()
    assert apply_to_step(failed, StepStarted("1", NOW)).inner == ()


def test_a_step_that_was_found_done_shows_nothing_of_an_attempt_that_was_cut_short() -> None:
    told_of = apply_to_step(BEGUN, StepToldOf("1", NOW, 0, (task("one"),)))
    assert apply_to_step(told_of, StepSucceeded("1", NOW, "", {}, found_done=True)).inner == ()
