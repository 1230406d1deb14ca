"""Killed at any point, a run is taken up again and ends the same: nothing lost, nothing done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import rack
from crash.scene import Scene, scene_in
from crash.worker import drive, points_of
from pitstop.model.runs import RunState, StepStatus

POINTS = 120
"""Twice the writes and acts of the scene's run. What is new must be counted here, or goes untested."""

SAMPLE = (*range(1, POINTS + 1, 14), POINTS)
KILLED = -9

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rack.Rack]:
    folder = tmp_path_factory.mktemp("rack")
    rack.make(folder, rack.default_nodes(2))
    with rack.running(folder) as running:
        yield running


def ended_well(scene: Scene) -> None:
    """The run has succeeded, every step was done exactly once on every node, and no node was left drained."""
    tree = scene.tree()
    assert tree.run.state is RunState.SUCCEEDED
    assert {leaf.status for leaf in tree.leaves()} == {StepStatus.SUCCEEDED}
    assert scene.installed() == 1
    for node in scene.system.nodes:
        assert scene.done_on(node) == scene.expected_on(node)
        assert not (Path(node.root) / "drained").exists()


def test_the_run_has_as_many_points_as_are_tested(made: rack.Rack, tmp_path: Path) -> None:
    scene = scene_in(tmp_path, made)
    scene.lay()
    assert drive(scene, None) == 0
    ended_well(scene)
    assert points_of(scene) == POINTS


@pytest.mark.parametrize("at", SAMPLE)
def test_a_run_that_is_killed_there_ends_the_same(made: rack.Rack, tmp_path: Path, at: int) -> None:
    scene = scene_in(tmp_path, made)
    scene.lay()
    assert drive(scene, at) == KILLED
    if scene.tree().run.state is RunState.IN_PROGRESS:
        assert drive(scene, None) == 0
    ended_well(scene)


def test_a_run_that_is_killed_again_and_again_ends_the_same(made: rack.Rack, tmp_path: Path) -> None:
    scene = scene_in(tmp_path, made)
    scene.lay()
    kills = 0
    while drive(scene, 9) == KILLED:
        kills += 1
        assert kills < POINTS, "no progress from one worker to the next"
    ended_well(scene)
    assert kills > POINTS // 9
