"""Histories of runs on systems that there are not: drifting, heavy-tailed, with slow nodes and changing load.

``history(seed)`` is one system with so many runs, one after the other, each over a real tree of steps
(:func:`pitstop.steps.composition.compose`). The same seed gives the same history. What a step takes is a
product; in brackets the deviations of its log-normal factors:

- its **own time**, between 4 s and 5 min; the package's figure errs (0.6); drains and what the
  service does by itself have none;
- its **node** (0.15); one node in eight is 1.4 to 2.5 times slower;
- its **size** (download, unpack, copy): a fifth is fixed, the rest grows with the bytes, which differ from
  run to run (0.6);
- **drift**: the whole system walks (0.06 a run, and a trend of -2 to +4 % a run), and so does each step
  (0.05); one step in thirty changes for good from a run to the next (0.7);
- **load**: of the run as a whole (0.12), and from a moment within the run on another one (0.15);
- **chance** (0.12), with Student's tail of three degrees of freedom, and once in a hundred steps a
  hang: three to twenty times as long, by Pareto's law (1.2).

Between two steps pass 0.2 to 1.5 s of the engine's own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import exp, log, sqrt

from pitstop.model.packages import Volume
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep
from pitstop.model.releases import ReleaseId
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Run, RunPurpose, RunState, Step, StepStatus
from pitstop.model.system import Node, SystemDescription
from pitstop.model.versions import Version
from pitstop.steps.composition import Part, compose
from tools.plain_package import plain_metadata

START = datetime(2024, 1, 9, 22, tzinfo=UTC)
MONTH = timedelta(days=30)
SIZED = ("download", "unpack", "copy")
TYPICAL_BYTES = 400_000_000

SIZE_SPREAD, FIXED_SHARE = 0.6, 0.2
PACKAGE_ERRS = 0.6
NODE_SPREAD, SLOW_NODES, SLOWER = 0.15, 1 / 8, (1.4, 2.5)
SYSTEM_WALK, TREND, STEP_WALK = 0.06, (-0.02, 0.04), 0.05
STEP_CHANGES, CHANGE_SPREAD = 1 / 30, 0.7
RUN_LOAD, LOAD_CHANGE = 0.12, 0.15
CHANCE, DEGREES = 0.12, 3
HANGS, HANG_LEAST, HANG_MOST, PARETO = 1 / 100, 3.0, 20.0, 1.2
GAP = (0.2, 1.5)

_COMMAND = {"run": ["true"]}
_STEPS: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("Stop the service", "service", {"name": "gen", "state": "stopped"}),
    ("Replace files", "copy", {"from": ".", "to": "/opt"}),
    ("Migrate settings", "command", _COMMAND),
    ("Restart", "command", _COMMAND),
    ("Start the service", "service", {"name": "gen", "state": "started"}),
)
_VERIFY = "Answers as healthy"


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run from its beginning to its end, and the bytes of its package."""

    tree: RunTree
    size: int

    @property
    def seconds(self) -> float:
        return ((self.tree.run.ended or self.tree.run.created) - self.tree.run.created).total_seconds()


class _System:
    """One system as it is at a moment; ``age`` takes it to its next run."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.nodes = tuple(f"n{number}" for number in range(1, dice.randint(4, 16) + 1))
        self.batch = dice.choice((1, 1, 2, 4))
        self.node = {name: self._of_node() for name in self.nodes}
        self.trend = dice.uniform(*TREND)
        self.whole = 0.0
        self.steps: dict[str, float] = {}
        self.figures: dict[str, float] = {}

    def _of_node(self) -> float:
        slow = log(self.dice.uniform(*SLOWER)) if self.dice.random() < SLOW_NODES else 0.0
        return self.dice.gauss(0, NODE_SPREAD) + slow

    def own(self, name: str) -> float:
        """The step's own time, as a logarithm."""
        if name not in self.steps:
            self.steps[name] = self.dice.uniform(log(4), log(300))
            self.figures[name] = exp(self.steps[name] + self.dice.gauss(0, PACKAGE_ERRS))
        return self.steps[name]

    def figure(self, name: str) -> timedelta:
        self.own(name)
        return timedelta(seconds=max(1, round(self.figures[name])))

    def age(self) -> None:
        self.whole += self.dice.gauss(self.trend, SYSTEM_WALK)
        for name in self.steps:
            self.steps[name] += self.dice.gauss(0, STEP_WALK)
            if self.dice.random() < STEP_CHANGES:
                self.steps[name] += self.dice.gauss(0, CHANGE_SPREAD)

    def chance(self) -> float:
        tail = self.dice.gauss(0, 1) / sqrt(self.dice.gammavariate(DEGREES / 2, 2 / DEGREES))
        hang = min(HANG_MOST, HANG_LEAST * self.dice.paretovariate(PARETO))
        return CHANCE * tail + (log(hang) if self.dice.random() < HANGS else 0.0)


