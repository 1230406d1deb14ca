"""How runs stand against what is usual here: the system's own history, read once and kept.

The last runs that have ended are read, each once; what was learned from them is kept until another has ended.
So looking at a run costs its own tree and the heads of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from pitstop.model.run_tree import RunTree
from pitstop.model.runs import OCCUPYING, Run, RunState
from pitstop.policy.step_times import StepTimes, Timed, asked_of
from pitstop.policy.time_left import (
    AskOf,
    Earlier,
    Factor,
    Outlook,
    SaidOf,
    is_timed,
    laying_of,
    outlook,
    seconds_of,
)
from pitstop.ports.journal import Journal
from pitstop.ports.records import Runs
from pitstop.service.step_sizes import StepSizes

LOOKS_BACK = 12
"""So many runs are learned from: an older one would count an eighth of the newest, or less."""

_KEPT_LESSONS = 2
"""Of the newest run, and of one that is looked at again."""

Seen = tuple[str, int]
"""A run by its id and revision: the same for ever."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    times: StepTimes
    laying: Factor


@dataclass(slots=True)
class Outlooks:
    """May be asked from several threads."""

    runs: Runs
    journal: Journal
    sizes: StepSizes
    _trees: dict[Seen, RunTree] = field(default_factory=dict)
    _lessons: dict[tuple[Seen, ...], _Lesson] = field(default_factory=dict)
    _reading: Lock = field(default_factory=Lock)

    def of(self, tree: RunTree, now: datetime, said: SaidOf) -> Outlook:
        """How the run stands, by what was known when it began. ``said``: what its steps say by themselves."""
        return self._seen(tree, self._before(tree.run), now, said)

    def ahead(self, tree: RunTree, now: datetime) -> Outlook:
        """How the run would stand that began now."""
        return self._seen(tree, self._ended(self.runs.runs(limit=LOOKS_BACK + 1)), now, lambda _index: None)

    def _seen(self, tree: RunTree, past: Sequence[Run], now: datetime, said: SaidOf) -> Outlook:
        lesson = self._lesson(past)
        return outlook(tree, lesson.times, self._ask(tree.run), now, laying=lesson.laying, said=said)

    def _before(self, run: Run) -> Sequence[Run]:
        """The last runs that had ended when this one began; newest first."""
        return self._ended(self.runs.runs(limit=LOOKS_BACK + 1, before=run.id))

    def _ended(self, runs: Sequence[Run]) -> Sequence[Run]:
        return [run for run in runs if run.state not in OCCUPYING][:LOOKS_BACK]

    def _lesson(self, past: Sequence[Run]) -> _Lesson:
        key = tuple((run.id, run.revision) for run in past)
        with self._reading:
            if key not in self._lessons:
                while len(self._lessons) >= _KEPT_LESSONS:
                    del self._lessons[next(iter(self._lessons))]
                self._lessons[key] = self._learn(key)
            return self._lessons[key]

    def _learn(self, past: tuple[Seen, ...]) -> _Lesson:
        self._trees = {seen: self._trees.get(seen) or self._read(seen) for seen in past}
        aged = [(ago, tree, self._ask(tree.run)) for ago, tree in enumerate(self._trees.values(), start=1)]
        times = StepTimes(
            [
                Timed(ask(leaf), seconds_of(leaf), ago)
                for ago, tree, ask in aged
                for leaf in tree.leaves()
                if is_timed(leaf)
            ]
        )
        through = (
            Earlier(tree, (tree.run.ended - tree.run.created).total_seconds(), ago, ask)
            for ago, tree, ask in aged
            if tree.run.state is RunState.SUCCEEDED and tree.run.attempt == 1 and tree.run.ended
        )
        return _Lesson(times, laying_of(through, times))

    def _read(self, seen: Seen) -> RunTree:
        tree = self.journal.load(seen[0])
        return RunTree(tree.run, (replace(step, output="", record={}) for step in tree.steps.values()))

    def _ask(self, run: Run) -> AskOf:
        size = self.sizes.of(run)
        return lambda leaf: asked_of(leaf, size(leaf))
