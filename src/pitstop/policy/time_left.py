"""How far a run has come and how long it may still take, with a range; and which of its steps are late.

What is left of the steps is laid along the tree: sequences add up, parallel places take as long as the
longest. What this run has shown so far corrects what is usual: its pace as a whole, and that of each step
that was done on other nodes already; both as far as they are known. Last comes what whole runs have taken
here by what was laid for them: the pauses between steps, and the wild times that no step is expected to take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, hypot, log, sqrt

from pitstop.model.plans import GroupMode
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import DRIVEN, RunState, Step, StepStatus, parent_of
from pitstop.policy.likely import NOTHING, Likely, around, at_once, in_sequence
from pitstop.policy.robust import bounded, centre
from pitstop.policy.step_times import (
    FIGURES_DIFFER,
    PACKAGE_ERRS,
    RUNS_DIFFER,
    Asked,
    StepOf,
    StepTimes,
    Usual,
    weight_of,
)
from pitstop.policy.still_done import still_done

LOW, HIGH = 0.1, 0.9
"""A range reaches from the one to the other: eight of ten lie in it."""

LATE = 0.99
"""Beyond this share of usual times a step is late."""

LATE_SECONDS = 5.0
"""And this much longer than usual at least."""

STEPS_DIFFER = 0.1
"""Deviation of one step's pace from that of its run."""

LAYING_ERRS = 0.3
"""Deviation of what whole runs take from what is laid for them, before any has ended."""

_NOT_ALL = 99.9

_BACKWARDS = frozenset({RunState.UNDOING, RunState.UNDO_FAILED, RunState.ABORTED})
"""What was done is taken back, or was."""

AskOf = Callable[[Step], Asked]
SaidOf = Callable[[str], float | None]
"""Seconds that a step says by itself that it still needs, such as a download; None: it says nothing."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor as a logarithm, and its deviation."""

    log: float = 0.0
    doubt: float = 0.0

    @property
    def likely(self) -> Likely:
        return around(exp(self.log), self.doubt)


