"""What update services did to themselves: plans, runs, checks and lists, wrong by their own doing."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.bench import RELEASE, RUN, Bench, both_ways, rolling, step
from pitstop.model.expansion import group, leaf, numbered
from pitstop.model.plans import GroupMode
from pitstop.model.run_events import StepStarted, StepWaited
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, StepStatus
from pitstop.model.system import NodeVersion
from pitstop.model.updates import UpdateState
from pitstop.policy.applicability import applicabilities
from pitstop.policy.riding import riding_hotfix
from pitstop.policy.rules.nodes_agree import NODE_DIFFERS
from pitstop.ports.nodes import Answer
from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.table import KINDS
from pitstop.store.payloads import FilePayloads
from policy.building import chain, full, graph_of, hotfix, oem, oem_line, platform, system
from scenarios.scene import DRAIN, RealNodes
from scenarios.test_stuck import CONFIRM, INSTALLS, WORKS, another_run
from simulators.journal import MemoryJournal
from simulators.ssh_server import make_key
from store.packages import package

MONTHS = timedelta(days=130)


def test_a_resume_does_not_run_an_empty_plan(tmp_path: Path) -> None:
    """Resume handed in a plan without steps, which failed at once, and so did every resume after it
    (Azure/AzureLocal-Supportability 182)."""
    bench = Bench(tmp_path, [rolling(step("one"), step("two"))], nodes=3, fails={("two", "n2")})
    before = bench.drive()
    places = [(place.index, place.name, place.kind, place.args) for place in before.steps.values()]
    for attempt in (2, 3, 4):
        shutil.rmtree(tmp_path, ignore_errors=True)  # not even the package is needed for what is to be done
        bench.resume()
        tree = bench.drive()
        assert tree.run.state is RunState.FAILED
        assert tree.run.attempt == attempt
        assert [(it.index, it.name, it.kind, it.args) for it in tree.steps.values()] == places
        assert bench.times()["two@n2"] == attempt, "it has come to the step that failed"
    bench.fails.clear()
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["two@n3"] == 1


def test_a_run_of_months_ago_is_not_taken_for_live(tmp_path: Path) -> None:
    """A run that had stood "in progress" for four months was found by the next update, which waited for it
    instead of beginning (Azure/AzureLocal-Supportability, an update that hangs at downloading)."""
    bench = Bench(tmp_path, [step("one", role="first", deadline=timedelta(minutes=10))])
    now = bench.clock.now()
    tree = bench.journal.take(RUN, "gone", now)
    index = bench.leaf("download", "n1").index
    waits = StepWaited(index, now, "somebody who is gone", now + timedelta(minutes=5))
    bench.journal.append(tree, StepStarted(index, now), waits)
    bench.clock.advance(MONTHS)
    begun = bench.clock.now()
    ended = bench.drive("of today").run
    assert ended.state is RunState.SUCCEEDED
    assert ended.epoch > tree.run.epoch, "it has a worker of today"
    assert bench.clock.now() - begun < timedelta(minutes=15), "and waits for nothing of then"
    assert bench.times()["one@n1"] == 1


@pytest.mark.parametrize("end", [RunState.CANCELLED, RunState.ABORTED, RunState.FAILED])
def test_the_end_of_the_run_before_does_not_keep_the_next_one_off(tmp_path: Path, end: RunState) -> None:
    """How the last run had ended was taken for the state of the system: "canceled", or a report of it that
    could not be read, failed every further update (Azure/AzureLocal-Supportability 143)."""
    bench = Bench(tmp_path, [rolling(both_ways("one"))])
    if end is RunState.FAILED:
        bench.fails.add(("one", "n2"))
    else:
        bench.when("one@n1", bench.cancel if end is RunState.CANCELLED else bench.abort)
    assert bench.drive().run.state is end
    bench.clock.advance(MONTHS)
    if end is RunState.FAILED:
        bench.cancel()
        bench.drive()
    run = another_run(bench)
    asyncio.run(bench.driver("second").drive(run))
    assert bench.journal.load(run).run.state is RunState.SUCCEEDED
    assert bench.state() is UpdateState.INSTALLED
    assert bench.journal.alerts(active_only=True) == []


def test_a_check_that_throws_is_a_failed_check_and_ends_nothing_else(tmp_path: Path) -> None:
    """A health check threw, and took the whole update with it (Azure/AzureLocal-Supportability 132)."""

    async def throws(_context: StepContext, _args: object) -> Done:
        raise TypeError("'NoneType' object is not subscriptable")

    broken: StepKind[object] = replace(KINDS["command"], act=throws)  # type: ignore[type-var]
    bench = Bench(tmp_path, [step("one", role="first")])
    bench.kinds = {**KINDS, "check": broken}
    check_only(bench)
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert tree.run.finding is not None
    assert tree.run.finding.code == "internal-error"
    assert "TypeError" in tree.run.finding.what
    assert tree.run.finding.impact == "Nothing was changed on the nodes."
    assert [it.status for it in tree.leaves()] == [StepStatus.FAILED, StepStatus.SUCCEEDED]
    assert bench.state() is UpdateState.HEALTH_CHECK_FAILED


def check_only(bench: Bench) -> None:
    """A run of two checks beside each other, of which the first is of the kind ``check``; in place of the
    bench's own."""
    checks = [leaf(replace(step("throws"), kind="check"), "n1"), leaf(step("sound"), "n2")]
    early = [group(phase, [], phase=phase) for phase in (Phase.DOWNLOAD, Phase.PREPARE)]
    place = group("Health check", checks, mode=GroupMode.PARALLEL, phase=Phase.HEALTH_CHECK)
    at, purpose = bench.clock.now(), RunPurpose.HEALTH_CHECK
    head = Run(RUN, RELEASE.name, RELEASE.id, purpose, RunState.IN_PROGRESS, at, "operator")
    bench.journal = MemoryJournal([RELEASE])
    bench.journal.create(head, tuple(numbered([*early, place])), expected=UpdateState.READY)


