"""Updates that did not come to an end: drains, locks, bookkeeping that was believed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.bench import EARLY, RELEASE, RUN, Bench, both_ways, rolling, step
from pitstop.model.errors import Conflict
from pitstop.model.expansion import group, leaf, numbered
from pitstop.model.plans import PlanStep
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, StepStatus
from pitstop.model.updates import UpdateState
from pitstop.ports.nodes import Answer
from scenarios.scene import DRAIN, RealNodes
from simulators.nodes import Call

CONFIRM = PlanStep("Confirm versions", "confirm-version", args={"product": "lantern", "version": "2604"})
INSTALLS = PlanStep(
    "Install", "command", args={"shell": "echo 2604 >>installs; [ -e sticks ] || echo 2604 >version"}
)
WORKS = PlanStep("It works", "command", args={"shell": "[ ! -e broken ] || { echo 'it is broken'; exit 1; }"})


def test_a_node_that_cannot_be_emptied_is_not_waited_for_without_end(tmp_path: Path) -> None:
    """A disruption budget, or a machine that cannot migrate, kept a node from being emptied: the upgrade
    stood at it for hours, and nothing said what it waited for (harvester/harvester 2053, rancher 26400)."""
    drain = replace(DRAIN, deadline=timedelta(seconds=1))
    bench = RealNodes(tmp_path, [rolling(INSTALLS, drain=drain)], nodes=2)
    bench.write("n1", "busy")
    finding = bench.drive().run.finding
    assert finding is not None
    assert "n1" in finding.subject
    assert "not done within its deadline of 0:00:01" in finding.what
    assert "waits for volume pvc-7: its last replica is on this node" in finding.what
    assert not (bench.servers["n2"].root / "orders").exists(), "no other node was touched"
    bench.remove("n1", "busy")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.out_of_service() == []


def test_a_node_that_its_own_run_has_drained_does_not_keep_the_repair_off(tmp_path: Path) -> None:
    """Nodes that the upgrade itself had cordoned counted as unavailable, so that once too many had failed no
    correction could go on any more (rancher/rancher 26405)."""
    bench = RealNodes(tmp_path, [rolling(INSTALLS, drain=DRAIN, verify=(WORKS,))], nodes=2)
    bench.write("n1", "broken")
    assert bench.drive().run.state is RunState.FAILED
    assert bench.out_of_service() == ["n1"]
    bench.remove("n1", "broken")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.out_of_service() == []
    assert bench.read("n1", "orders").split() == ["out", "back"]


def test_no_node_is_left_drained_by_a_run_that_is_given_up(tmp_path: Path) -> None:
    """A plan was deleted in the middle, or its operator was, and nodes stayed cordoned for good
    (rancher/system-upgrade-controller 71, bottlerocket-os/bottlerocket-update-operator 630)."""
    bench = RealNodes(tmp_path, [rolling(INSTALLS, drain=DRAIN, verify=(WORKS,))], nodes=2)
    bench.write("n2", "broken")
    assert bench.drive().run.state is RunState.FAILED
    assert bench.out_of_service() == ["n2"]
    bench.cancel()
    tree = bench.drive()
    assert tree.run.state is RunState.CANCELLED
    assert bench.out_of_service() == []
    back = [leaf for leaf in tree.leaves() if leaf.kind == "undrain" and leaf.undoes is not None]
    assert [(leaf.node, leaf.status) for leaf in back] == [("n2", StepStatus.SUCCEEDED)]


@pytest.mark.parametrize("end", [RunState.SUCCEEDED, RunState.CANCELLED, RunState.ABORTED])
def test_a_node_that_the_operator_had_drained_is_not_put_back(tmp_path: Path, end: RunState) -> None:
    """Nodes that somebody had cordoned on purpose were uncordoned at the end of an upgrade
    (rancher/system-upgrade-controller 341)."""
    install = replace(INSTALLS, undo=(PlanStep("Go back", "command", args={"shell": "rm -f version"}),))
    bench = RealNodes(tmp_path, [rolling(install, WORKS, drain=DRAIN)], nodes=2)
    bench.write("n2", "out")
    if end is not RunState.SUCCEEDED:
        bench.write("n2", "broken")
    bench.drive()
    if end is RunState.CANCELLED:
        bench.cancel()
    elif end is RunState.ABORTED:
        bench.abort()
    assert bench.drive().run.state is end
    assert bench.out_of_service() == ["n2"]
    assert not (bench.servers["n2"].root / "orders").exists(), "it was neither taken out nor put back"


def another_run(bench: Bench, number: int = 2) -> str:
    """A new run of the same update, with a plan of one step."""
    run = f"run-{number}"
    state = bench.state()
    at = bench.clock.now()
    early = [group(phase, [], phase=phase) for phase in EARLY]
    install = group("Install", [leaf(step("next"), bench.system.nodes[0].name)], phase=Phase.INSTALL)
    bench.journal.create(
        Run(run, RELEASE.name, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, at, "operator"),
        tuple(numbered([*early, install])),
        expected=state,
    )
    return run


def test_a_node_that_is_gone_holds_no_lock(tmp_path: Path) -> None:
    """The lock that lets one node restart at a time was held by a node that had been removed; for two months
    nothing was restarted (kubereboot/kured 137 and 478)."""
    bench = Bench(tmp_path, [rolling(step("one"), drain=DRAIN)], nodes=3)
    quick = bench.does

    def answers(call: Call) -> Answer:
        answer = quick(call)
        return Answer(0, "pitstop: was_out=no\n") if "was_out=" in call.script else answer

    bench.simulated.does = answers
    bench.when("one@n2", lambda: bench.simulated.unplug("n2"))
    bench.drive()
    bench.system = replace(bench.system, nodes=tuple(n for n in bench.system.nodes if n.name != "n2"))
    bench.cancel()
    tree = bench.drive()
    assert tree.run.state is RunState.CANCELLED
    assert tree.run.finding is not None
    assert "n2" in tree.run.finding.what, "who may still be out of service is named"
    run = another_run(bench)
    asyncio.run(bench.driver("second").drive(run))
    assert bench.journal.load(run).run.state is RunState.SUCCEEDED


def in_progress(bench: Bench) -> None:
    """Its worker was killed, and nobody drives it."""
    bench.journal.take(RUN, "killed", bench.clock.now())


def stopping(bench: Bench) -> None:
    in_progress(bench)
    bench.stop()


def stopped(bench: Bench) -> None:
    bench.when("one@n1", bench.stop)
    bench.drive()


def undoing(bench: Bench) -> None:
    bench.fails = {("one", "n2")}
    bench.drive()
    bench.abort()


def undo_failed(bench: Bench) -> None:
    bench.fails = {("one", "n2"), ("un-one", "n1")}
    bench.drive()
    bench.abort()
    bench.drive()


@pytest.mark.parametrize("condition", [in_progress, stopping, stopped, undoing, undo_failed])
def test_an_update_that_is_in_progress_can_be_ended_by_its_operator(
    tmp_path: Path, condition: object
) -> None:
    """The machine that drove an update was gone, and from then on each try was answered with "already in
    progress": the remedy was to edit the stored state by hand (Azure/aksArc 152)."""
    assert callable(condition)
    bench = Bench(tmp_path, [rolling(both_ways("one"))])
    condition(bench)
    with pytest.raises(Conflict):
        another_run(bench)
    bench.cancel()
    assert bench.drive("second").run.state is RunState.CANCELLED
    run = another_run(bench)
    asyncio.run(bench.driver("second").drive(run))
    assert bench.journal.load(run).run.state is RunState.SUCCEEDED