UNTRIED = Factor(0.0, hypot(LAYING_ERRS, RUNS_DIFFER))


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier run that went through without a stop: its tree, what it took, how many runs ago, and what
    is asked of its steps."""

    tree: RunTree
    seconds: float
    runs_ago: int
    ask: AskOf


@dataclass(frozen=True, slots=True)
class Outlook:
    """A run as it stands.

    Attributes:
        percent: of what is to be done; of a run that is taken back, of that.
        left: until the run has ended, or stands still at a safe point. None where it goes nowhere.
        usual: by index, how long a place usually takes, where all of it was timed on this system before.
        late: indexes of the leaves in progress that take longer than usual.
    """

    percent: float
    left: Likely | None
    usual: Mapping[str, Likely]
    late: frozenset[str]


def outlook(
    tree: RunTree, times: StepTimes, ask: AskOf, now: datetime, *, laying: Factor = UNTRIED, said: SaidOf
) -> Outlook:
    """The whole of it. ``laying``: see :func:`laying_of`."""
    asked = {leaf.index: ask(leaf) for leaf in tree.leaves()}
    usual = {index: times.of(each) for index, each in asked.items()}
    likely = {index: item.likely for index, item in usual.items()}
    whole = laid(tree, likely)
    aim = [leaf for leaf in tree.leaves() if (leaf.undoes is not None) is (tree.run.state in _BACKWARDS)]
    all_of_it = {leaf.index: likely[leaf.index] for leaf in aim}
    undone = {leaf.index: _undone(leaf, likely[leaf.index], now) for leaf in aim}
    pace = RunPace(tree, usual, lambda leaf: asked.get(leaf.index) or ask(leaf))
    shared = Factor(laying.log, hypot(laying.doubt, pace.run.doubt)).likely

    def left_of(leaf: Step) -> Likely:
        expected = usual.get(leaf.index) or times.of(ask(leaf))  # what a cancel adds is of no tree yet
        return _left_of(leaf, pace.of(leaf, expected), now, said(leaf.index))

    return Outlook(
        percent=_percent(aim, laid(tree, all_of_it)[""], laid(tree, undone)[""]),
        left=_ahead(tree, left_of, shared),
        usual=_measured(usual, whole),
        late=frozenset(leaf.index for leaf in tree.leaves() if _is_late(tree, leaf, usual[leaf.index], now)),
    )


def _ahead(tree: RunTree, left_of: Callable[[Step], Likely], shared: Likely) -> Likely | None:
    ahead = still_done(tree)
    if ahead is None:
        return None
    whole, indexes = ahead
    left = {leaf.index: left_of(leaf) for leaf in whole.leaves() if leaf.index in indexes}
    return laid(whole, left)[""].times(shared)


def laying_of(earlier: Iterable[Earlier], times: StepTimes) -> Factor:
    """What whole runs take by what is laid for them, from these."""
    seen = []
    for run in earlier:
        likely = {leaf.index: times.of(run.ask(leaf)).likely for leaf in run.tree.leaves()}
        whole = laid(run.tree, likely)[""]
        if whole.mean > 0 and run.seconds > 0:
            seen.append((log(run.seconds / whole.middle), weight_of(run.runs_ago)))
    if not seen:
        return UNTRIED
    weight = sum(each for _, each in seen)
    shown = centre(seen, RUNS_DIFFER)
    unsure = RUNS_DIFFER**2 / weight
    believed = LAYING_ERRS**2 / (LAYING_ERRS**2 + unsure)
    return Factor(believed * shown, sqrt(believed * unsure + RUNS_DIFFER**2))


def laid(tree: RunTree, leaves: Mapping[str, Likely]) -> dict[str, Likely]:
    """By index of each place (``""``: the whole run), how long it takes when its leaves take so long, and
    those that are missing no time."""
    found: dict[str, Likely] = {}

    def lay(index: str, place: Step | None) -> Likely:
        if place is not None and place.is_leaf:
            found[index] = leaves.get(index, NOTHING)
        else:
            inner = [lay(child.index, child) for child in tree.children(index)]
            parallel = place is not None and place.mode is GroupMode.PARALLEL
            found[index] = at_once(inner, place.limit if place else None) if parallel else in_sequence(inner)
        return found[index]

    lay("", None)
    return found


def _percent(aim: Sequence[Step], whole: Likely, undone: Likely) -> float:
    """100 when all is done, and not before."""
    if all(leaf.status is StepStatus.SUCCEEDED for leaf in aim):
        return 100.0
    done = 1 - min(1.0, undone.mean / whole.mean) if whole.mean > 0 else 0.0
    return min(_NOT_ALL, 100.0 * done)


def _undone(leaf: Step, likely: Likely, now: datetime) -> Likely:
    """What is left of a leaf by the clock alone, so that a percentage never falls while it is done."""
    if leaf.status is StepStatus.SUCCEEDED:
        return NOTHING
    gone = _elapsed(leaf, now) / likely.mean if leaf.status is StepStatus.IN_PROGRESS else 0.0
    share = max(0.0, 1 - gone)
    return Likely(likely.mean * share, likely.deviation * share)


def _elapsed(leaf: Step, now: datetime) -> float:
    """Of its first try alone: of a further one only the first one's start is known."""
    if leaf.started is None or leaf.attempt > 1:
        return 0.0
    return max(0.0, (now - leaf.started).total_seconds())


def _measured(usual: Mapping[str, Usual], whole: Mapping[str, Likely]) -> dict[str, Likely]:
    """What is laid for the places below which nothing is guessed."""
    guessed = set[str]()
    for index, item in usual.items():
        place = index
        while not item.measured and place and place not in guessed:
            guessed.add(place)
            place = parent_of(place)
    return {index: likely for index, likely in whole.items() if index and index not in guessed}


def _is_late(tree: RunTree, leaf: Step, usual: Usual, now: datetime) -> bool:
    if tree.run.state not in DRIVEN or leaf.status is not StepStatus.IN_PROGRESS:
        return False
    elapsed, likely = _elapsed(leaf, now), usual.likely
    if not (usual.measured or usual.said):
        return False
    return elapsed > likely.within(LATE) and elapsed > likely.within(HIGH) + LATE_SECONDS


