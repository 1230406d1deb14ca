"""Runs through any order of beginning, driving, failing, asking, taking over: what must hold does.

The driver and the step kinds are real; journal, nodes and clock are simulated. Each operation ends at once
and what it did stays: only the worker is disturbed, so that nothing at all may be done twice.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.bench import EARLY, RELEASE, Bench, named, step
from pitstop.model.errors import Conflict, InvalidMove
from pitstop.model.expansion import changed, expand, group, leaf, numbered
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep
from pitstop.model.run_events import AbortRequested, CancelRequested, RunRequest, StopRequested
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import DRIVEN, ENDED, OCCUPYING, Phase, Run, RunPurpose, RunState, Step, StepStatus
from pitstop.model.updates import ACTIONS, UpdateState, Verb
from pitstop.ports.nodes import Answer
from pitstop.steps.composition import with_way_back
from simulators.nodes import Call

DRAIN = Drain(("ctl", "out"), ("ctl", "back"), ("ctl", "is-out"))
MAY_BEGIN = next(action.states for action in ACTIONS if action.verb is Verb.APPLY)
ASKED: dict[str, Callable[..., RunRequest]] = {
    "stop": StopRequested,
    "abort": AbortRequested,
    "cancel": CancelRequested,
}
UNDER_WAY: dict[Phase | None, AbstractSet[UpdateState]] = {
    None: MAY_BEGIN,  # as it was before: nothing was touched yet
    Phase.DOWNLOAD: {UpdateState.DOWNLOADING},
    Phase.PREPARE: {UpdateState.PREPARING},
    Phase.HEALTH_CHECK: {UpdateState.HEALTH_CHECKING},
    Phase.INSTALL: {UpdateState.INSTALLING},
}
FAILED = {
    Phase.DOWNLOAD: {UpdateState.DOWNLOAD_FAILED},
    Phase.PREPARE: {UpdateState.PREPARATION_FAILED},
    Phase.HEALTH_CHECK: {UpdateState.HEALTH_CHECK_FAILED},
    Phase.INSTALL: {UpdateState.INSTALLATION_FAILED},
}
GIVEN_UP = {UpdateState.READY, UpdateState.READY_TO_INSTALL}


def both_ways(name: str, role: str | None = None) -> PlanStep:
    return replace(step(name, role=role), undo=(step(f"un-{name}"),))


PLAN = Plan(
    "states",
    (
        both_ways("before", role="host"),
        PlanGroup(
            "roll",
            GroupMode.ROLLING,
            (
                both_ways("one"),
                PlanGroup("pair", GroupMode.PARALLEL, (both_ways("left"), both_ways("right"))),
            ),
            role="host",
            may_fail=1,
            drain=DRAIN,
            verify=(both_ways("verified"),),
        ),
        both_ways("after", role="first"),
    ),
)
NAMES = ("before", "one", "left", "right", "verified", "after")
FAILING = st.sets(
    st.sampled_from(
        [
            *((phase.value, "n1") for phase in EARLY),
            *((name, node) for name in ("before", "one", "left") for node in ("n1", "n2", "n3")),
            ("after", "n1"),
            *((f"un-{name}", node) for name in ("one", "before") for node in ("n1", "n2")),
        ]
    ),
    max_size=2,
)


@dataclass
class Doing:
    """What the nodes do, and have done."""

    failing: set[tuple[str, str]] = field(default_factory=set)
    drained: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    again: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    countdown: int = -1
    then: Callable[[], None] = lambda: None

    def does(self, call: Call) -> Answer:
        if call.operation is None:
            return Answer(0 if call.node in self.drained else 1, "")
        place = call.operation.rpartition("-")[0]
        if place in self.done:
            self.again.append(f"{named(call)}@{call.node}, {call.operation}")
        answer = self._done(call)
        if answer.status == 0:
            self.done.add(place)
            run = call.operation.partition("-")[0]
            self.ended[f"{run} {named(call)}@{call.node}"] += 1
        self.countdown -= 1
        if self.countdown == 0:
            self.then()
        return answer

    def _done(self, call: Call) -> Answer:
        if "pitstop: was_out=" in call.script:
            self.drained.add(call.node)
            self.noted.add(call.node)
            return Answer(0, "pitstop: was_out=no\n")
        if "this run has not taken" in call.script:
            if "was=no\n" in call.script or call.node in self.noted:
                self.drained.discard(call.node)
                self.noted.discard(call.node)
            return Answer(0, "")
        failing = (named(call), call.node) in self.failing
        return Answer(1 if failing else 0, "no" if failing else "done")


class Runs(RuleBasedStateMachine):
    """Updates and runs, with everything that operators and bad luck can do to them."""

    @initialize()
    def system(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="states-")
        self.bench = Bench(Path(self.folder.name), (), nodes=3)
        self.bench.journal = type(self.bench.journal)([RELEASE])
        self.nodes = Doing()
        self.bench.simulated.does = self.nodes.does
        self.count = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    # --- what is done ------------------------------------------------------------------------------------

    @rule()
    def begin(self) -> None:
        occupied = any(run.state in OCCUPYING for run in self.runs())
        if self.update not in MAY_BEGIN and not occupied:
            return  # not open: the service refuses it
        name = f"run{self.count + 1}"
        run = Run(
            name,
            RELEASE.name,
            RELEASE.id,
            RunPurpose.APPLY,
            RunState.IN_PROGRESS,
            self.bench.clock.now(),
            "op",
        )
        if occupied:
            with pytest.raises(Conflict):
                self.bench.journal.create(run, self._steps(), expected=self.update)
        else:
            self.bench.journal.create(run, self._steps(), expected=self.update)
            self.count += 1

    def _steps(self) -> tuple[Step, ...]:
        early = [leaf(step(phase), "n1", phase=phase) for phase in EARLY]
        install = group("Install", expand(PLAN, self.bench.system), phase=Phase.INSTALL)
        return tuple(numbered([*early, changed(install, with_way_back)]))

    @precondition(lambda self: self.count)
    @rule(
        failing=FAILING,
        after=st.integers(0, 45),
        happens=st.sampled_from(["kill", "overtake", *ASKED]),
        now=st.booleans(),
    )
    def drive(self, failing: set[tuple[str, str]], after: int, happens: str, now: bool) -> None:
        """Drive it on; after so many operations (0: never) something happens."""
        self.nodes.failing = failing
        self.nodes.countdown = after or -1
        before = len(self.nodes.done)
        ended = self.newest.state not in DRIVEN

        async def driven() -> None:
            task = asyncio.ensure_future(self.bench.driver("worker").drive(self.newest.id))
            self.nodes.then = lambda: self._happens(happens, now, task)
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

        asyncio.run(driven())
        self.nodes.countdown = -1
        if ended:
            assert len(self.nodes.done) == before, "a run that is not to be driven was driven"

    def _happens(self, what: str, now: bool, task: asyncio.Future[None]) -> None:
        if what == "kill":
            task.cancel()
        elif what == "overtake":
            self.bench.journal.take(self.newest.id, "other", self.bench.clock.now())
        else:
            self._ask(what, now)

    @precondition(lambda self: self.count)
    @rule(what=st.sampled_from(sorted(ASKED)), now=st.booleans())
    def ask(self, what: str, now: bool) -> None:
        self._ask(what, now)

    def _ask(self, what: str, now: bool) -> None:
        run = self.newest
        try:
            after = self.bench.journal.request(run.id, ASKED[what](self.bench.clock.now(), "op", now=now))
        except InvalidMove:
            over = run.state in ENDED or self.starts_over
            assert what != "cancel" or over, f"cancel is refused while the run is {run.state}"
        else:
            assert run.state not in ENDED, f"{what} was taken by a run that is {run.state}"
            assert after.state in DRIVEN

    @property
    def starts_over(self) -> bool:
        """A preparation that has failed begins anew, in a new run: there is nothing to go on with or end."""
        return self.newest.state is RunState.FAILED and self.bench.state() is UpdateState.PREPARATION_FAILED

    @precondition(lambda self: self.count)
    @rule()
    def resume(self) -> None:
        run = self.newest
        may = run.state in {RunState.FAILED, RunState.STOPPED, RunState.UNDO_FAILED} and not self.starts_over
        if may:
            self.bench.journal.resume(run.id, "op", self.bench.clock.now())
            assert self.newest.state in DRIVEN
        else:
            with pytest.raises(InvalidMove):
                self.bench.journal.resume(run.id, "op", self.bench.clock.now())

    # --- what always holds -------------------------------------------------------------------------------

    @invariant()
    def nothing_finished_is_begun_again(self) -> None:
        assert self.nodes.again == []

    @invariant()
    def one_run_at_a_time(self) -> None:
        assert sum(run.state in OCCUPYING for run in self.runs()) <= 1

    @invariant()
    def run_and_update_agree(self) -> None:
        if not self.count:
            return
        run = self.newest
        expected: AbstractSet[UpdateState]
        if run.state is RunState.SUCCEEDED:
            expected = {UpdateState.INSTALLED}
        elif run.state in ENDED and run.phase is not None:
            expected = GIVEN_UP
        elif run.state in {RunState.FAILED, RunState.UNDO_FAILED} and run.phase is not None:
            expected = FAILED[run.phase]
        else:
            expected = UNDER_WAY[run.phase]
        assert self.update in expected, f"the run is {run.state} in {run.phase}, the update {self.update}"

    @invariant()
    def what_ended_is_whole(self) -> None:
        if not self.count or self.newest.state not in ENDED:
            return
        tree = self.bench.journal.load(self.newest.id)
        assert self.nodes.drained == set(), f"{tree.run.state}, and {self.nodes.drained} left drained"
        if tree.run.state is RunState.SUCCEEDED:
            assert all(leaf.status is StepStatus.SUCCEEDED for leaf in tree.leaves())
        elif tree.run.state is RunState.ABORTED:
            self._all_was_taken_back(tree)

    def _all_was_taken_back(self, tree: RunTree) -> None:
        for done in tree.leaves():
            name, _, _ = done.name.partition(":")
            name = name.partition(" on ")[0]
            if name in NAMES and done.undoes is None:
                times = self.nodes.ended[f"{tree.run.id} un-{name}@{done.node}"]
                assert times == (done.attempt > 0), f"{name} on {done.node} was taken back {times} times"

    # --- asked -------------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        return list(self.bench.journal.runs())

    @property
    def newest(self) -> Run:
        return self.runs()[0]

    @property
    def update(self) -> UpdateState:
        return self.bench.state()


TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=40,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
