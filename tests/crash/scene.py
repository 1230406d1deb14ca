"""A run to be killed in: its state in a database, its nodes, and what a worker does with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from threading import Lock

import rack
import sqlite
from crash.fuse import Fuse, FusedJournal, FusedNodes
from crash.local_nodes import LocalNodes
from crash.plan import BREAKS, CATALOGUE, EARLY, MEND, PLAN, RELEASE, UPDATE, Story, breaking, noting
from crash.served_nodes import ServedNodes
from pitstop.daemon.clock import MachineClock
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.errors import InvalidMove
from pitstop.model.expansion import changed, expand, group, leaf, numbered
from pitstop.model.mending import Mended, failed_leaves, mend_steps, mended
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.model.run_events import AbortRequested, CancelRequested, MendRequested, RunRequest
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import DRIVEN, Phase, Run, RunPurpose, RunState, Step
from pitstop.model.system import Node, SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.nodes.declared import read_system
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.clock import Clock
from pitstop.ports.feeds import Feed, Source
from pitstop.ports.journal import Journal
from pitstop.ports.nodes import NodeDriver
from pitstop.steps.composition import with_way_back
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database, open_database
from pitstop.store.journal import SqlJournal
from pitstop.store.payloads import FilePayloads
from simulators.host_keys import FileHostKeys
from simulators.http import SimulatedHttp

RUN = "8d7a3f0e-5a53-4c53-9f0a-6d5d0c9d2a11"
NODES = 3
WHO = "operator"
ISSUE = "northstar/breaks"
_OPENING = Lock()
"""Migrations are for one thread at a time."""


class Reach(Enum):
    """How a worker reaches nodes."""

    SSH = auto()
    SHELL = auto()
    """The node's real side, begun as a child process."""
    SERVED = auto()
    """Nodes that another process plays."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One case: its own database and its own folders on the nodes.

    Attributes:
        address: of the database; None: SQLite in the folder.
        reach: how nodes are reached.
    """

    folder: Path
    system: SystemDescription
    story: Story = Story.APPLY
    address: str | None = None
    reach: Reach = Reach.SHELL

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def socket(self) -> Path:
        return self.folder / "nodes.socket"

    def nodes(self) -> NodeDriver:
        match self.reach:
            case Reach.SSH:
                return SshNodes(FileHostKeys(self.folder / "host-keys"))
            case Reach.SERVED:
                return ServedNodes(self.socket)
            case Reach.SHELL:
                return LocalNodes()

    @contextmanager
    def database(self) -> Iterator[Database]:
        with _OPENING:
            opened = open_database(self.address or sqlite.laid(self.state))
        try:
            yield opened
        finally:
            opened.close()

    def lay(self) -> None:
        """Write the run, not begun yet."""
        for node in self.system.nodes:
            Path(node.root).mkdir(parents=True)
            if breaking(node, self.story):
                (Path(node.root) / BREAKS).touch()
        now = datetime.now(UTC)
        run = Run(RUN, UPDATE, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, now, WHO)
        source = Source(
            "northstar", "northstar", PublisherKind.PLATFORM, "file:///none", frozenset(PackageType)
        )
        with self.database() as database:
            catalogues = SqlCatalogues(database)
            catalogues.add_source(source)
            catalogues.checked("northstar", CATALOGUE, now)
            SqlJournal(database).create(run, self._steps(), expected=UpdateState.READY)

    def _steps(self) -> tuple[Step, ...]:
        """All phases of an apply; the early ones are done on the first node here."""
        first = self.system.nodes[0].name
        early = [leaf(noting(phase), first, phase=phase) for phase in EARLY]
        install = group("Install", expand(PLAN, self.system), phase=Phase.INSTALL)
        return tuple(numbered([*early, changed(install, with_way_back)]))

    def play(self, fuse: Fuse) -> None:
        """What a worker, and where the story has one an operator, does with the run from here to its end."""
        asyncio.run(self._play(fuse))

    async def _play(self, fuse: Fuse) -> None:
        nodes = self.nodes()
        with self.database() as database:
            journal = FusedJournal(SqlJournal(database), fuse)
            driver = self.driver(journal, FusedNodes(nodes, fuse), MachineClock())
            try:
                await driver.drive(RUN)
                while self._asks(journal):
                    await driver.drive(RUN)
            finally:
                await nodes.close()

    def driver(self, journal: Journal, nodes: NodeDriver, clock: Clock) -> Driver:
        payloads = FilePayloads(self.state)

        def world() -> World:
            return World(self.system, nodes, SimulatedHttp(), payloads, _no_feed, clock)

        return Driver(journal, KINDS, world, Progress(), "worker")

    def _asks(self, journal: FusedJournal) -> bool:
        """Ask of the failed run what the story says. Whether there is something to drive then."""
        tree = journal.load(RUN)
        if self.story is Story.APPLY or tree.run.state is not RunState.FAILED:
            return False
        now = datetime.now(UTC)
        try:
            if self.story is Story.MEND:
                return _mends(journal, tree, now)
            wanted: RunRequest = (
                AbortRequested(now, WHO) if self.story is Story.ABORT else CancelRequested(now, WHO)
            )
            return journal.request(RUN, wanted).state in DRIVEN
        except InvalidMove:  # somebody else has asked it while this one was paused
            return False


def _mends(journal: FusedJournal, tree: RunTree, now: datetime) -> bool:
    """Mend what has failed, or resume once that has helped, as standing consent would."""
    failed = failed_leaves(tree)
    outcomes = {mended(tree, ISSUE, leaf) for leaf in failed}
    if Mended.NOT_YET in outcomes:
        journal.request(RUN, MendRequested(now, WHO, ISSUE, mend_steps(tree, ISSUE, MEND, failed)))
    elif outcomes == {Mended.SUCCEEDED}:
        journal.resume(RUN, WHO, now)
    else:
        return False
    return True


def _no_feed(update: str) -> Feed:
    raise AssertionError(f"nothing is downloaded in this scene, but {update} was asked for")


def scene_over_ssh(folder: Path, made: rack.Rack) -> Scene:
    """A scene on the nodes of this rack, with roots of its own below ``folder``."""
    declared = read_system(made.system_file)
    nodes = tuple(replace(node, root=str(folder / "nodes" / node.name)) for node in declared.nodes)
    return Scene(folder, replace(declared, nodes=nodes), reach=Reach.SSH)


def scene_here(folder: Path, story: Story, address: str | None = None, reach: Reach = Reach.SHELL) -> Scene:
    """A scene on nodes that are folders of this machine, with the roles and fault domains of the rack's."""
    nodes = tuple(
        Node(
            made.name,
            "127.0.0.1",
            root=str(folder / "nodes" / made.name),
            roles=made.roles,
            fault_domain=made.fault_domain,
        )
        for made in rack.default_nodes(NODES)
    )
    return Scene(folder, SystemDescription("scene", "scene", "Lumen", "R4", nodes), story, address, reach)
