"""A run's report: small enough to be sent at every change, and true about nodes that are out of service."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from contracts.journal import BROKEN, T0, at, new_run
from pitstop.model.errors import NotFound
from pitstop.model.inner_steps import InnerStatus, InnerStep
from pitstop.model.plans import GroupMode
from pitstop.model.run_events import StepFailedOnce, StepStarted, StepSucceeded, StepToldOf, StepWaited
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Step, StepStatus
from pitstop.policy.step_times import StepTimes, asked_of
from pitstop.policy.time_left import Outlook, outlook
from pitstop.service.reports import SHOWN_INNER, SHOWN_OUTPUT, run_report, run_view, step_view
from pitstop.wire.views import RunReport, leaves

LONG = "".join(f"line {number}\n" for number in range(2_000))
ALL = Step("1", "All nodes", mode=GroupMode.PARALLEL)


def report_of(tree: RunTree) -> RunReport:
    head = run_view(tree.run, "A title", (), T0)
    return run_report(tree, head, lambda _index: None, T0, outlook_of(tree))


def outlook_of(tree: RunTree) -> Outlook:
    return outlook(tree, StepTimes(), asked_of, T0, said=lambda _index: None)


def leaf(number: int, **more: object) -> Step:
    made = Step(f"1.{number}", f"step {number}", kind="command", node=f"n{number}")
    return replace(made, **more)  # type: ignore[arg-type] # fields of a step


def drained(*records: dict[str, str] | None) -> RunTree:
    """One drain for each, ended with this record; None: it is being done."""
    tree = RunTree(
        new_run("run-1"), [ALL, *(leaf(number, kind="drain") for number, _ in enumerate(records, start=1))]
    )
    for number, record in enumerate(records, start=1):
        tree.apply(StepStarted(f"1.{number}", at(1)))
        if record is not None:
            tree.apply(StepSucceeded(f"1.{number}", at(2), "", record))
    return tree


def test_a_report_holds_the_end_of_each_output_alone() -> None:
    done = leaf(1, status=StepStatus.SUCCEEDED, output=LONG)
    short = leaf(2, status=StepStatus.SUCCEEDED, output="all of it\n")
    (group,) = report_of(RunTree(new_run("run-1"), [ALL, done, short])).steps
    shown = [step.output for step in group.steps]
    assert shown[0].startswith("…")
    assert LONG.endswith(shown[0].removeprefix("…"))
    assert len(shown[0]) == SHOWN_OUTPUT
    assert shown[1] == "all of it\n"


def test_a_failed_step_shows_all_that_it_said() -> None:
    tree = RunTree(new_run("run-1"), [ALL, leaf(1)])
    tree.apply(StepStarted("1.1", at(1)))
    tree.apply(StepFailedOnce("1.1", at(2), BROKEN, LONG))
    (group,) = report_of(tree).steps
    assert group.steps[0].output == LONG


def test_a_step_by_itself_is_shown_with_its_whole_output() -> None:
    tree = RunTree(new_run("run-1"), [ALL, leaf(1, status=StepStatus.SUCCEEDED, output=LONG)])
    assert step_view(tree, "1.1", T0, outlook_of(tree)).output == LONG
    assert [step.index for step in step_view(tree, "1", T0, outlook_of(tree)).steps] == ["1.1"]
    with pytest.raises(NotFound, match=r"no step '1\.2'"):
        step_view(tree, "1.2", T0, outlook_of(tree))


def test_the_report_of_a_big_run_stays_small() -> None:
    leaves = [leaf(number, status=StepStatus.SUCCEEDED, output=LONG) for number in range(1, 1281)]
    frame = msgspec.json.encode(report_of(RunTree(new_run("run-1"), [ALL, *leaves])))
    assert len(frame) < 1280 * 1_000


def test_a_node_that_was_out_before_the_run_is_not_counted_as_taken_out() -> None:
    report = report_of(drained({"was_out": "no"}, {"was_out": "yes"}, None))
    assert report.nodes_out_of_service == ("n1", "n3")


def test_a_report_says_what_comes_next_and_when_a_step_is_given_up() -> None:
    tree = RunTree(new_run("run-1"), [ALL, leaf(1), leaf(2), leaf(3)])
    assert report_of(tree).next == ""
    tree.apply(StepStarted("1.1", at(1)))
    report = report_of(tree)
    assert (report.now, report.next) == (("1.1 step 1 on n1",), "1.2 step 2 on n2")
    (group,) = report.steps
    assert [step.until for step in group.steps] == [at(1) + leaf(1).deadline, None, None]
    tree.apply(StepFailedOnce("1.1", at(2), BROKEN, ""))
    tree.apply(StepWaited("1.1", at(2), "next attempt", at(62)))
    tree.apply(StepStarted("1.1", at(62)))
    assert report_of(tree).steps[0].steps[0].until is None


def test_what_a_step_waits_for_is_told_with_since_when_and_until_when() -> None:
    tree = RunTree(new_run("run-1"), [ALL, leaf(1)])
    tree.apply(StepWaited("1.1", at(2), "the next attempt", at(62)))
    assert report_of(tree).now == (
        "1.1 step 1 on n1: the next attempt, since 05:06:09, until 05:07:09 at most",
    )


def test_the_tasks_of_a_playbook_are_inner_steps_of_their_step() -> None:
    tree = RunTree(new_run("run-1"), [ALL, leaf(1, kind="ansible")])
    tree.apply(StepStarted("1.1", at(1)))
    done = [
        InnerStep(f"task {number}", "n1", InnerStatus.SUCCEEDED, at(2), at(3), "changed")
        for number in range(1, 30)
    ]
    tree.apply(
        StepToldOf("1.1", at(3), 0, (*done, InnerStep("the last", "n1", InnerStatus.IN_PROGRESS, at(3))))
    )
    report = report_of(tree)
    (place,) = leaves(report.steps)
    assert [
        (each.index, each.name, each.node, each.status, each.description) for each in place.steps[-2:]
    ] == [
        ("1.1.29", "task 29", "n1", "succeeded", "changed"),
        ("1.1.30", "the last", "n1", "in-progress", ""),
    ]
    assert len(place.steps) == SHOWN_INNER
    assert report.now == ("1.1 step 1 on n1: the last",)
    assert len(step_view(tree, "1.1", T0, outlook_of(tree)).steps) == 30