def test_a_cancel_is_not_refused_while_undoing(tmp_path: Path) -> None:
    """A revert that had begun could not be cancelled (siderolabs/omni 2373)."""
    bench = Bench(tmp_path, [rolling(both_ways("one"))], nodes=3, fails={("one", "n3")})
    bench.drive()
    bench.abort()
    bench.when("un-one@n3", bench.cancel)
    tree = bench.drive()
    assert tree.run.state is RunState.CANCELLED
    assert "un-one@n1" not in bench.ran
    assert tree.run.finding is not None
    assert tree.run.finding.code == "run-cancelled"
    assert "Touched: n1, n2, n3" in tree.run.finding.impact
    assert bench.state() is UpdateState.READY_TO_INSTALL
    (alert,) = bench.journal.alerts(active_only=True)
    assert alert.finding == tree.run.finding


def test_a_version_is_not_remembered_instead_of_read(tmp_path: Path) -> None:
    """What a controller remembered of its nodes' versions was not what they ran: all had been upgraded, and
    no further upgrade was possible (siderolabs/omni 3360)."""
    bench = RealNodes(tmp_path, [rolling(INSTALLS)], nodes=2, closing=(CONFIRM,))
    bench.write("n2", "version", "2601\n")
    bench.write("n2", "sticks")
    finding = bench.drive().run.finding
    assert bench.leaf("Install", "n2").status is StepStatus.SUCCEEDED, "it said so"
    assert finding is not None
    assert "n2 says 2601" in finding.what
    assert "n1" not in finding.what
    assert bench.journal.installed() == []
    bench.write("n2", "version", "2604\n")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.state() is UpdateState.INSTALLED


def test_a_node_that_came_back_on_its_old_version_is_not_updated_again_unasked(tmp_path: Path) -> None:
    """A node fell back to its old version after the restart; the controller upgraded it again by itself, over
    the version that had been good (siderolabs/omni 1552)."""
    bench = RealNodes(tmp_path, [rolling(INSTALLS)], nodes=2, closing=(CONFIRM,))
    bench.write("n1", "version", "2601\n")
    bench.write("n1", "sticks")
    assert bench.drive().run.state is RunState.FAILED
    for worker in ("second", "third"):
        finding = bench.drive(worker).run.finding
        assert finding is not None
        assert "n1 says 2601" in finding.what
        assert "resume the run" in finding.remedy
    bench.resume()
    assert bench.drive().run.state is RunState.FAILED, "a resume reads the version again"
    assert bench.read("n1", "installs").split() == ["2604"]
