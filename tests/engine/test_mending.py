"""A failed run is mended where it failed, journalled as any step, and is then as failed as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bench import RUN, Bench, both_ways, rolling, step
from engine.test_ways_back import installed
from pitstop.model.errors import InvalidMove
from pitstop.model.known_issues import Mend
from pitstop.model.mending import Mended, failed_leaves, mend_steps, mended
from pitstop.model.run_events import MendRequested
from pitstop.model.runs import RunState, StepStatus
from pitstop.model.updates import UpdateState

MEND = Mend("Mends it.", (step("mend"),), (step("verify"),))
ISSUE = "north/full"


def failed(folder: Path) -> Bench:
    """A run that has failed in its second step on the second of three nodes."""
    bench = Bench(folder, [rolling(both_ways("one"), both_ways("two"))], nodes=3, fails={("two", "n2")})
    assert bench.drive().run.state is RunState.FAILED
    return bench


def mend(bench: Bench) -> None:
    tree = bench.tree()
    steps = mend_steps(tree, ISSUE, MEND, failed_leaves(tree))
    bench.journal.request(RUN, MendRequested(bench.clock.now(), "ada", ISSUE, steps))


def outcome(bench: Bench) -> Mended:
    (leaf,) = failed_leaves(bench.tree())
    return mended(bench.tree(), ISSUE, leaf)


def test_a_mend_is_done_where_it_failed_and_the_run_is_then_resumed(tmp_path: Path) -> None:
    bench = failed(tmp_path)
    assert outcome(bench) is Mended.NOT_YET
    before = bench.tree().run
    mend(bench)
    assert bench.tree().run.state is RunState.MENDING
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert (tree.run.finding, bench.state()) == (before.finding, UpdateState.INSTALLATION_FAILED)
    assert installed(bench)[-2:] == ["mend@n2", "verify@n2"]
    assert outcome(bench) is Mended.SUCCEEDED
    bench.fails.clear()
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["mend@n2"] == bench.times()["verify@n2"] == 1  # no part of the way forwards


def test_a_mend_that_fails_is_shown_and_not_done_again_by_a_resume(tmp_path: Path) -> None:
    bench = failed(tmp_path)
    bench.fails.add(("verify", "n2"))
    mend(bench)
    tree = bench.drive()
    assert tree.run.state is RunState.FAILED
    assert outcome(bench) is Mended.FAILED
    assert [leaf.name for leaf in tree.leaves() if leaf.status is StepStatus.FAILED] == ["two", "verify"]
    bench.fails.clear()
    bench.resume()
    assert bench.drive().run.state is RunState.SUCCEEDED
    assert bench.times()["verify@n2"] == 1


def test_what_fails_again_after_its_mend_has_come_back(tmp_path: Path) -> None:
    bench = failed(tmp_path)
    mend(bench)
    bench.drive()
    bench.resume()
    assert bench.drive().run.state is RunState.FAILED
    assert outcome(bench) is Mended.CAME_BACK
    mend(bench)  # a person may ask for it again
    bench.drive()
    assert outcome(bench) is Mended.SUCCEEDED
    assert bench.times()["mend@n2"] == 2


def test_a_mended_run_can_be_aborted_and_the_mend_stays(tmp_path: Path) -> None:
    bench = failed(tmp_path)
    mend(bench)
    bench.drive()
    bench.abort()
    assert bench.drive().run.state is RunState.ABORTED
    assert not any(ran.startswith("un-mend") for ran in bench.ran)


def test_only_a_failed_run_is_mended(tmp_path: Path) -> None:
    bench = failed(tmp_path)
    bench.resume()
    bench.fails.clear()
    steps = mend_steps(bench.tree(), ISSUE, MEND, bench.tree().leaves()[-1:])
    with pytest.raises(InvalidMove, match="cannot take MendRequested"):
        bench.journal.request(RUN, MendRequested(bench.clock.now(), "ada", ISSUE, steps))