def _left_of(leaf: Step, likely: Likely, now: datetime, said: float | None) -> Likely:
    match leaf.status:
        case StepStatus.SUCCEEDED | StepStatus.FAILED:  # what has failed is not tried again before a resume
            return NOTHING
        case StepStatus.IN_PROGRESS:
            return likely.after(_elapsed(leaf, now)) if said is None else Likely(said, said / 4)
        case StepStatus.WAITING if leaf.waiting is not None:
            pause = min(leaf.waiting.until - now, leaf.retry.delay).total_seconds()
            return Likely(likely.mean + max(0.0, pause), likely.deviation)
        case _:
            return likely


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a run has shown of one step: how far its time lies from the usual, and the variances of that which
    is the step's own and of that which is chance."""

    off: float
    own: float
    chance: float

    @property
    def believed(self) -> float:
        """So much of the difference is the step's own."""
        return self.own / (self.own + self.chance)


class RunPace:
    """How much slower than usual a run goes: as a whole, and each of its steps.

    Steps that the service does by itself, such as a download, say nothing of the nodes. Steps for which there
    is a package's figure alone have a pace of their own: such figures err together.

    Attributes:
        run: of the steps that were timed on this system before.
        figures: of those for which there is the package's figure alone.
    """

    def __init__(self, tree: RunTree, usual: Mapping[str, Usual], ask: AskOf) -> None:
        self._ask = ask
        done: dict[StepOf, list[Step]] = {}
        for leaf in tree.leaves():
            if is_timed(leaf):
                done.setdefault(ask(leaf).of, []).append(leaf)
        self._shown = {of: _shown([(leaf, usual[leaf.index]) for leaf in own]) for of, own in done.items()}
        on_nodes = [
            (self._shown[of], usual[own[0].index]) for of, own in done.items() if own[0].node is not None
        ]
        self.run = _pace([shown for shown, it in on_nodes if it.measured], RUNS_DIFFER)
        self.figures = _pace([shown for shown, it in on_nodes if it.said], PACKAGE_ERRS)

    def of(self, leaf: Step, usual: Usual) -> Likely:
        """How long this leaf takes in this run."""
        pace = self.figures if usual.said else self.run
        general = pace.log if leaf.node is not None else 0.0
        shown = self._shown.get(self._ask(leaf).of)
        if shown is None:
            return usual.shifted(general, usual.doubt)
        off = general + shown.believed * (shown.off - general)
        return usual.shifted(off, sqrt(shown.believed * shown.chance))


def _shown(done: Sequence[tuple[Step, Usual]]) -> _Shown:
    """What these say, which are one step on several nodes."""
    usual = done[0][1]
    off = centre([(log(seconds_of(leaf)) - it.middle, 1.0) for leaf, it in done], usual.chance)
    own = FIGURES_DIFFER if usual.said else hypot(STEPS_DIFFER, usual.doubt)
    return _Shown(off, own**2, usual.chance**2 / len(done))


def _pace(shown: Sequence[_Shown], differs: float) -> Factor:
    """What these steps have in common, drawn towards the usual, from which it differs so much."""
    weight, pull = 1 / differs**2, 0.0
    for step in shown:
        doubt = step.own + step.chance
        weight += 1 / doubt
        pull += bounded(step.off, hypot(differs, sqrt(doubt))) / doubt
    return Factor(pull / weight, sqrt(1 / weight))


def is_timed(leaf: Step) -> bool:
    """It came to a good end at the first try and by its own doing: its time says how long the step takes."""
    return (
        leaf.is_leaf
        and leaf.status is StepStatus.SUCCEEDED
        and leaf.attempt == 1
        and not leaf.found_done
        and leaf.started is not None
        and leaf.ended is not None
    )


def seconds_of(leaf: Step) -> float:
    """What a timed leaf took."""
    if leaf.started is None or leaf.ended is None:
        return 0.0
    return max(0.001, (leaf.ended - leaf.started).total_seconds())
