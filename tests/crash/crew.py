"""Worker processes that stay: several that share a run by PostgreSQL, or one alone with SQLite, with the jobs
that a service has.

Each of several lives at the far end of a link of its own where this user may make one. It stops itself at
points (SIGSTOP): what befalls it there is for who watches (``faults.py``), and so is to let it go on.
"""

from __future__ import annotations

import asyncio
import random
import signal
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from crash.cut_nodes import CutNodes
from crash.fuse import Blow, Fuse, FusedJournal, FusedNodes
from crash.links import Link
from crash.processes import Forked, forked
from crash.scene import Scene
from pitstop.daemon.clock import MachineClock
from pitstop.engine.jobs import EmbeddedJobs
from pitstop.engine.shared_jobs import Pulse, SharedJobs
from pitstop.ports.jobs import Job, Worker
from pitstop.store.database import open_database
from pitstop.store.journal import SqlJournal
from pitstop.store.turns import SqlTurns

POINTS_APART = 12
"""From one point to the next are so many at most."""

_POINTS = 40
_CUT = "cut-from-nodes"
_CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class SteppedClock(MachineClock):
    """The machine's clock, set forwards or back by as many seconds as the file says. It is the only one
    that a worker reads (a test holds that); what durations are measured with nobody sets, on any machine."""

    file: Path

    def now(self) -> datetime:
        by = float(self.file.read_text()) if self.file.exists() else 0.0
        return MachineClock.now(self) + timedelta(seconds=by)


@dataclass(slots=True)
class Member:
    """One worker, through all the processes that it is killed in.

    Attributes:
        link: its way to the database; None: as this process has it.
        pulse: how soon it sees that another has died.
    """

    scene: Scene
    folder: Path
    link: Link | None
    pulse: Pulse
    chance: random.Random
    process: Forked | None = None

    def begin(self) -> None:
        """A new process, that stops at points of its own."""
        self.folder.mkdir(exist_ok=True)
        at, points = 0, set()
        for _ in range(_POINTS):
            at += self.chance.randint(1, POINTS_APART)
            points.add(at)
        blow = Blow(frozenset(points), by=signal.SIGSTOP, anywhere=True)
        self.process = forked(_work, self.scene, self.folder, self.link, self.pulse, blow)

    @property
    def running(self) -> Forked:
        assert self.process is not None
        return self.process

    def cut_from_nodes(self, *, is_cut: bool) -> None:
        file = self.folder / _CUT
        file.touch() if is_cut else file.unlink(missing_ok=True)

    def step_clock(self, seconds: float) -> None:
        new = self.folder / "clock.new"
        new.write_text(str(seconds))
        new.rename(self.folder / _CLOCK)


def _work(scene: Scene, folder: Path, link: Link | None, pulse: Pulse, blow: Blow) -> None:
    if link is not None and scene.address is not None:
        link.enter()
        scene = replace(scene, address=link.through(scene.address))
    asyncio.run(_drive(scene, folder, pulse, Fuse(blow, folder)))


async def _drive(scene: Scene, folder: Path, pulse: Pulse, fuse: Fuse) -> None:
    clock = SteppedClock(folder / _CLOCK)
    database = open_database(scene.address or scene.state)
    journal = FusedJournal(SqlJournal(database), fuse)
    nodes = FusedNodes(CutNodes(scene.nodes(), folder / _CUT), fuse)
    driver = scene.driver(journal, nodes, clock)
    jobs: Worker = EmbeddedJobs(clock)
    if scene.address is not None:
        jobs = SharedJobs(scene.address, clock, SqlTurns(database), name=folder.name, pulse=pulse)
    await jobs.start([Job("drive-run", driver.drive, unfinished=journal.unfinished)])
    await asyncio.Event().wait()
