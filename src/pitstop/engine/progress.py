"""How far the steps that are being done right now have come. Not stored: after a restart they say it anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Portion:
    """``done`` of ``whole``, in whatever the step counts (bytes, files, nodes)."""

    done: int
    whole: int

    @property
    def percent(self) -> float:
        return 100.0 * self.done / self.whole if self.whole else 0.0


class Progress:
    """The portions of steps, by run and index."""

    def __init__(self) -> None:
        self._portions: dict[tuple[str, str], Portion] = {}

    def reporter(self, run_id: str, index: str) -> Callable[[int, int], None]:
        """What a step is handed to say how far it has come."""

        def report(done: int, whole: int) -> None:
            self._portions[run_id, index] = Portion(done, whole)

        return report

    def forget(self, run_id: str, index: str) -> None:
        self._portions.pop((run_id, index), None)

    def of_run(self, run_id: str) -> Portion | None:
        """The portions of all steps of the run that are being done, together; None where none reports."""
        portions = [portion for (run, _), portion in self._portions.items() if run == run_id]
        if not portions:
            return None
        return Portion(sum(item.done for item in portions), sum(item.whole for item in portions))

    def of(self, run_id: str, index: str) -> Portion | None:
        return self._portions.get((run_id, index))
