"""How long a step usually takes here: from earlier runs on this system, before that from the package.

Times are compared as logarithms: half as long and twice as long are equally far. A step's time is made up of
what is usual for the step, how its node differs from the others, how its size differs, and chance. Each part
is estimated from the times that bear on it, newer runs counting more than older ones, and is drawn towards
what holds in general as far as it is doubtful (normal priors; the deviations are the constants below). What
is wild counts by a bound, so that one hung disk does not become the custom.

A step that was never timed here takes what its package says, stretched as the figures of other steps have
turned out to err; without a figure, what other steps of its kind take.

Why: docs/decisions/0016-time-left.md. Measured by ``make bench-time-left``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, hypot, log, sqrt
from typing import Final, TypeVar

from pitstop.model.runs import Step
from pitstop.policy.likely import Likely, around
from pitstop.policy.robust import Weighed, bounded, centre, quantile, scale

HALF_LIFE = 4.0
"""So many runs back a time counts half as much as the newest: systems drift."""

CHANCE = 0.2
"""Deviation of one step's time on one node, from run to run, before it is known."""

NODES_DIFFER = 0.25
"""Deviation of a node from the middle of all."""

RUNS_DIFFER = 0.15
"""Deviation of a run as a whole, such as by the load of the day."""

PACKAGE_ERRS = 0.7
"""Deviation of a package's figures from the truth here: half or twice as much is common."""

FIGURES_DIFFER = 0.5
"""Deviation of one figure from how the package's figures err in general."""

NEVER_SAID = 1.0
"""Deviation of a step of which nobody has said anything."""

SIZE_COUNTS, SIZE_DOUBT = 0.7, 0.3
"""A step of twice the bytes takes ``2 ** SIZE_COUNTS`` times as long, before that is known; its deviation."""

FREE_BYTES = 32 << 20
"""Bytes that take no longer than the step takes anyhow: below, a size makes no difference."""

DEFAULT_SECONDS: Final = 2.0

_PRIOR_TIMES = 3.0
"""The prior of chance is worth so many times."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class StepOf:
    """What a step is, in whichever run and on whichever node."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A step of which is asked how long it takes. ``size``: the bytes that it is about; ``expected``: the
    package's seconds; None: not known."""

    of: StepOf
    node: str | None = None
    size: int | None = None
    expected: float | None = None


def weight_of(runs_ago: int) -> float:
    """What was seen so many runs ago counts so much; 1: in the newest."""
    return float(0.5 ** ((runs_ago - 1) / HALF_LIFE))


@dataclass(frozen=True, slots=True)
class Timed:
    """A step that came to a good end by itself, in so many seconds, so many runs ago (1: in the newest)."""

    asked: Asked
    seconds: float
    runs_ago: int = 1

    @property
    def weight(self) -> float:
        return weight_of(self.runs_ago)

    @property
    def log(self) -> float:
        return log(max(self.seconds, 0.001))


@dataclass(frozen=True, slots=True)
class Usual:
    """A step's usual time, as a logarithm.

    Attributes:
        middle: of its seconds.
        doubt: deviation of ``middle`` from the truth.
        chance: deviation of one time from the truth.
        measured: it was timed on this system.
        said: it was not, and the package has a figure.
    """

    middle: float
    doubt: float
    chance: float
    measured: bool = False
    said: bool = False

    @property
    def likely(self) -> Likely:
        return self.shifted(0.0, self.doubt)

    def shifted(self, by: float, doubt: float) -> Likely:
        """As a run has shown it to be so far."""
        return around(exp(self.middle + by), hypot(doubt, self.chance))


@dataclass(frozen=True, slots=True)
class _Learned:
    """What earlier times say of one step."""

    middle: float
    doubt: float
    chance: float
    by_node: Mapping[str | None, tuple[float, float]]
    growth: _Growth

    def of(self, asked: Asked) -> Usual:
        shift, unsure = self.by_node.get(asked.node, (0.0, NODES_DIFFER if asked.node else 0.0))
        larger = self.growth.larger(asked)
        doubt = sqrt(self.doubt**2 + unsure**2 + (larger * self.growth.doubt) ** 2)
        return Usual(self.middle + shift + self.growth.slope * larger, doubt, self.chance, measured=True)


@dataclass(frozen=True, slots=True)
class _Growth:
    """How a step's time grows with its size: from the log of its usual size on, and as far as it is known."""

    usual: float | None = None
    slope: float = 0.0
    doubt: float = 0.0

    def larger(self, asked: Asked) -> float:
        """By so much the logarithm of its size is greater than usual."""
        return 0.0 if self.usual is None or asked.size is None else _log_size(asked.size) - self.usual


@dataclass(slots=True)
class StepTimes:
    """The usual times of one system's steps.

    Args:
        timed: from earlier runs.
        unsaid: seconds for a step of which nobody has said anything.
    """

    timed: Sequence[Timed] = ()
    unsaid: float = DEFAULT_SECONDS
    _learned: dict[StepOf, _Learned] = field(default_factory=dict)
    _figures: dict[str | None, Usual] = field(default_factory=dict)
    _kinds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for of, times in _grouped((item.asked.of, item) for item in self.timed).items():
            self._learned[of] = _learn(times)
        self._figures = _figures_of(self._learned, self.timed)
        for kind, middles in _grouped(
            (of.kind, (it.middle, 1.0)) for of, it in self._learned.items()
        ).items():
            self._kinds[kind] = quantile(middles, 0.5)

    def of(self, asked: Asked) -> Usual:
        learned = self._learned.get(asked.of)
        if learned is not None:
            return learned.of(asked)
        if asked.expected:
            err = self._figures.get(asked.of.kind) or self._figures[None]
            return Usual(log(asked.expected) + err.middle, err.doubt, CHANCE, said=True)
        return Usual(self._kinds.get(asked.of.kind, log(self.unsaid)), NEVER_SAID, CHANCE)


