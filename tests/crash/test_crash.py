"""Killed or paused at any point, a run is taken up again and ends the same: nothing lost, nothing done twice.

A share of what ``make crash-matrix`` does: few points of each story, and one run over real SSH.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import rack
from crash.cases import Outcome, at_random, killed, killed_at, paused, undisturbed
from crash.plan import Story
from crash.scene import NODES, scene_here, scene_over_ssh
from crash.servers import SQLITE, in_folder
from crash.verdict import verdict

POINTS = {Story.APPLY: 206, Story.ABORT: 346, Story.CANCEL: 202, Story.MEND: 238}
"""Twice the writes and acts of each story's run. What is new must be counted here, or goes untested."""

TOGETHER = 8
"""So many points of each story are killed at here; the first and the last are among them."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rack.Rack]:
    folder = tmp_path_factory.mktemp("rack")
    rack.make(folder, rack.default_nodes(NODES))
    with rack.running(folder) as running:
        yield running


@pytest.fixture(scope="module", params=Story)
def story(request: pytest.FixtureRequest) -> Story:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def points(story: Story) -> list[str]:
    return undisturbed(story, in_folder)


def assert_good(outcome: Outcome) -> None:
    assert (outcome.lost, outcome.repeated, outcome.unfenced) == ((), 0, 0)


def test_the_run_has_as_many_points_as_are_tested(story: Story, points: list[str]) -> None:
    assert len(points) == len(set(points)) == POINTS[story]


def test_a_run_that_is_killed_at_points_ends_the_same(
    tmp_path: Path, story: Story, points: list[str]
) -> None:
    if story is Story.MEND:  # until it fails it is as any other
        points = points[points.index("before mend-requested") : points.index("behind run-resumed") + 1]
    chosen = [points[place * (len(points) - 1) // (TOGETHER - 1)] for place in range(TOGETHER)]
    outcome = killed_at(tmp_path, story, in_folder, chosen)
    assert outcome.points >= TOGETHER
    assert_good(outcome)


def test_a_run_that_is_killed_at_random_ends_the_same(tmp_path: Path) -> None:
    outcome = at_random("made", {SQLITE: in_folder}, tmp_path)
    assert outcome.points > TOGETHER
    assert_good(outcome)


def test_a_run_over_ssh_that_is_killed_again_and_again_ends_the_same(made: rack.Rack, tmp_path: Path) -> None:
    outcome = killed(scene_over_ssh(tmp_path, made), [40] * 4)
    assert outcome.points == 4
    assert_good(outcome)


def test_a_worker_that_was_paused_does_nothing_more_after_another_has_taken_its_run(tmp_path: Path) -> None:
    outcome = paused(scene_here(tmp_path, Story.ABORT), 90, 30)
    assert outcome.points == 1
    assert_good(outcome)


def test_what_was_not_done_and_what_was_done_twice_is_seen(tmp_path: Path) -> None:
    scene = scene_here(tmp_path, Story.APPLY)
    scene.lay()
    log = Path(scene.system.nodes[0].root) / "log"
    log.write_text("before\nbefore\n")
    judged = verdict(scene)
    assert judged.repeated == 1
    assert "the run is in-progress, not succeeded" in judged.lost
    assert f"{scene.system.nodes[0].name}: verified was not done" in judged.lost
