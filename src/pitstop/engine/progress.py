"""How far the steps that are being done right now have come, and how fast. Not stored: after a restart they
say it anew. With several workers each puts up on a board what it does, for the faces of the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pitstop.model.pace import Pace, seconds_left
from pitstop.ports.progress import Board, Told


@dataclass(frozen=True, slots=True)
class Portion:
    """``done`` of ``whole``, in whatever the step counts (bytes, files, nodes).

    Attributes:
        rate: how many a second, over the last seconds; None while that is not known.
    """

    done: int
    whole: int
    rate: float | None = None

    @property
    def percent(self) -> float:
        return 100.0 * self.done / self.whole if self.whole else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None where that cannot be said."""
        return seconds_left(self.done, self.whole, self.rate)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a step has said last, and the pace of what it said."""

    done: int
    whole: int
    pace: Pace


class WorkEnded(Exception):
    """Nobody waits for this work any longer: its step is past its deadline, or the service ends."""


class Progress:
    """The portions of steps, by run and index. May be asked and told from several threads.

    A thread cannot be cancelled; but one that tells how far it has come is stopped here, once its step has
    ended without it.

    Args:
        board: where several workers tell each other; None: there is but this one.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, board: Board | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._board = board
        self._is_put_up = False
        self._now = now
        self._told: dict[tuple[str, str], _Told] = {}
        self._open: dict[tuple[str, str], object] = {}

    def reporter(self, run_id: str, index: str) -> Callable[[int, int], None]:
        """What a step is handed to say how far it has come; raises WorkEnded once it was given up."""
        work = self._open[run_id, index] = object()

        def report(done: int, whole: int) -> None:
            if self._open.get((run_id, index)) is not work:
                raise WorkEnded(f"step {index} of run {run_id} has ended")
            before = self._told.get((run_id, index))
            pace = before.pace if before is not None and before.whole == whole else Pace()
            self._told[run_id, index] = _Told(done, whole, pace.noted(self._now(), done))

        return report

    def forget(self, run_id: str, index: str) -> None:
        self._open.pop((run_id, index), None)
        self._told.pop((run_id, index), None)

    def put_up(self) -> None:
        """Tell the board, where there is one, what this worker does now. Blocks; called every second."""
        told = [
            Told(run, index, each.done, each.whole, each.pace.per_second(self._now()))
            for (run, index), each in list(self._told.items())
        ]
        if self._board is not None and (told or self._is_put_up):
            self._board.put(told)
            self._is_put_up = bool(told)

    def of_steps(self, run_id: str) -> Mapping[str, Portion]:
        """The portions of all steps of the run that are being done, whoever does them, by index."""
        here = {
            index: self._portion(told) for (run, index), told in list(self._told.items()) if run == run_id
        }
        if here or self._board is None:
            return here
        return {told.index: Portion(told.done, told.whole, told.rate) for told in self._board.read(run_id)}

    def of_run(self, run_id: str) -> Portion | None:
        """The portions of all steps of the run that are being done, together; None where none reports."""
        portions = list(self.of_steps(run_id).values())
        if not portions:
            return None
        rates = [portion.rate for portion in portions if portion.rate is not None]
        return Portion(
            sum(item.done for item in portions),
            sum(item.whole for item in portions),
            sum(rates) if rates else None,
        )

    def of(self, run_id: str, index: str) -> Portion | None:
        return self.of_steps(run_id).get(index)

    def _portion(self, told: _Told) -> Portion:
        return Portion(told.done, told.whole, told.pace.per_second(self._now()))
