"""What a run that is to end is said still to do is what it then does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.bench import Bench, both_ways, rolling, step
from pitstop.model.plans import Drain, GroupMode, PlanGroup
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState, StepStatus
from pitstop.policy.still_done import still_done
from pitstop.ports.nodes import Answer
from simulators.nodes import Call

DRAIN = Drain(out=("ctl", "out"), back=("ctl", "back"), is_out=("ctl", "is-out"))
BATCHES = rolling(both_ways("one"), both_ways("two"), batch=2, drain=DRAIN)
BESIDE = PlanGroup(
    "Beside", GroupMode.PARALLEL, (both_ways("left", role="first"), both_ways("right", role="first"))
)

Ask = Callable[[Bench], None]
Place = tuple[str, str | None]
"""A leaf's name and its node."""


@pytest.mark.parametrize(
    ("at", "fails"),
    [
        ("one@n1", set()),
        ("two@n2", set()),
        ("one@n3", set()),
        ("one@n3", {("two", "n1")}),  # in the batch before
        ("left@n1", set()),
    ],
)
@pytest.mark.parametrize(("ask", "end"), [(Bench.stop, RunState.STOPPED), (Bench.cancel, RunState.CANCELLED)])
def test_what_is_foretold_is_what_is_done(
    tmp_path: Path, fails: set[tuple[str, str]], at: str, ask: Ask, end: RunState
) -> None:
    roll = replace(BATCHES, may_fail=1)
    bench = Bench(tmp_path, [roll, BESIDE, step("last", role="first")], nodes=4, fails=fails)
    before, foretold = set[Place](), set[Place]()

    def asked() -> None:
        ask(bench)
        told = still_done(bench.tree())
        assert told is not None
        tree, indexes = told
        before.update(succeeded(tree))
        foretold.update((leaf.name, leaf.node) for leaf in tree.leaves() if leaf.index in indexes)

    was_in_service(bench)
    bench.when(at, asked)
    tree = bench.drive()
    assert before
    assert tree.run.state is (RunState.FAILED if fails and end is RunState.STOPPED else end)
    assert succeeded(tree) - before == foretold - before - failed(tree)


def was_in_service(bench: Bench) -> None:
    """Nodes say of themselves, when they are taken out of service, that they were in it."""
    quick = bench.simulated.does

    def does(call: Call) -> Answer | Awaitable[Answer]:
        answer = quick(call)
        return Answer(0, "pitstop: was_out=no\n") if "was_out=" in call.script else answer

    bench.simulated.does = does


def succeeded(tree: RunTree) -> set[Place]:
    return {(leaf.name, leaf.node) for leaf in tree.leaves() if leaf.status is StepStatus.SUCCEEDED}


def failed(tree: RunTree) -> set[Place]:
    return {(leaf.name, leaf.node) for leaf in tree.leaves() if leaf.status is StepStatus.FAILED}
