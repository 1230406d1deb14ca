"""What befalls a worker at a point of a run, and how it is seen that another goes on.

A worker is killed; paused, and goes on when another has its run; cut off from the database, from the nodes or
from both, and connected again later; its clock is stepped; the disk of the database or of the nodes is full
for a while. Whatever befell it, the run ends the same. Where a node could not be reached or had no room, it
may have failed meanwhile: then it is resumed, as an operator would.
"""

from __future__ import annotations

import logging
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from crash.cases import Outcome
from crash.crew import Member
from crash.disks import Disk, can_mount, small_disk
from crash.links import Link, can_cut, links
from crash.plan import Story
from crash.scene import RUN, Scene, scene_here
from crash.verdict import verdict
from pitstop.engine.shared_jobs import PULSE, Pulse
from pitstop.model.errors import PitstopError
from pitstop.model.runs import DRIVEN, Phase, Run, RunState
from pitstop.store.database import Database
from pitstop.store.journal import SqlJournal
from postgresql import database_in, new_database, owner

WORKERS = 3
ALONE_SHARE = 0.2
"""Of the cases, so many are of one worker alone."""
LIMIT_SECONDS = 180
"""A run in whose history nothing happens for so long stands still: nothing that befalls it lasts for more
than seconds, no pause for more than a minute."""

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 0.02
_AT_ONCE = 2
_DISK_MIB = {"nodes": 8, "database": 32}
_STEPS_SECONDS = (-86_400.0, -3_600.0, -90.0, 90.0, 3_600.0, 86_400.0)


class Fault(StrEnum):
    KILLED = "killed"
    PAUSED = "paused"
    CUT_OFF = "cut off"
    NO_DATABASE = "cut off from the database"
    NO_NODES = "cut off from the nodes"
    CLOCK = "clock stepped"
    DATABASE_FULL = "disk of the database full"
    NODES_FULL = "disks of the nodes full"


_FAILS_RUNS = {Fault.CUT_OFF, Fault.NO_NODES, Fault.NODES_FULL}
"""A node that cannot be reached, or has no room, may fail the run. These befall an install only: what fails
before it is begun anew, as another run."""

_TAKES_OVER = {Fault.KILLED, Fault.PAUSED, Fault.CUT_OFF, Fault.NO_DATABASE}
"""After these another worker must have the run."""


_AT_ONCE_OVER = {Fault.KILLED, Fault.CLOCK}
"""These do not last: on a quick machine the run would be at its end before the next fault's turn came."""

ALONE = {Fault.KILLED, Fault.NO_NODES, Fault.CLOCK, Fault.DATABASE_FULL, Fault.NODES_FULL}
"""What befalls a service that works alone, with SQLite: it is started again, or goes on by itself."""


def faults_here() -> list[Fault]:
    """Those that this user can bring about."""
    left_out = set() if can_cut() else {Fault.CUT_OFF, Fault.NO_DATABASE}
    left_out |= set() if can_mount() else {Fault.DATABASE_FULL, Fault.NODES_FULL}
    return [fault for fault in Fault if fault not in left_out]


@dataclass(slots=True)
class _Trouble:
    """One fault, from when it befell to when it is over."""

    fault: Fault
    member: Member
    epoch: int
    since: float
    lasts: float
    taken: float | None = None

    def must_be_taken_over(self) -> bool:
        return self.fault in _TAKES_OVER


