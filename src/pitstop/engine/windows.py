"""Keeping to maintenance windows: whether the next piece of work still fits, asked at each safe point."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.expected import expected_time
from pitstop.model.run_events import StopRequested
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step, StepStatus, WindowUse
from pitstop.steps.kind import World

BY = "maintenance window"


@dataclass(frozen=True, slots=True)
class WindowGuard:
    """Of one walk."""

    world: World
    tree: RunTree

    def stop_before(self, place: Step) -> StopRequested | None:
        """What stops the run before this place, where it does not fit into the window that is open.

        A group that is taken apart further down is not asked for as a whole: its batches are.
        """
        if self.tree.run.windows is not WindowUse.SPREAD or not self._is_piece(place):
            return None
        now = self.world.clock.now()
        need = expected_time(self.tree, place.index)
        closes = self.world.hours.open_until(now)
        if closes is not None and now + need <= closes:
            return None
        after = closes or now
        why = (
            "no window is open" if closes is None else f"{place.name} would not fit before the window closes"
        )
        return StopRequested(now, BY, why, self.world.hours.next_opening(after, need))

    def _is_piece(self, place: Step) -> bool:
        """What is begun and ended in one go: a batch of nodes, or a step of the install outside of any."""
        if self.tree.phase_of(place.index) is not Phase.INSTALL:
            return False
        if self.tree.status(place.index) is StepStatus.SUCCEEDED:
            return False
        return place.is_leaf or place.whole
