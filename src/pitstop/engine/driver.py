"""Driving a run: walk its tree, group by group, until it has succeeded or failed.

Whoever drives a run has taken it under an epoch of its own. A worker that loses the epoch stops at once:
it writes nothing and acts on nothing more. A failure lets what is under way beside it come to its end, and
starts nothing new.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from pitstop.engine.failures import LeafFailed
from pitstop.engine.journal_thread import journaled
from pitstop.engine.leaf import Kinds, LeafWork
from pitstop.engine.progress import Progress
from pitstop.model.errors import EpochLost, InvalidMove, NotFound
from pitstop.model.plans import GroupMode
from pitstop.model.runs import Phase, PhaseEntered, RunFailed, RunSucceeded, RunTree, Step, StepStatus
from pitstop.ports.journal import Journal
from pitstop.steps.kind import World

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Driver:
    """Drives runs for one worker.

    Attributes:
        world: gives the adapters and the system as they are now; asked once at the start of each drive.
    """

    journal: Journal
    kinds: Kinds
    world: Callable[[], World]
    progress: Progress
    worker: str

    async def drive(self, run_id: str) -> None:
        """Take the run and go on with it to its end. Returns early when another worker takes it over; where
        there is no such run, or it is not in progress, there is nothing to do.

        Whatever this raises is no failure of a step: the journal cannot be written, or the engine is wrong.
        The run is as it was written last, and can be driven again.
        """
        world = self.world()
        try:
            tree = await journaled(self.journal.take, run_id, self.worker, world.clock.now())
        except (NotFound, InvalidMove) as error:
            log.info("run %s is not driven: %s", run_id, error)
            return
        try:
            await _Walk(self, world, tree).run()
        except* EpochLost:
            log.warning("run %s goes on in another worker", run_id)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk over one tree."""

    driver: Driver
    world: World
    tree: RunTree

    async def run(self) -> None:
        try:
            await self._sequence(self.tree.children())
        except LeafFailed as failure:
            await self._write(RunFailed(self.world.clock.now(), failure.finding))
        else:
            await self._write(RunSucceeded(self.world.clock.now()))

    async def _place(self, place: Step) -> None:
        if place.phase is not None:
            await self._enter(place.phase)
        if self.tree.status(place.index) is StepStatus.SUCCEEDED:
            return
        if place.is_leaf:
            await self._leaf(place)
        elif place.mode is GroupMode.PARALLEL:
            await self._parallel(self.tree.children(place.index), place.limit)
        else:
            await self._sequence(self.tree.children(place.index))

    async def _enter(self, phase: Phase) -> None:
        """Enter the phase that begins here, unless the run is in it or past it; also where it is empty."""
        order = list(Phase)
        present = self.tree.run.phase
        if present is None or order.index(phase) > order.index(present):
            await self._write(PhaseEntered(self.world.clock.now(), phase))

    async def _sequence(self, places: list[Step]) -> None:
        for place in places:
            await self._place(place)

    async def _parallel(self, places: list[Step], limit: int | None) -> None:
        """All at once, or ``limit`` at a time. After a failure none is begun; those under way end, also
        those that an earlier worker had begun."""
        free = asyncio.Semaphore(limit or max(1, len(places)))
        failures: list[LeafFailed] = []

        async def one(place: Step) -> None:
            async with free:
                if failures and not self._is_under_way(place):
                    return
                try:
                    await self._place(place)
                except LeafFailed as failure:
                    failures.append(failure)

        async with asyncio.TaskGroup() as group:
            for place in places:
                group.create_task(one(place))
        if failures:
            raise failures[0]

    def _is_under_way(self, place: Step) -> bool:
        if place.is_leaf:
            return place.status in (StepStatus.IN_PROGRESS, StepStatus.WAITING)
        return any(self._is_under_way(child) for child in self.tree.children(place.index))

    async def _leaf(self, place: Step) -> None:
        driver = self.driver
        await LeafWork(driver.journal, driver.kinds, self.world, driver.progress, self.tree, place.index).do()

    async def _write(self, event: PhaseEntered | RunFailed | RunSucceeded) -> None:
        await journaled(self.driver.journal.append, self.tree, event)