@dataclass(slots=True)
class Watch:
    """One case under way: sees workers stop, lets faults befall them, and ends when the run has ended."""

    scene: Scene
    database: Database
    crew: Sequence[Member]
    disks: dict[Fault, Sequence[Disk]]
    faults: list[Fault]
    chance: random.Random
    befallen: list[Fault] = field(default_factory=list)
    takeovers: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    troubles: list[_Trouble] = field(default_factory=list)

    def play(self) -> None:
        known, since = -1, time.monotonic()
        for member in self.crew:
            member.begin()
        while True:
            run = self._run()
            self._see_over(run)
            if run.state not in DRIVEN:
                if run.state is not RunState.FAILED:
                    return
                self._resume()
            for member in self.crew:
                self._see(member, run)
            if run.revision != known:
                known, since = run.revision, time.monotonic()
            if time.monotonic() > since + LIMIT_SECONDS:
                self.lost.append(f"the run stands still, after {len(self.befallen)} faults: {self._said()}")
                return
            time.sleep(_LOOK_EVERY_SECONDS)

    def _run(self) -> Run:
        """As it stands. The database is busy, full, or has ended our session now and then."""
        while True:
            try:
                return SqlJournal(self.database).load(RUN).run
            except PitstopError as error:
                log.info("asked again: %s", error)
                time.sleep(_LOOK_EVERY_SECONDS)

    def _said(self) -> str:
        return (
            "; ".join(f"{trouble.fault}, {trouble.taken}" for trouble in self.troubles) or "no trouble lasts"
        )

    def _resume(self) -> None:
        for disks in self.disks.values():
            for disk in disks:
                disk.clear()
        for member in self.crew:
            member.cut_from_nodes(is_cut=False)
        SqlJournal(self.database).resume(RUN, "operator", datetime.now(UTC))

    def _see(self, member: Member, run: Run) -> None:
        trouble = next((trouble for trouble in self.troubles if trouble.member is member), None)
        if trouble is not None and trouble.fault is Fault.PAUSED:
            return
        if not member.running.is_alive():
            if not any(trouble.fault is Fault.DATABASE_FULL for trouble in self.troubles):
                self.lost.append(f"{member.folder.name} has ended by itself")
            member.begin()
        elif member.running.is_stopped():
            fault = self._next(run) if trouble is None else None
            if fault is not None:
                self.faults.remove(fault)
                self._befall(member, fault, run)
            else:
                member.running.go_on()

    def _next(self, run: Run) -> Fault | None:
        if len(self.troubles) >= min(_AT_ONCE, len(self.crew)) or run.state not in DRIVEN:
            return None
        is_install = run.phase is Phase.INSTALL
        return next((fault for fault in self.faults if is_install or fault not in _FAILS_RUNS), None)

    def _befall(self, member: Member, fault: Fault, run: Run) -> None:
        self.befallen.append(fault)
        lasts = self.chance.uniform(0.3, 3.0) if fault not in _AT_ONCE_OVER else 0.0
        self.troubles.append(_Trouble(fault, member, run.epoch, time.monotonic(), lasts))
        match fault:
            case Fault.KILLED:
                member.running.kill()
                member.begin()
                return
            case Fault.PAUSED:
                return
            case Fault.CLOCK:
                member.step_clock(self.chance.choice(_STEPS_SECONDS))
            case Fault.DATABASE_FULL | Fault.NODES_FULL:
                for disk in self.disks[fault]:
                    disk.fill()
        self._link(member, fault, is_cut=True)
        member.running.go_on()

    def _link(self, member: Member, fault: Fault, *, is_cut: bool) -> None:
        if fault in {Fault.CUT_OFF, Fault.NO_NODES}:
            member.cut_from_nodes(is_cut=is_cut)
        if fault in {Fault.CUT_OFF, Fault.NO_DATABASE} and member.link is not None:
            member.link.cut() if is_cut else member.link.mend()

    def _see_over(self, run: Run) -> None:
        now = time.monotonic()
        for trouble in list(self.troubles):
            if trouble.must_be_taken_over() and trouble.taken is None and run.state in DRIVEN:
                if run.epoch == trouble.epoch:
                    continue
                trouble.taken = now
                self.takeovers.append(now - trouble.since)
            if now - (trouble.taken or trouble.since) > trouble.lasts:
                self._end(trouble)

    def _end(self, trouble: _Trouble) -> None:
        self.troubles.remove(trouble)
        self._link(trouble.member, trouble.fault, is_cut=False)
        for disk in self.disks.get(trouble.fault, ()):
            disk.clear()
        if trouble.fault is Fault.PAUSED:
            trouble.member.running.go_on()


def by_chance(seed: str, folder: Path) -> Outcome:
    """Faults by chance, the same for the same seed. Where in the run they befall whom depends on time."""
    chance = random.Random(f"faults of {seed}")
    workers = 1 if chance.random() < ALONE_SHARE else WORKERS
    possible = [fault for fault in faults_here() if workers > 1 or fault in ALONE]
    chosen = [*chance.sample(possible, len(possible)), *chance.choices(possible, k=10 - len(possible))]
    return disturbed(seed, chosen, folder, workers)


def disturbed(
    seed: str, faults: Sequence[Fault], folder: Path, workers: int = WORKERS, pulse: Pulse = PULSE
) -> Outcome:
    """A run that succeeds in the end, with these faults on its way. One worker works alone, with SQLite."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        address, disks = _databases(stack, folder, set(faults), shared=workers > 1)
        scene = scene_here(folder, Story.APPLY, address)
        scene.lay()
        if Fault.NODES_FULL in faults:
            roots = [Path(node.root) for node in scene.system.nodes]
            mounted = [stack.enter_context(small_disk(root, _DISK_MIB["nodes"])) for root in roots]
            disks[Fault.NODES_FULL] = mounted
        ways: Sequence[Link | None] = [None] * workers
        if can_cut() and address is not None:
            ways = stack.enter_context(links(workers, address, folder))
        crew = [
            Member(scene, folder / f"worker-{n}", way, pulse, random.Random(f"{seed} {n}"))
            for n, way in enumerate(ways)
        ]
        stack.callback(_end_all, crew)
        database = stack.enter_context(scene.database())
        watch = Watch(scene, database, crew, disks, list(faults), chance)
        watch.play()
        _end_all(crew)
        judged = verdict(scene)
    return Outcome(
        len(watch.befallen),
        (*watch.lost, *judged.lost),
        judged.repeated,
        judged.unfenced,
        max(watch.takeovers, default=0.0),
        tuple(watch.befallen),
    )


def _databases(
    stack: ExitStack, folder: Path, faults: set[Fault], *, shared: bool
) -> tuple[str | None, dict[Fault, Sequence[Disk]]]:
    if Fault.DATABASE_FULL not in faults:
        return (new_database() if shared else None), {}
    if not shared:
        state = folder / "state"
        state.mkdir()
        return None, {Fault.DATABASE_FULL: [stack.enter_context(small_disk(state, _DISK_MIB["database"]))]}
    place = Path(tempfile.mkdtemp(prefix="pitstop-disk-"))  # the server's user must get at it
    stack.callback(place.rmdir)
    disk = stack.enter_context(small_disk(place, _DISK_MIB["database"], owner()))
    address = stack.enter_context(database_in(place))
    stack.callback(disk.clear)  # the run may end while it is full, and a full database cannot be dropped
    return address, {Fault.DATABASE_FULL: [disk]}


def _end_all(crew: Sequence[Member]) -> None:
    for member in crew:
        if member.process is not None:
            member.process.kill()
