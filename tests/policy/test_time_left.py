"""How long a run still takes: laid along its tree, at its own pace; and what is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.journal import T0, at, new_run
from pitstop.model.expansion import DRAIN_KIND, UNDRAIN_KIND
from pitstop.model.plans import GroupMode, Retry
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, RunState, Step, StepStatus, Waiting
from pitstop.model.undoing import put_back_steps
from pitstop.policy.step_times import StepTimes, Timed, asked_of
from pitstop.policy.time_left import (
    HIGH,
    LOW,
    UNTRIED,
    Earlier,
    Factor,
    Outlook,
    RunPace,
    is_timed,
    laying_of,
    outlook,
    seconds_of,
)

NODES = ("n1", "n2", "n3", "n4")
EXACT = Factor(0.0, 0.01)


def leaf(index: str, name: str, node: str | None, **more: object) -> Step:
    made = Step(index, name, kind="command", node=node, expected=timedelta(seconds=60))
    return replace(made, **more)  # type: ignore[arg-type] # fields of a step


def rolling() -> RunTree:
    """One node after the other, two steps of a minute each."""
    places = [Step("1", "All nodes", mode=GroupMode.SEQUENCE)]
    for number, node in enumerate(NODES, start=1):
        places += [
            Step(f"1.{number}", node, mode=GroupMode.SEQUENCE),
            leaf(f"1.{number}.1", "Stop", node),
            leaf(f"1.{number}.2", "Start", node),
        ]
    return RunTree(new_run("run-1"), places)


def parallel(limit: int | None = None) -> RunTree:
    places = [Step("1", "All nodes", mode=GroupMode.PARALLEL, limit=limit)]
    places += [leaf(f"1.{number}", f"Start on {node}", node) for number, node in enumerate(NODES, start=1)]
    return RunTree(new_run("run-1"), places)


def done(tree: RunTree, *indexes: str, seconds: float, begin: float = 0) -> None:
    """These are done, one after the other."""
    for number, index in enumerate(indexes):
        start = T0 + timedelta(seconds=begin + number * seconds)
        tree.steps[index] = replace(
            tree.steps[index],
            status=StepStatus.SUCCEEDED,
            attempt=1,
            started=start,
            ended=start + timedelta(seconds=seconds),
        )


def going(tree: RunTree, index: str, *, since: float) -> None:
    started = T0 + timedelta(seconds=since)
    tree.steps[index] = replace(tree.steps[index], status=StepStatus.IN_PROGRESS, attempt=1, started=started)


def known(tree: RunTree, seconds: float = 60, runs: int = 4) -> StepTimes:
    """Every step of the tree took so long in each of the last runs."""
    return StepTimes(
        [Timed(asked_of(it), seconds, ago) for it in tree.leaves() for ago in range(1, runs + 1)]
    )


def seen(tree: RunTree, times: StepTimes, second: float, laying: Factor = EXACT) -> Outlook:
    now = T0 + timedelta(seconds=second)
    return outlook(tree, times, asked_of, now, laying=laying, said=lambda _index: None)


def middle(found: Outlook) -> float:
    assert found.left is not None
    return found.left.middle


def test_sequences_add_up() -> None:
    tree = rolling()
    assert middle(seen(tree, known(tree), 0)) == pytest.approx(8 * 60, rel=0.05)


def test_parallel_places_take_as_long_as_their_longest_or_their_share() -> None:
    tree = parallel()
    assert 60 < middle(seen(tree, known(tree), 0)) < 85
    limited = parallel(limit=2)
    assert middle(seen(limited, known(limited), 0)) == pytest.approx(2 * 60, rel=0.2)


def test_what_is_done_is_left_out_and_what_goes_on_counts_for_what_it_lacks() -> None:
    tree = rolling()
    done(tree, "1.1.1", "1.1.2", seconds=60)
    going(tree, "1.2.1", since=120)
    found = seen(tree, known(tree), 150)
    assert middle(found) == pytest.approx(5.5 * 60, rel=0.07)
    assert found.percent == pytest.approx(100 * 2.5 / 8, abs=1.5)


def test_a_run_at_half_its_pace_takes_longer_than_usual_and_one_step_may_be_the_cause() -> None:
    tree = rolling()
    usual = known(tree)
    done(tree, "1.1.1", "1.1.2", "1.2.1", "1.2.2", seconds=120)
    assert middle(seen(tree, usual, 480)) > 4 * 60 * 1.5
    slow = rolling()
    done(slow, "1.1.1", "1.2.1", "1.3.1", seconds=180)
    done(slow, "1.1.2", "1.2.2", "1.3.2", seconds=60)
    pace = RunPace(slow, {it.index: usual.of(asked_of(it)) for it in slow.leaves()}, asked_of)
    stop, start = (slow.steps[index] for index in ("1.4.1", "1.4.2"))
    assert pace.of(stop, usual.of(asked_of(stop))).middle > 120
    assert pace.of(start, usual.of(asked_of(start))).middle == pytest.approx(65, rel=0.15)


def test_figures_of_a_package_that_prove_wrong_are_stretched_together() -> None:
    tree = rolling()
    for index in ("1.1.1", "1.2.1", "1.3.1", "1.4.1"):
        tree.steps[index] = replace(tree.steps[index], name=f"Own {index}")
    done(tree, "1.1.1", "1.2.1", "1.3.1", seconds=240)
    assert middle(seen(tree, StepTimes(), 720)) > 5 * 60 * 1.5


def test_the_percentage_never_falls_while_a_step_goes_on() -> None:
    tree = rolling()
    going(tree, "1.1.1", since=0)
    shown = [seen(tree, known(tree), second).percent for second in (0, 20, 40, 60, 80, 400)]
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(100 / 8, abs=0.5)
    everything = [it.index for it in tree.leaves()]
    done(tree, *everything, seconds=60)
    assert seen(tree, known(tree), 480).percent == 100
    going(tree, "1.4.2", since=420)
    assert seen(tree, known(tree), 4_000).percent == 99.9


def test_a_step_is_late_when_it_lasts_longer_than_it_ever_should() -> None:
    tree = rolling()
    going(tree, "1.1.1", since=0)
    usual = known(tree)
    assert [seen(tree, usual, second).late for second in (60, 75)] == [frozenset(), frozenset()]
    late = seen(tree, usual, 180)
    assert late.late == {"1.1.1"}
    assert late.usual["1.1.1"].within(LOW) < 60 < late.usual["1.1.1"].within(HIGH) < 90
    assert middle(late) > 7 * 60


def test_by_the_package_alone_a_step_is_late_only_when_it_is_so_by_far() -> None:
    tree = rolling()
    going(tree, "1.1.1", since=0)
    assert not seen(tree, StepTimes(), 180).late
    assert seen(tree, StepTimes(), 600).late == {"1.1.1"}
    tree.steps["1.1.1"] = replace(tree.steps["1.1.1"], expected=None)
    assert not seen(tree, StepTimes(), 600).late


def test_short_steps_are_not_late_for_a_moment() -> None:
    tree = rolling()
    going(tree, "1.1.1", since=0)
    assert not seen(tree, known(tree, seconds=0.2), 4).late
    assert seen(tree, known(tree, seconds=0.2), 8).late


def test_what_is_guessed_is_not_called_usual() -> None:
    tree = rolling()
    timed = [Timed(asked_of(tree.steps["1.1.1"]), 60, ago) for ago in (1, 2)]
    usual = seen(tree, StepTimes(timed), 0).usual
    assert set(usual) == {"1.1.1", "1.2.1", "1.3.1", "1.4.1"}
    assert set(seen(tree, known(tree), 0).usual) == set(tree.steps)


def test_a_step_that_says_how_long_it_needs_is_believed() -> None:
    tree = rolling()
    going(tree, "1.1.1", since=0)
    found = outlook(tree, known(tree), asked_of, at(50), laying=EXACT, said=lambda _index: 500.0)
    assert middle(found) == pytest.approx(500 + 7 * 60, rel=0.05)


def test_a_pause_before_the_next_try_is_counted() -> None:
    tree = rolling()
    waiting = Waiting("next attempt", at(0), at(300))
    tree.steps["1.1.1"] = replace(
        tree.steps["1.1.1"],
        status=StepStatus.WAITING,
        attempt=1,
        started=T0,
        waiting=waiting,
        retry=Retry(3, timedelta(minutes=5)),
    )
    assert middle(seen(tree, known(tree), 100)) == pytest.approx(200 + 8 * 60, rel=0.05)


def test_a_run_that_has_ended_has_nothing_left() -> None:
    tree = rolling()
    ended = RunTree(replace(tree.run, state=RunState.FAILED), tree.steps.values())
    assert seen(ended, known(tree), 0).left is None


def test_of_a_run_that_is_taken_back_it_is_the_way_back_that_is_told() -> None:
    tree = rolling()
    done(tree, "1.1.1", "1.1.2", "1.2.1", seconds=60)
    back = [
        leaf("2.1", "Put it back", "n2", undoes="1.2.1"),
        leaf("2.2", "Put it back", "n1", undoes="1.1.2"),
    ]
    places = [*tree.steps.values(), Step("2", "Undo", mode=GroupMode.SEQUENCE), *back]
    undoing = RunTree(replace(tree.run, state=RunState.UNDOING), places)
    times = known(undoing)
    found = seen(undoing, times, 200)
    assert middle(found) == pytest.approx(120, rel=0.05)
    assert found.percent == 0
    done(undoing, "2.1", seconds=60, begin=200)
    assert seen(undoing, times, 260).percent == pytest.approx(50, abs=1)


def batches() -> RunTree:
    """One node after the other, each drained and put back, as a batch that is whole or not at all."""
    places = [Step("1", "All nodes", mode=GroupMode.SEQUENCE, phase=Phase.INSTALL)]
    for number, node in enumerate(NODES, start=1):
        drain = replace(leaf(f"1.{number}.1", "Drain", node), kind=DRAIN_KIND, undo=())
        back = replace(leaf(f"1.{number}.3", "Put back", node), kind=UNDRAIN_KIND)
        whole = Step(f"1.{number}", node, mode=GroupMode.SEQUENCE, whole=True)
        places += [whole, drain, leaf(f"1.{number}.2", "Install", node), back]
    return RunTree(new_run("run-1"), places)


def asked(tree: RunTree, state: RunState, *, now: bool = False) -> RunTree:
    return RunTree(replace(tree.run, state=state, now=now), tree.steps.values())


def test_of_a_run_that_is_to_stop_it_is_the_time_to_the_safe_point_that_is_told() -> None:
    tree = batches()
    done(tree, "1.1.1", "1.1.2", "1.1.3", "1.2.1", seconds=60)
    going(tree, "1.2.2", since=240)
    times = known(tree)
    assert middle(seen(asked(tree, RunState.STOPPING), times, 260)) == pytest.approx(40 + 60, rel=0.1)
    assert middle(seen(tree, times, 260)) == pytest.approx(40 + 60 + 2 * 180, rel=0.1)
    at_once = asked(tree, RunState.STOPPING, now=True)
    assert middle(seen(at_once, times, 260)) == 0, "what is under way is cut short"


def test_between_two_steps_of_a_batch_the_safe_point_is_no_nearer() -> None:
    tree = batches()
    done(tree, "1.1.1", seconds=60)
    assert middle(seen(asked(tree, RunState.STOPPING), known(tree), 60)) == pytest.approx(120, rel=0.1)
    done(tree, "1.1.2", "1.1.3", seconds=60, begin=60)
    assert middle(seen(asked(tree, RunState.STOPPING), known(tree), 180)) == 0


def test_what_is_under_way_outside_of_a_batch_is_waited_for_in_the_install_alone() -> None:
    tree = rolling()
    going(tree, "1.1.1", since=0)
    assert middle(seen(asked(tree, RunState.STOPPING), known(tree), 20)) == pytest.approx(40, rel=0.2)
    tree.steps["1"] = replace(tree.steps["1"], phase=Phase.DOWNLOAD)
    assert middle(seen(asked(tree, RunState.STOPPING), known(tree), 20)) == 0


def test_of_a_run_that_is_cancelled_it_is_the_safe_point_and_putting_back_that_are_told() -> None:
    tree = batches()
    done(tree, "1.1.1", seconds=60)
    tree.steps["1.1.2"] = replace(tree.steps["1.1.2"], status=StepStatus.FAILED, attempt=1)
    done(tree, "1.2.1", seconds=60, begin=60)
    going(tree, "1.2.2", since=120)
    cancelling, times = asked(tree, RunState.CANCELLING), known(tree)
    one = middle(seen(asked(back_alone(tree), RunState.CANCELLING), times, 140))
    assert 40 < one < 120, "of such a step only its kind is known here"
    told = middle(seen(cancelling, times, 140))
    assert 40 + 60 + one < told < 40 + 60 + 2 * one, "the batch to its end, then the other node"
    at_once = asked(tree, RunState.CANCELLING, now=True)
    assert one < middle(seen(at_once, times, 140)) < 3 * one, "both nodes, beside each other"
    added = put_back_steps(at_once)
    later = RunTree(at_once.run, [*tree.steps.values(), *added])
    done(later, *[step.index for step in added if step.is_leaf][:1], seconds=60, begin=140)
    assert middle(seen(later, times, 200)) == pytest.approx(one, rel=0.1)


def back_alone(tree: RunTree) -> RunTree:
    """The same where only the first node was begun."""
    places = [it for it in tree.steps.values() if it.index == "1" or it.index.startswith("1.1")]
    return RunTree(tree.run, places)


def test_a_node_that_has_failed_is_not_waited_for() -> None:
    tree = parallel()
    done(tree, "1.1", "1.2", "1.3", seconds=60)
    tree.steps["1.4"] = replace(tree.steps["1.4"], status=StepStatus.FAILED, attempt=1)
    assert middle(seen(tree, known(tree), 60)) == 0


def earlier(*seconds: float) -> Sequence[Earlier]:
    return [Earlier(rolling(), each, ago, asked_of) for ago, each in enumerate(seconds, start=1)]


def test_pauses_between_steps_are_learned_from_whole_runs() -> None:
    times = known(rolling())
    assert laying_of([], times) == UNTRIED
    slower = laying_of(earlier(600, 600, 600), times)
    assert middle(seen(rolling(), times, 0, slower)) == pytest.approx(600, rel=0.08)
    assert slower.doubt < UNTRIED.doubt
    one_night = laying_of(earlier(600, 600, 30_000), times)
    assert middle(seen(rolling(), times, 0, one_night)) < 750


@pytest.mark.parametrize(
    "change",
    [
        {"found_done": True},
        {"attempt": 2},
        {"status": StepStatus.FAILED},
        {"ended": None},
    ],
)
def test_only_a_good_end_at_the_first_try_tells_how_long_a_step_takes(change: dict[str, object]) -> None:
    tree = rolling()
    done(tree, "1.1.1", seconds=42)
    good = tree.steps["1.1.1"]
    assert is_timed(good)
    assert seconds_of(good) == 42
    assert not is_timed(replace(good, **change))  # type: ignore[arg-type] # fields of a step