def asked_of(leaf: Step, size: int | None = None) -> Asked:
    """A leaf of a run's tree. Its name without its node is what it is called on every node."""
    name = leaf.name
    if leaf.node:
        name = name.removesuffix(f" on {leaf.node}").removesuffix(f": {leaf.node}")
    expected = leaf.expected.total_seconds() if leaf.expected else None
    return Asked(StepOf(leaf.kind or "", name), leaf.node, size, expected)


def _learn(times: Sequence[Timed]) -> _Learned:
    """All of these are of one step."""
    growth = _growth(times)
    values = [(item.log - growth.slope * growth.larger(item.asked), item.weight) for item in times]
    middle = centre(values, _drawn(scale(values, quantile(values, 0.5)), len(values)))
    nodes = _grouped(
        (item.asked.node, (value - middle, weight))
        for item, (value, weight) in zip(times, values, strict=True)
    )
    first = {node: _node_shift(node, own, CHANCE)[0] for node, own in nodes.items()}
    left = [(value - first[node], weight) for node, own in nodes.items() for value, weight in own]
    chance = _drawn(scale(left, 0.0), len(left))
    by_node = {node: _node_shift(node, own, chance) for node, own in nodes.items()}
    return _Learned(middle, _doubt(times, chance), chance, by_node, growth)


def _doubt(times: Sequence[Timed], chance: float) -> float:
    """Of the middle of these times: by how many there are, and of how many runs."""
    runs = {item.runs_ago: item.weight for item in times}
    return sqrt(RUNS_DIFFER**2 / sum(runs.values()) + chance**2 / sum(item.weight for item in times))


def _node_shift(node: str | None, own: Sequence[Weighed], chance: float) -> tuple[float, float]:
    """How a node differs from the middle, and the doubt of that. The service has none to differ from."""
    if node is None:
        return 0.0, 0.0
    weight = sum(each for _, each in own)
    mean = sum(each * bounded(value, hypot(NODES_DIFFER, chance)) for value, each in own) / weight
    unsure = chance**2 / weight
    believed = NODES_DIFFER**2 / (NODES_DIFFER**2 + unsure)
    return believed * mean, sqrt(believed * unsure)


def _growth(times: Sequence[Timed]) -> _Growth:
    """A line through the middle of each run and size, drawn towards the usual slope (ridge regression)."""
    points = _grouped(
        ((item.runs_ago, _log_size(item.asked.size)), (item.log, item.weight))
        for item in times
        if item.asked.size is not None
    )
    if not points:
        return _Growth()
    placed = [(size, quantile(own, 0.5), own[0][1]) for (_, size), own in points.items()]
    whole = sum(weight for _, _, weight in placed)
    x0 = sum(weight * x for x, _, weight in placed) / whole
    y0 = sum(weight * y for _, y, weight in placed) / whole
    noise = RUNS_DIFFER**2 + CHANCE**2
    known = sum(weight * (x - x0) ** 2 for x, _, weight in placed) / noise
    seen = sum(weight * (x - x0) * (y - y0) for x, y, weight in placed) / noise
    prior = 1 / SIZE_DOUBT**2
    slope = (prior * SIZE_COUNTS + seen) / (prior + known)
    return _Growth(x0, max(0.0, min(1.0, slope)), 1 / sqrt(prior + known))


def _log_size(size: int | None) -> float:
    return log(FREE_BYTES + (size or 0))


def _drawn(seen: float, times: int) -> float:
    """A deviation that was seen, drawn towards what is usual."""
    return sqrt((_PRIOR_TIMES * CHANCE**2 + times * seen**2) / (_PRIOR_TIMES + times))


def _figures_of(learned: Mapping[StepOf, _Learned], timed: Sequence[Timed]) -> dict[str | None, Usual]:
    """How the package's figures have turned out to err here: by kind, and (None) altogether."""
    newest = {item.asked.of: item for item in sorted(timed, key=lambda item: -item.runs_ago)}
    erred = [
        (of.kind, (learned[of].of(item.asked).middle - log(item.asked.expected), 1.0))
        for of, item in newest.items()
        if item.asked.expected
    ]
    found: dict[str | None, Usual] = {None: _erring([value for _, value in erred], Usual(0, PACKAGE_ERRS, 0))}
    for kind, values in _grouped(erred).items():
        found[kind] = _erring(values, found[None])
    return found


def _erring(values: Sequence[Weighed], general: Usual) -> Usual:
    if not values:
        return general
    seen = centre(values, FIGURES_DIFFER)
    believed = general.doubt**2 / (general.doubt**2 + FIGURES_DIFFER**2 / len(values))
    return Usual(general.middle + believed * (seen - general.middle), FIGURES_DIFFER, 0.0)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
