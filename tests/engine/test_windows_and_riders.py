"""Over real nodes: a run that keeps to windows, and a new family with its hotfix in one run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.bench import RUN, rolling
from pitstop.model.packages import PackageType
from pitstop.model.plans import Plan, PlanStep
from pitstop.model.releases import Release, ReleaseId
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Rider, Run, RunPurpose, RunState, StepStatus, WindowUse
from pitstop.model.updates import UpdateState
from pitstop.ports.feeds import Feed
from pitstop.steps.composition import Part, compose
from pitstop.steps.kind import World
from pitstop.store.payloads import FilePayloads
from scenarios.scene import DRAIN, RealNodes
from service.conftest import SimulatedFeed
from simulators.journal import MemoryJournal
from store.packages import Package, package

pytestmark = pytest.mark.slow

NOTE = PlanStep("Note", "command", args={"shell": "date +%s%N >>done"}, expected=timedelta(minutes=20))


@dataclass
class Nights:
    """Open for fifty minutes each day, from when this was made on."""

    first: datetime

    def open_until(self, at: datetime) -> datetime | None:
        closes = self._opening(at) + timedelta(minutes=50)
        return closes if at < closes else None

    def next_opening(self, after: datetime, need: timedelta) -> datetime | None:
        return self._opening(after) + timedelta(days=1) if need <= timedelta(minutes=50) else None

    def _opening(self, at: datetime) -> datetime:
        return self.first + timedelta(days=(at - self.first).days)


def test_a_run_that_is_spread_over_windows_leaves_every_node_whole_between_them(tmp_path: Path) -> None:
    roll = rolling(NOTE, drain=DRAIN, pause=timedelta(minutes=20))
    bench = RealNodes(tmp_path, [roll], nodes=5, windows=WindowUse.SPREAD)
    bench.hours = nights = Nights(bench.clock.now())
    tree, nodes_done = bench.tree(), []
    for night in range(1, 4):
        tree = bench.drive(f"worker of night {night}")
        nodes_done.append(sum((server.root / "done").exists() for server in bench.servers.values()))
        assert bench.out_of_service() == [], "no node waits for the next window out of service"
        if tree.run.state is RunState.SUCCEEDED:
            break
        assert tree.run.state is RunState.STOPPED
        assert tree.run.goes_on == nights.first + timedelta(days=night)
        assert bench.state() is UpdateState.INSTALLING
        bench.clock.advance(tree.run.goes_on - bench.clock.now())
        bench.journal.resume(RUN, "maintenance window", bench.clock.now())
    assert tree.run.state is RunState.SUCCEEDED
    assert nodes_done == [2, 4, 5]
    assert [len(bench.read(node, "done").split()) for node in bench.servers] == [1] * 5
    assert [bench.read(node, "orders").split() for node in bench.servers] == [["out", "back"]] * 5


def test_a_run_whose_window_has_closed_meanwhile_begins_nothing(tmp_path: Path) -> None:
    bench = RealNodes(tmp_path, [rolling(NOTE)], nodes=1, windows=WindowUse.SPREAD)
    bench.hours = Nights(bench.clock.now() - timedelta(hours=2))
    assert bench.drive().run.state is RunState.STOPPED
    assert not (bench.servers["n1"].root / "done").exists()


def release_of(made: Package, kind: PackageType) -> Release:
    id_ = ReleaseId("north", "star", made.metadata.version)
    return Release(id_, made.name, kind, made.name, family="2311")


@dataclass
class Family(RealNodes):
    """A new family and its hotfix, each with content of its own; both are fetched from the publisher."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.first = package("1.2311.0.5", {"star": b"the family\n", "base": b"base\n"})
        self.fix = package("1.2311.1.7", {"star": b"the fix\n"})
        self.payloads = FilePayloads(self.folder / "payloads")
        parts = []
        for made in (self.first, self.fix):
            self.payloads.put_documents(made.name, made.documents)
            version = str(made.metadata.version)
            says = PlanStep(
                "Say",
                "command",
                args={"shell": f"[ ! -e breaks-{version} ] && echo {version} >version"},
                undo=(),
            )
            copy = PlanStep("Copy", "copy", args={"from": ".", "to": "/opt/star"})
            plan = Plan(made.name, (rolling(copy, says, drain=DRAIN),))
            parts.append(Part(made.metadata, plan, changes_version=True))
        self.system = replace(self.system, version_probes={"star": ("./ctl", "version")})
        main, rider = release_of(self.first, PackageType.FULL), release_of(self.fix, PackageType.HOTFIX)
        self.journal = MemoryJournal([main, rider])
        run = Run(
            RUN,
            main.name,
            main.id,
            RunPurpose.APPLY,
            RunState.IN_PROGRESS,
            self.clock.now(),
            "operator",
            riders=(Rider(rider.name, rider.id, ""),),
        )
        steps = compose(RunPurpose.APPLY, parts[0], self.system, parts[1])
        self.journal.create(run, tuple(steps), expected=UpdateState.READY)

    def world(self) -> World:
        packages = {made.name: made for made in (self.first, self.fix)}

        def feed(_update: str) -> Feed:
            return SimulatedFeed(RuntimeError("nobody polls"), packages)

        return replace(super().world(), payloads=self.payloads, feed=feed)

    def states(self) -> list[UpdateState]:
        return [self.journal.update_states()[made.name] for made in (self.first, self.fix)]

    def stars(self) -> list[str]:
        return [self.read(node, "opt/star/star") for node in self.servers]