def history(seed: int, runs: int = 8) -> Iterator[PastRun]:
    """The runs of one system, oldest first."""
    system = _System(random.Random(seed))  # noqa: S311 - no secret
    for number in range(runs):
        yield _run(system, number)
        system.age()


def plan_of(figure: Callable[[str], timedelta | None], batch: int) -> Plan:
    steps = tuple(PlanStep(name, kind, args=args, expected=figure(name)) for name, kind, args in _STEPS)
    drain = Drain(("out",), ("back",), ("is-out",))
    probe = {"run": ["true"], "within": "PT10S"}
    verify = (PlanStep(_VERIFY, "probe", args=probe, expected=figure(_VERIFY)),)
    backup = PlanStep("Keep", "command", args=_COMMAND, role="*", expected=figure("Keep"))
    roll = PlanGroup("All nodes", GroupMode.ROLLING, steps, role="*", batch=batch, drain=drain, verify=verify)
    return Plan("Install", (backup, roll))


def _run(system: _System, number: int) -> PastRun:
    size = round(TYPICAL_BYTES * exp(system.dice.gauss(0, SIZE_SPREAD)))
    nodes = tuple(Node(name, "127.0.0.1", roles=("host",)) for name in system.nodes)
    steps = compose(
        RunPurpose.APPLY,
        Part(
            plain_metadata("Gen", f"1.{number}", Volume("Gen.zip", size, "")),
            plan_of(system.figure, system.batch),
        ),
        SystemDescription("Generated", "generated", "", "", nodes),
    )
    run = Run(
        id=f"run-{number}",
        update=f"Gen1.{number}",
        release=ReleaseId("gen", "gen", Version.parse(f"1.{number}")),
        purpose=RunPurpose.APPLY,
        state=RunState.SUCCEEDED,
        created=START + number * MONTH,
        requested_by="bench",
    )
    return PastRun(_Played(system, RunTree(run, steps), size / TYPICAL_BYTES).tree, size)


class _Played:
    """A run as it goes by: the tree in the end, each leaf with its times."""

    def __init__(self, system: _System, tree: RunTree, size: float) -> None:
        self.system, self.size = system, size
        self.load = system.dice.gauss(0, RUN_LOAD)
        self.changes_after = timedelta(seconds=system.dice.uniform(0, 3600))
        self.then = system.dice.gauss(0, LOAD_CHANGE)
        self.began = tree.run.created
        self.done: dict[str, Step] = {}
        ended = self._sequence(tree, tree.children(), self.began)
        steps = [self.done.get(index, step) for index, step in tree.steps.items()]
        self.tree = RunTree(replace(tree.run, ended=ended), steps)

    def _place(self, tree: RunTree, place: Step, at: datetime) -> datetime:
        if place.is_leaf:
            return self._leaf(place, at)
        inner = tree.children(place.index)
        if place.mode is GroupMode.PARALLEL:
            return max((self._place(tree, child, at) for child in inner), default=at)
        return self._sequence(tree, inner, at)

    def _sequence(self, tree: RunTree, places: list[Step], at: datetime) -> datetime:
        for place in places:
            at = self._place(tree, place, at)
        return at

    def _leaf(self, leaf: Step, at: datetime) -> datetime:
        started = at + timedelta(seconds=self.system.dice.uniform(*GAP))
        ended = started + timedelta(seconds=self._seconds(leaf, started))
        self.done[leaf.index] = replace(
            leaf, status=StepStatus.SUCCEEDED, attempt=1, started=started, ended=ended
        )
        return ended

    def _seconds(self, leaf: Step, at: datetime) -> float:
        system = self.system
        own = system.own(leaf.name.removesuffix(f" on {leaf.node}").removesuffix(f": {leaf.node}"))
        load = self.load + (self.then if at - self.began > self.changes_after else 0.0)
        sized = FIXED_SHARE + (1 - FIXED_SHARE) * self.size if leaf.kind in SIZED else 1.0
        node = system.node.get(leaf.node or "", 0.0)
        return sized * exp(own + node + system.whole + load + system.chance())


def as_of(tree: RunTree, at: datetime) -> RunTree:
    """The run as it stood at that moment."""
    run = replace(tree.run, state=RunState.IN_PROGRESS, ended=None)
    return RunTree(run, (_step_as_of(step, at) for step in tree.steps.values()))


def _step_as_of(step: Step, at: datetime) -> Step:
    if step.started is None or step.started > at:
        return replace(step, status=StepStatus.PENDING, attempt=0, started=None, ended=None)
    if step.ended is None or step.ended > at:
        return replace(step, status=StepStatus.IN_PROGRESS, ended=None)
    return step
