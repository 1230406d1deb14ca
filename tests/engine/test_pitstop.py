"""The step that replaces the service itself, driven by one version and then by the other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from engine.bench import RELEASE, RUN, Bench, step
from pitstop.model.packages import ContentFile, Manifest
from pitstop.model.plans import PlanStep, Retry
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState, Step
from pitstop.steps.kind import World
from pitstop.steps.pitstop import PITSTOP
from simulators.installation import SimulatedInstallation

ARGS = {"version": "2.0", "wheels": "pitstop"}


class Carried:
    """The content of a package that carries Pitstop."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def manifest(self, package: str) -> Manifest:
        assert package == RELEASE.name
        return Manifest(tuple(ContentFile(path, 0o644, 1, "0" * 64) for path in self.paths))

    def content(self, file: ContentFile) -> Path:
        return Path("/content") / file.sha256


class Machine(Bench):
    """A bench on a machine where Pitstop is installed."""

    installation: SimulatedInstallation
    carried: Carried

    def world(self) -> World:
        world = super().world()
        return replace(world, installation=self.installation, payloads=self.carried)  # type: ignore[arg-type]

    def until_asked(self) -> None:
        """Driven until it asks for another version: by a process that ends then, as the service does."""

        async def drive() -> None:
            before = len(self.installation.wanted)
            driving = asyncio.create_task(self.driver().drive(RUN))
            async with asyncio.timeout(20):
                while len(self.installation.wanted) == before:  # noqa: ASYNC110 - the launcher looks, too
                    await asyncio.sleep(0.005)
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)

        asyncio.run(drive())

    def own(self) -> Step:
        (own,) = [leaf for leaf in self.tree().leaves() if leaf.kind == "pitstop"]
        return own

    def switch(self, attempt: int = 1) -> str:
        return f"{RUN}-{self.own().index}-{attempt}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    own = PlanStep("Update Pitstop", "pitstop", args=ARGS, retry=Retry(1))
    made = Machine(tmp_path, [own, step("one", role="host")])
    made.installation = SimulatedInstallation("1.0")
    made.carried = Carried(
        "pitstop/requirements.txt", "pitstop/pitstop-2.0-py3-none-any.whl", "opt/x", "x.whl"
    )
    return made


def test_the_new_version_finds_the_step_done_and_does_the_rest(machine: Machine) -> None:
    machine.until_asked()
    waiting = machine.own().waiting
    assert waiting is not None
    assert machine.installation.installed == {"2.0": ["pitstop-2.0-py3-none-any.whl", "requirements.txt"]}
    assert machine.installation.wanted == {machine.switch(): "2.0"}
    assert waiting.reason == "Pitstop 2.0 to start in place of 1.0"
    assert waiting.until == machine.clock.now() + machine.own().deadline
    assert "one@n1" not in machine.ran
    machine.installation.running = "2.0"
    tree = machine.drive()
    assert tree.run.state is RunState.SUCCEEDED
    assert machine.own().found_done
    assert machine.own().attempt == 1
    assert sorted(machine.ran[3:]) == ["one@n1", "one@n2"]


def test_a_version_that_runs_already_is_left_alone(machine: Machine) -> None:
    machine.installation.running = "2.0"
    assert machine.drive().run.state is RunState.SUCCEEDED
    assert machine.installation.installed == {}
    assert machine.installation.wanted == {}


def test_a_version_that_was_taken_back_fails_the_run_and_is_tried_again_by_a_resume(machine: Machine) -> None:
    machine.until_asked()
    machine.installation.fall_back(machine.switch())
    tree = machine.drive()
    assert failed_with(tree) == "pitstop-fell-back"
    assert tree.run.finding is not None
    assert "Pitstop 2.0 did not come up, and 1.0 runs again: it ended with status 1" in tree.run.finding.what
    assert "error: no" in tree.run.finding.what
    assert "one@n1" not in machine.ran
    machine.resume()
    machine.until_asked()
    assert list(machine.installation.wanted) == [machine.switch(1), machine.switch(2)]
    machine.installation.running = "2.0"
    assert machine.drive().run.state is RunState.SUCCEEDED


def test_a_service_that_was_killed_before_it_had_asked_for_the_switch_asks_again(machine: Machine) -> None:
    machine.until_asked()
    machine.installation.wanted.clear()
    machine.until_asked()
    assert machine.installation.wanted == {machine.switch(2): "2.0"}
    assert machine.own().attempt == 2


def failed_with(tree: RunTree) -> str:
    assert tree.run.state is RunState.FAILED
    assert tree.run.finding is not None
    return tree.run.finding.code


def test_without_a_launcher_nothing_is_installed(machine: Machine) -> None:
    machine.installation.launched = False
    assert failed_with(machine.drive()) == "not-launched"
    assert machine.installation.installed == {}


def test_a_version_that_cannot_be_made_leaves_the_running_one(machine: Machine) -> None:
    machine.installation.broken.add("2.0")
    assert failed_with(machine.drive()) == "step-failed"
    assert machine.installation.wanted == {}


def test_a_package_without_requirements_is_built_wrongly(machine: Machine) -> None:
    machine.carried = Carried("pitstop/pitstop-2.0-py3-none-any.whl")
    assert failed_with(machine.drive()) == "invalid-plan"


def test_a_run_that_is_taken_back_leaves_the_newer_service_and_its_way_back_is_open(machine: Machine) -> None:
    assert PITSTOP.way_back(machine.own()) == ()
