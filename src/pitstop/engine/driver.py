"""Driving a run: forwards until it has succeeded or failed, backwards where it is undone, or to a stop.

Whoever drives a run has taken it under an epoch of its own. A worker that loses the epoch stops at once:
it writes nothing and acts on nothing more. A failure lets what is under way beside it come to its end, and
starts nothing new. What is asked of the run meanwhile is looked for now and then, and at each write.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pitstop.engine.journal_thread import journaled
from pitstop.engine.leaf import Kinds
from pitstop.engine.progress import Progress
from pitstop.engine.walk import Walk
from pitstop.model.errors import EpochLost, InvalidMove, NotFound
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
        """Take the run and go on with it to its end, or until it stops. Returns early when another worker
        takes it over; where there is no such run, or nothing to drive about it, there is nothing to do.

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
            await Walk(self.journal, self.kinds, world, self.progress, tree).run()
        except* EpochLost:
            log.warning("run %s goes on in another worker", run_id)