def test_a_check_of_versions_that_failed_once_is_done_again_by_a_resume(tmp_path: Path) -> None:
    """The check of versions at the end failed though all was well by then; the way on was a script by hand
    (Azure/AzureLocal-Supportability 166)."""
    bench = RealNodes(tmp_path, [rolling(INSTALLS)], nodes=2, closing=(CONFIRM,))
    bench.write("n2", "ctl", "#!/bin/sh\necho 'the program is being replaced' >&2; exit 1\n")
    finding = bench.drive().run.finding
    assert finding is not None
    assert "n2: the version probe ended with status 1: the program is being replaced" in finding.what
    bench.write("n2", "ctl", "#!/bin/sh\ncat version\n")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.read("n2", "installs").split() == ["2604"], "and nothing else is done again"


@pytest.mark.parametrize(
    "said", ["2604-preview", "", "unknown", "v2604 (custom build)", "2604.x", "2604\n2601"]
)
def test_a_version_that_is_no_number_breaks_no_check(tmp_path: Path, said: str) -> None:
    """Versions of extensions that were not numeric broke a health check (Azure/AzureLocal-Supportability)."""
    bench = Bench(tmp_path, [step("one", role="first")], closing=(CONFIRM,))
    bench.system = replace(bench.system, version_probes={"lantern": ("ctl", "version")})
    bench.simulated.does = lambda call: Answer(0, f"{said}\n") if call.operation is None else bench.does(call)
    finding = bench.drive().run.finding
    assert finding is not None
    assert finding.code == "step-failed"
    assert "n1 says " in finding.what
    release = full("1.2.0.1", "b", "1.1.0.1")
    graph = graph_of(platform(chain("a", "b"), full("1.1.0.1", "a"), release))
    facts = system(graph, "1.1.0.1")
    at = facts.installed[-1].at + timedelta(days=1)
    odd = replace(facts, node_versions=(NodeVersion("n1", release.id.product, said, at),))
    reasons = applicabilities(graph, odd)[release.name].reasons
    assert [reason.subject for reason in reasons if reason.code == NODE_DIFFERS] == ["node n1"]


def test_a_system_of_one_node_is_updated_too(tmp_path: Path) -> None:
    """What was made for clusters stumbled over single nodes (Azure/AzureLocal-Supportability 131)."""
    roll = rolling(INSTALLS, batch="25%", may_fail="25%", last="first", drain=DRAIN, verify=(WORKS,))
    bench = RealNodes(tmp_path, [roll], nodes=1, closing=(CONFIRM,))
    bench.write("n1", "broken")
    assert bench.drive().run.state is RunState.FAILED
    bench.remove("n1", "broken")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.out_of_service() == []
    assert bench.read("n1", "orders").split() == ["out", "back"]


