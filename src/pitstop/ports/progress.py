"""How far steps have come, told to the faces of other processes. A few seconds later it is worth nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker has told of one step: ``done`` of ``whole``, ``rate`` a second (None: not known)."""

    run_id: str
    index: str
    done: int
    whole: int
    rate: float | None


class Board(Protocol):
    def put(self, told: Sequence[Told]) -> None:
        """In place of all that this worker has told before."""

    def read(self, run_id: str) -> Sequence[Told]:
        """What the workers have told of this run in the last seconds."""
