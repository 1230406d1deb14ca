"""What is usual comes from the system's own runs, read once; sizes come from the packages' documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.journal import FIRST, T0, at, new_run
from pitstop.model.plans import GroupMode
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState, Step, StepStatus
from pitstop.policy.time_left import Outlook
from pitstop.service.outlooks import LOOKS_BACK, Outlooks
from pitstop.service.rehearsals import rehearsal_view
from pitstop.service.step_sizes import StepSizes
from pitstop.store.payloads import FilePayloads
from pitstop.wire.views import RehearsalView
from simulators.journal import MemoryJournal
from store.packages import CONTENT, package


class KeptRuns(MemoryJournal):
    """A journal with runs that have been; counts what is read of them."""

    def __init__(self) -> None:
        super().__init__([FIRST])
        self.loaded: list[str] = []

    def keep(self, tree: RunTree) -> RunTree:
        self._trees[tree.run.id] = tree
        return tree

    def load(self, run_id: str) -> RunTree:
        self.loaded.append(run_id)
        return super().load(run_id)


def tree_of(number: int, state: RunState, steps: Sequence[Step]) -> RunTree:
    begin = T0 + timedelta(days=number)
    run = replace(new_run(f"run-{number}"), state=state, created=begin)
    if state is not RunState.IN_PROGRESS:
        run = replace(run, ended=begin + timedelta(seconds=400))
    return RunTree(run, [Step("1", "All", mode=GroupMode.SEQUENCE), *steps])


def past(number: int, seconds: float, state: RunState = RunState.SUCCEEDED) -> RunTree:
    begin = T0 + timedelta(days=number)
    done = replace(
        step(),
        status=StepStatus.SUCCEEDED,
        attempt=1,
        started=begin,
        ended=begin + timedelta(seconds=seconds),
    )
    return tree_of(number, state, [done])


def step(**more: object) -> Step:
    made = Step(
        "1.1", "Restart", kind="command", node="n1", expected=timedelta(seconds=10), output="long " * 99
    )
    return replace(made, **more)  # type: ignore[arg-type] # fields of a step


def begun(number: int) -> RunTree:
    return tree_of(number, RunState.IN_PROGRESS, [step()])


@pytest.fixture
def kept() -> KeptRuns:
    return KeptRuns()


@pytest.fixture
def outlooks(kept: KeptRuns, tmp_path: Path) -> Outlooks:
    return Outlooks(kept, kept, StepSizes(FilePayloads(tmp_path)))


def seen(outlooks: Outlooks, tree: RunTree) -> Outlook:
    return outlooks.of(tree, at(0), lambda _index: None)


def test_without_a_history_the_package_is_believed(outlooks: Outlooks, kept: KeptRuns) -> None:
    found = seen(outlooks, kept.keep(begun(9)))
    assert found.left is not None
    assert found.left.middle == pytest.approx(10)
    assert found.usual == {}


def test_earlier_runs_say_what_is_usual_also_those_that_failed_later(
    outlooks: Outlooks, kept: KeptRuns
) -> None:
    for number, state in enumerate((RunState.SUCCEEDED, RunState.FAILED, RunState.SUCCEEDED)):
        kept.keep(past(number, 300, state))
    found = seen(outlooks, kept.keep(begun(9)))
    assert found.usual["1.1"].middle == pytest.approx(300)
    assert found.left is not None
    assert found.left.middle == pytest.approx(400, rel=0.15)  # as long as whole runs took


def test_a_run_is_seen_by_what_was_known_when_it_began(outlooks: Outlooks, kept: KeptRuns) -> None:
    kept.keep(past(1, 300))
    of_old = kept.keep(past(2, 30))
    kept.keep(past(3, 3_000))
    assert seen(outlooks, of_old).usual["1.1"].middle == pytest.approx(300)


def test_looking_again_reads_no_run_again(outlooks: Outlooks, kept: KeptRuns) -> None:
    for number in range(LOOKS_BACK + 5):
        kept.keep(past(number, 300))
    of_now = kept.keep(begun(90))
    for _ in range(3):
        seen(outlooks, of_now)
    assert sorted(kept.loaded) == sorted(f"run-{number}" for number in range(5, LOOKS_BACK + 5))
    kept.loaded.clear()
    kept.keep(past(91, 300))
    seen(outlooks, kept.keep(begun(92)))
    assert kept.loaded == ["run-91"]


def test_a_run_that_was_resumed_is_read_anew(outlooks: Outlooks, kept: KeptRuns) -> None:
    failed = kept.keep(past(1, 300, RunState.FAILED))
    of_now = kept.keep(begun(9))
    seen(outlooks, of_now)
    kept.keep(RunTree(replace(failed.run, revision=7), failed.steps.values()))
    seen(outlooks, of_now)
    assert kept.loaded == ["run-1", "run-1"]


def test_sizes_are_those_of_the_packages_documents(tmp_path: Path) -> None:
    made = package()
    payloads = FilePayloads(tmp_path)
    payloads.put_documents(made.name, made.documents)
    size = StepSizes(payloads).of(replace(new_run("run-1"), update=made.name))
    content = sum(map(len, CONTENT.values()))
    assert size(step(kind="download")) == sum(map(len, made.volumes.values()))
    assert size(step(kind="unpack")) == content
    assert size(step(kind="copy", args={"from": "."})) == content
    assert size(step(kind="copy", args={"from": "etc/"})) == len(CONTENT["etc/star.conf"])
    assert size(step(kind="copy", args={"from": "bin/star"})) == len(CONTENT["bin/star"])
    assert size(step(kind="command")) is None


def test_without_documents_there_are_no_sizes(tmp_path: Path) -> None:
    assert StepSizes(FilePayloads(tmp_path)).of(new_run("run-1"))(step(kind="unpack")) is None


def test_a_rehearsal_tells_what_was_timed_here_before_what_the_plan_says(
    outlooks: Outlooks, kept: KeptRuns
) -> None:
    ahead = RunTree(replace(new_run("rehearsal"), created=T0 + timedelta(days=9)), begun(9).steps.values())

    def rehearsed() -> RehearsalView:
        return rehearsal_view(ahead, {}, (), "", outlooks.ahead(ahead, ahead.run.created))

    unknown = rehearsed()
    assert (unknown.expected, unknown.usual, unknown.steps[0].steps[0].usual) == (10, None, None)
    for number in range(1, 4):
        kept.keep(past(number, 300))
    known = rehearsed()
    assert known.expected == 10, "as the plan says"
    assert known.usual is not None
    assert known.usual.least < 400 < known.usual.most, "as long as whole runs took"
    leaf = known.steps[0].steps[0].usual
    assert leaf is not None
    assert leaf.least < 300 < leaf.most
