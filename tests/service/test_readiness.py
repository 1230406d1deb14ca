"""What a package's own checks said in a run, as results like any other."""

from __future__ import annotations

from dataclasses import replace

from contracts.journal import at, new_run
from pitstop.model.findings import Finding, Severity
from pitstop.model.plans import GroupMode
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step, StepStatus
from pitstop.service.readiness import package_results


def leaf(index: str, kind: str, **more: object) -> Step:
    step = Step(
        index, f"Step {index}", kind=kind, node="n1", status=StepStatus.SUCCEEDED, started=at(1), ended=at(3)
    )
    return replace(step, **more)  # type: ignore[arg-type]  # as the tests below say


def results_of(*checks: Step) -> list[tuple[str, str, str, str, str]]:
    tree = RunTree(
        new_run("run-1"),
        [
            Step("1", "Prepare", mode=GroupMode.SEQUENCE, phase=Phase.PREPARE),
            leaf("1.1", "unpack"),
            Step("2", "Health check", mode=GroupMode.SEQUENCE, phase=Phase.HEALTH_CHECK),
            leaf("2.1", "reach"),
            leaf("2.2", "readiness", node=None),
            *checks,
            Step("3", "Install", mode=GroupMode.SEQUENCE, phase=Phase.INSTALL),
            leaf("3.1", "command"),
        ],
    )
    return [
        (each.check, each.target, each.status.value, each.severity.value, each.description)
        for each in package_results(tree)
    ]


def test_a_check_says_what_it_has_recorded() -> None:
    record = {"status": "warning", "severity": "Warning", "said": "tight"}
    spare = leaf("2.3", "check", args={"name": "spare-room"}, record=record)
    assert results_of(spare) == [("spare-room", "node n1", "warning", "Warning", "tight")]


def test_one_that_ended_the_run_says_its_finding() -> None:
    for severity, status in ((Severity.WARNING, "warning"), (Severity.CRITICAL, "fail")):
        finding = Finding("package-check", severity, "step 2.3", "too little", "Make room.")
        spare = leaf("2.3", "check", args={"name": "spare-room"}, status=StepStatus.FAILED, finding=finding)
        assert results_of(spare) == [("spare-room", "node n1", status, severity.value, "too little")]


def test_other_kinds_among_the_checks_pass_or_fail_under_their_title() -> None:
    probe = leaf("2.3", "probe", output="http://n1/ answers as it should\n")
    assert results_of(probe) == [
        ("Step 2.3", "node n1", "pass", "Critical", "http://n1/ answers as it should")
    ]


def test_what_was_not_asked_and_what_is_pitstops_own_is_none() -> None:
    assert results_of(leaf("2.3", "check", status=StepStatus.PENDING, ended=None, started=None)) == []
