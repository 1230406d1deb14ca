"""Firmware in runs that fail, are resumed, taken over and aborted: the controller is told once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.bench import EARLY, RUN, Bench, rolling
from machines.bmc import PASSWORD, USER, Bmc, serving
from pitstop.model.packages import ContentFile, Manifest
from pitstop.model.plans import PlanStep
from pitstop.model.run_events import PhaseEntered, StepNoted, StepStarted, StepSucceeded, StepWaited
from pitstop.model.runs import Phase, RunState
from pitstop.model.system import Login
from pitstop.nodes.redfish import RedfishControllers
from pitstop.steps.firmware_update import TASK, WAS
from pitstop.steps.kind import World
from pitstop.store.payloads import FilePayloads

NEW, OLD = "2.1", "2.0"
STEP = PlanStep(
    "Board",
    "firmware",
    args={
        "image": NEW,
        "component": "BIOS",
        "version": NEW,
        "models": ["Lumen R4"],
        "earlier": {"version": OLD, "image": OLD},
    },
    deadline=timedelta(seconds=60),
)


class Images(FilePayloads):
    """Two images, as the package's content."""

    def manifest(self, _package: str) -> Manifest:
        return Manifest(tuple(self._file(version) for version in (OLD, NEW)))

    def content(self, file: ContentFile) -> Path:
        path = self._folder_of_images / file.path
        path.write_bytes(_image(file.path))
        return path

    def drop_damaged(self, _files: Sequence[ContentFile]) -> Sequence[ContentFile]:
        return ()

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder_of_images = folder

    def _file(self, version: str) -> ContentFile:
        raw = _image(version)
        return ContentFile(version, 0o644, len(raw), hashlib.sha256(raw).hexdigest())


def _image(version: str) -> bytes:
    return f"version {version}\n".encode()


@dataclass
class FirmwareBench(Bench):
    """One node with a controller."""

    address: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        nodes = tuple(replace(node, facts={"bmc": self.address}) for node in self.system.nodes)
        self.system = replace(self.system, nodes=nodes)
        (self.folder / "secret").write_text(PASSWORD)

    def world(self) -> World:
        login = Login(USER, f"file:{self.folder}/secret")
        controllers = RedfishControllers(lambda: {"bmc": login})
        return replace(super().world(), controllers=controllers, payloads=Images(self.folder))


@pytest.fixture
def bmc() -> Iterator[Bmc]:
    with serving(Bmc(OLD)) as made:
        yield made


@pytest.fixture
def bench(tmp_path: Path, bmc: Bmc) -> FirmwareBench:
    return FirmwareBench(tmp_path, [rolling(STEP)], nodes=1, address=bmc.address)


def hung(bench: FirmwareBench, bmc: Bmc) -> None:
    """The run has failed, for the controller has not ended by the deadline."""
    bmc.hangs = True
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert tree.run.finding is not None
    assert tree.run.finding.code == "firmware-hangs"


def test_a_run_that_is_resumed_while_the_task_still_runs_watches_it_on(
    bench: FirmwareBench, bmc: Bmc
) -> None:
    hung(bench, bmc)
    bench.resume()
    assert bench.drive().run.state is RunState.FAILED, "a new deadline is over as well"
    bmc.hangs = False
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert (bmc.version, bmc.begun) == (NEW, 1)
    assert bench.leaf("Board", "n1").record == {WAS: OLD}


def test_an_abort_waits_for_the_task_and_then_goes_back(bench: FirmwareBench, bmc: Bmc) -> None:
    hung(bench, bmc)
    bench.abort()
    assert bench.drive().run.state is RunState.UNDO_FAILED
    assert bmc.begun == 1, "nothing is sent beside it"
    bmc.hangs = False
    bench.resume()
    assert bench.drive().run.state is RunState.ABORTED
    assert (bmc.version, bmc.begun) == (OLD, 2)


def test_an_abort_after_the_task_has_ended_unseen_goes_back_too(bench: FirmwareBench, bmc: Bmc) -> None:
    hung(bench, bmc)
    bmc.hangs = False
    for _ in range(bmc.looks):
        bmc.look(bench.leaf("Board", "n1").record[TASK])
    assert bmc.version == NEW
    bench.abort()
    assert bench.drive().run.state is RunState.ABORTED
    assert bmc.version == OLD


def test_firmware_for_another_model_can_be_aborted(bench: FirmwareBench, bmc: Bmc) -> None:
    bmc.model = "Lumen R5"
    assert bench.drive().run.state is RunState.FAILED
    bench.abort()
    assert bench.drive().run.state is RunState.ABORTED
    assert bmc.begun == 0


def test_who_takes_the_run_over_watches_what_the_other_worker_has_begun(
    bench: FirmwareBench, bmc: Bmc
) -> None:
    now = bench.clock.now()
    tree = bench.journal.take(RUN, "killed", now)
    for phase, leaf in zip(EARLY, tree.leaves(), strict=False):
        bench.journal.append(tree, PhaseEntered(now, phase))
        bench.journal.append(tree, StepStarted(leaf.index, now), StepSucceeded(leaf.index, now))
    bench.journal.append(tree, PhaseEntered(now, Phase.INSTALL))
    index = bench.leaf("Board", "n1").index
    task = bmc.begin(_image(NEW), "Immediate")
    bench.journal.append(
        tree,
        StepStarted(index, now),
        StepNoted(index, now, {WAS: OLD}),
        StepNoted(index, now, {TASK: task}),
        StepWaited(index, now, "its management controller", now + timedelta(seconds=60)),
    )
    assert bench.drive("other").run.state is RunState.SUCCEEDED
    assert (bmc.version, bmc.begun) == (NEW, 1)