BASE, FIX = full("1.1.0.1", "a"), hotfix("1.1.1.1", "a")
NEXT = full("1.2.0.1", "b", "1.1.0.1", hotfix_rides=True)
OURS, OTHERS = oem("2.0"), oem("9.0", hardware="another rack", publisher="jones")


def test_the_wrong_firmware_package_makes_no_update_vanish() -> None:
    """A firmware package for other hardware was imported, and the updates were gone from the list
    (Azure/AzureLocal-Supportability, an update that is missing after an import)."""
    alone = graph_of(platform(chain("a", "b"), BASE, FIX, NEXT), oem_line(OURS))
    both = graph_of(
        platform(chain("a", "b"), BASE, FIX, NEXT), oem_line(OURS), oem_line(OTHERS, publisher="jones")
    )
    before = applicabilities(alone, system(alone, "1.1.0.1"))
    after = applicabilities(both, system(both, "1.1.0.1"))
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {OTHERS.name}
    assert not after[OTHERS.name].installable
    assert after[OTHERS.name].reasons, "and it says why not"


def test_a_firmware_package_arms_no_update_that_nobody_asked_for() -> None:
    """A firmware package set updates of the operating system to be installed by themselves on the third
    Tuesday of each month (Azure/AzureLocal-Supportability). Only a hotfix of the family that a release opens
    goes along with it, and only where the publisher of that release says so."""
    graph = graph_of(platform(chain("a", "b"), BASE, FIX, NEXT, hotfix("1.2.1.2", "b")), oem_line(OURS))
    riding = {release.name: riding_hotfix(graph, release) for release in (BASE, FIX, NEXT, OURS)}
    assert [name for name, rider in riding.items() if rider is not None] == [NEXT.name]
    assert riding[OURS.name] is None


def test_keys_that_are_changed_in_the_middle_of_a_run_do_not_let_it_hang(tmp_path: Path) -> None:
    """After the system's keys had been changed the update hung, and nothing said why
    (Azure/AzureLocal-Supportability, an update that hangs after a rotation of secrets)."""
    new, let_in = tmp_path / "new key", tmp_path / "rack" / "keys" / "n2-let-in"
    rotates = f"echo once >>done; [ $(basename $PWD) != n1 ] || echo '{make_key(new)}' >'{let_in}'"
    roll = rolling(replace(step("rotate"), args={"shell": rotates}), drain=DRAIN)
    bench = RealNodes(tmp_path, [roll], nodes=2)
    begun, began = bench.clock.now(), time.monotonic()
    run = bench.drive().run
    assert run.state is RunState.FAILED
    assert run.finding is not None
    assert "node n2 does not let 'operator' in" in run.finding.what
    assert "`key`" in run.finding.remedy
    assert bench.clock.now() - begun < timedelta(minutes=1), "it is waited for nothing"
    assert time.monotonic() - began < 30
    assert bench.out_of_service() == []
    bench.servers["n2"].operator_key = new
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert [bench.read(node, "done").split() for node in ("n1", "n2")] == [["once"], ["once"]]


@pytest.mark.skipif(not shutil.which("chattr") or os.geteuid() != 0, reason="only root makes files immovable")
def test_what_an_earlier_update_left_is_in_nobodys_way_where_it_cannot_be_removed(tmp_path: Path) -> None:
    """What an earlier update had unpacked could not be removed, and so no further one was prepared
    (Azure/AzureLocal-Supportability, an update folder that cannot be removed)."""
    made = package()
    payloads = FilePayloads(tmp_path / "state")
    payloads.put_documents(made.name, made.documents)
    left = tmp_path / "state" / "incoming" / f"unpack-{made.name}"
    left.mkdir()
    (left / "file").touch()
    if subprocess.run(["chattr", "+i", left / "file"], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no files that cannot be removed")
    try:
        payloads = FilePayloads(tmp_path / "state")
        for name, raw in made.volumes.items():
            payloads.volume(made.name, name).write_bytes(raw)
        payloads.unpack(made.name, lambda _done, _all: None)
        assert payloads.missing_content(made.name) == []
        assert [path.name for path in left.parent.iterdir()] == [left.name], "and nothing else is left"
    finally:
        subprocess.run(["chattr", "-i", left / "file"], check=True)
