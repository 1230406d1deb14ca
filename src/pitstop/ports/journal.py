"""The journal of runs: what has happened, written before anything builds on it.

Every write carries the epoch of the worker that makes it and is refused once another worker has taken the
run. A run's events, its steps, its update's state, the ledger and the alerts that follow from an event are
one transaction. Adapter: :mod:`pitstop.store.journal`; simulator: ``tests/simulators/journal.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pitstop.model.run_events import RunEvent, RunRequest
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Run, Step
from pitstop.model.updates import UpdateState


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the journal keeps it."""

    sequence: int
    at: datetime
    epoch: int
    kind: str
    index: str | None
    text: str


class Journal(Protocol):
    def create(self, run: Run, steps: Sequence[Step], *, expected: UpdateState) -> None:
        """Write a new run with its whole tree, if no other run is in progress and its update's stored
        state is still ``expected``.

        Raises:
            Conflict: either is not so; the message says which.
        """

    def take(self, run_id: str, worker: str, at: datetime) -> RunTree:
        """Take the run for this worker under a new epoch, higher than any that any run had.

        Raises:
            NotFound: there is no such run.
            InvalidMove: there is nothing to drive about it.
        """

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        """Write the events durably, then apply them to ``tree``. All or none. Where somebody has asked
        something of the run meanwhile, they are applied to what that has made of it.

        Raises:
            EpochLost: another worker has taken the run; nothing was written.
            InvalidMove: run or step do not take an event; nothing was written.
        """

    def resume(self, run_id: str, by: str, at: datetime, void: Sequence[str] = ()) -> None:
        """Put a run that failed or stopped back in progress: its failed steps are pending again, and those
        finished ones whose machine is gone (``void``).

        Raises:
            NotFound, InvalidMove: there is no such run, or nothing to resume about it.
            Conflict: another run is in progress.
        """

    def refresh(self, tree: RunTree) -> None:
        """Take what others have asked of the run into the tree's head.

        Raises:
            EpochLost: another worker has taken the run. NotFound: there is no such run.
        """

    def request(self, run_id: str, wanted: RunRequest) -> Run:
        """Ask something of a run, whether a worker drives it or not; its head after that.

        Raises:
            NotFound: there is no such run. InvalidMove: its state does not take it.
            Conflict: it had failed, and another run is in progress, or (to mend it) nodes are being changed.
        """

    def load(self, run_id: str) -> RunTree:
        """The run as it stands.

        Raises:
            NotFound: there is no such run.
        """

    def unfinished(self) -> Sequence[str]:
        """Ids of the runs that a worker is to drive: what a service takes up when it starts."""

    def history(self, run_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        """The run's events behind number ``after``, oldest first, so many at most."""
