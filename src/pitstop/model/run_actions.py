"""What an operator can ask of a run, and in which of its states: buttons, API and commands are made from it.

``abort`` has a second condition, which the table cannot hold: the run must not be past its point of no return
(:func:`pitstop.model.undoing.passed_no_return`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pitstop.model.errors import InvalidMove
from pitstop.model.run_events import AbortRequested, CancelRequested, RunResumed, StopRequested
from pitstop.model.run_moves import RUN_MOVES
from pitstop.model.runs import Run, RunState


class RunVerb(StrEnum):
    RESUME = "resume"
    STOP = "stop"
    ABORT = "abort"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class RunAction:
    """An offer: this verb is open in these states, under this label."""

    verb: RunVerb
    label: str
    event: type
    says: str

    @property
    def states(self) -> frozenset[RunState]:
        return frozenset(state for state, event in RUN_MOVES if event is self.event)


RUN_ACTIONS: tuple[RunAction, ...] = (
    RunAction(
        RunVerb.RESUME,
        "Resume",
        RunResumed,
        "Go on from where it failed or stopped; finished steps are not done again.",
    ),
    RunAction(
        RunVerb.STOP,
        "Stop",
        StopRequested,
        "Stop at the next safe point: when the batch of nodes that has begun is done. It can go on later.",
    ),
    RunAction(
        RunVerb.ABORT,
        "Abort",
        AbortRequested,
        "Stop and take back what was done, in the opposite order, until all nodes are as before. Not after "
        "the point of no return.",
    ),
    RunAction(
        RunVerb.CANCEL,
        "Cancel",
        CancelRequested,
        "End the run for good where it is, at the next safe point; nodes that it has out of service are put "
        "back. Nothing is taken back.",
    ),
)


ASKS: tuple[RunAction, ...] = tuple(action for action in RUN_ACTIONS if action.verb is not RunVerb.RESUME)
"""Those that the worker which drives the run takes notice of: with a reason, and perhaps at once."""


def run_action(verb: RunVerb) -> RunAction:
    return next(action for action in RUN_ACTIONS if action.verb is verb)


def require_open(run: Run, verb: RunVerb) -> RunAction:
    """The action of ``verb``, if it is open to the run.

    Raises:
        InvalidMove: it is not; names run, state and verb, and the hint says what is open.
    """
    wanted = run_action(verb)
    if run.state not in wanted.states:
        names = ", ".join(action.label for action in RUN_ACTIONS if run.state in action.states) or "none"
        raise InvalidMove(
            f"run {run.id} is {run.state}: {wanted.label!r} is not open", hint=f"Open now: {names}."
        )
    return wanted