def install_of(tree: RunTree, name: str) -> list[StepStatus]:
    """How the leaves of the subtree of this name stand."""
    (top,) = [place for place in tree.children() if place.name == name]
    return [leaf.status for leaf in tree.leaves(top.index)]


def test_a_family_and_its_hotfix_go_on_in_one_run(tmp_path: Path) -> None:
    bench = Family(tmp_path, [], nodes=2)
    tree = bench.drive()
    assert tree.run.state is RunState.SUCCEEDED, tree.run.finding
    assert [place.name for place in tree.children()] == [
        "Prepare",
        "Health check",
        "Install",
        "Install hotfix 1.2311.1.7",
    ]
    assert bench.stars() == ["the fix\n"] * 2
    assert bench.read("n1", "opt/star/base") == "base\n", "each step has the content of its own package"
    assert bench.states() == [UpdateState.INSTALLED] * 2
    assert [str(entry.release.version) for entry in bench.journal.installed()] == ["1.2311.0.5", "1.2311.1.7"]
    assert bench.read("n1", "orders").split() == ["out", "back"] * 2
    assert bench.out_of_service() == []


def test_a_hotfix_that_fails_on_the_way_is_gone_on_with_alone(tmp_path: Path) -> None:
    bench = Family(tmp_path, [], nodes=2)
    bench.write("n2", "breaks-1.2311.1.7")
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert set(install_of(tree, "Install")) == {StepStatus.SUCCEEDED}
    assert bench.states()[0] is UpdateState.INSTALLATION_FAILED
    assert bench.journal.installed() == []
    bench.remove("n2", "breaks-1.2311.1.7")
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.states() == [UpdateState.INSTALLED] * 2
    assert bench.read("n1", "orders").split() == ["out", "back"] * 2, "the family is not installed again"


def test_family_and_hotfix_are_taken_back_together(tmp_path: Path) -> None:
    """What was there before the family comes back, though the hotfix has replaced the family's own files."""
    bench = Family(tmp_path, [], nodes=2)
    for node, server in bench.servers.items():
        (server.root / "opt/star").mkdir(parents=True)
        bench.write(node, "opt/star/star", "of before\n")
    bench.write("n2", "breaks-1.2311.1.7")
    assert bench.drive().run.state is RunState.FAILED
    assert bench.stars() == ["the fix\n"] * 2
    shutil.rmtree(bench.folder / "payloads")  # the way back needs nothing that is not on the nodes
    bench.abort()
    assert bench.drive().run.state is RunState.ABORTED
    assert bench.stars() == ["of before\n"] * 2
    assert not (bench.servers["n1"].root / "opt/star/base").exists()
    assert bench.states() == [UpdateState.READY_TO_INSTALL, UpdateState.READY]
    assert bench.out_of_service() == []
