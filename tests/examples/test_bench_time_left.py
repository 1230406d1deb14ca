"""The benchmark of the time left: its histories are what they say, and the aim is met on a share of them."""

from __future__ import annotations

import json
from statistics import median

import pytest
from tools import bench_time_left
from tools.bench_time_left import AIM, Ask, asks, result
from tools.time_histories import as_of, history

from pitstop.model.runs import RunState, StepStatus


def test_the_same_seed_gives_the_same_history() -> None:
    first, again, other = ([run.seconds for run in history(seed, 3)] for seed in (1, 1, 2))
    assert first == again != other


def test_every_leaf_of_a_generated_run_was_done_within_it() -> None:
    (run,) = history(3, 1)
    leaves = run.tree.leaves()
    assert {leaf.status for leaf in leaves} == {StepStatus.SUCCEEDED}
    assert all(leaf.started and leaf.ended and leaf.started < leaf.ended for leaf in leaves)
    assert max(leaf.ended for leaf in leaves if leaf.ended) == run.tree.run.ended


def test_a_run_is_seen_as_it_stood() -> None:
    (run,) = history(3, 1)
    middle = run.tree.run.created + (run.tree.run.ended - run.tree.run.created) / 2  # type: ignore[operator]
    then = as_of(run.tree, middle)
    statuses = {leaf.status for leaf in then.leaves()}
    assert statuses - {StepStatus.IN_PROGRESS} == {StepStatus.SUCCEEDED, StepStatus.PENDING}
    assert then.run.state is RunState.IN_PROGRESS


@pytest.mark.slow
def test_after_two_runs_the_median_error_is_what_is_aimed_at() -> None:
    found = list(asks(range(1, 41), runs=3))
    after_two = [ask for ask in found if ask.before == 2]
    assert len(after_two) == 160
    said = result(found, [])
    assert said["after_two"] <= AIM
    assert said["after_two"] < min(said["mean_after_two"], said["package_after_two"])
    assert 0.65 < said["inside"] < 0.95


def test_an_error_is_of_the_time_that_is_left() -> None:
    ask = Ask(2, 0.75, told=60, low=40, high=90, actual=80, others=(("mean", 40), ("package", 8)))
    assert ask.error == pytest.approx(0.25)
    assert ask.is_inside
    said = result([ask], [Ask(2, 0.5, told=10, low=8, high=9, actual=10)])
    assert (said["after_two"], said["inside"], said["demo_after_two"], said["demo_inside"]) == (0.25, 1, 0, 0)
    assert (said["mean_after_two"], said["package_after_two"]) == (0.5, 0.9)


def test_the_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_time_left.main(["--systems", "2", "--runs", "4", "--stages", "0"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    found = json.loads(last)
    assert found["asks"] == 32
    assert any("at 75%" in line for line in lines)
    assert found["after_two"] == pytest.approx(
        median(ask.error for ask in asks((1, 2), 3) if ask.before == 2), abs=0.001
    )
