"""A run to be killed in: a plan with every kind of group, on two nodes that keep count of what is done.

Every step but the drain leaves one line in its node's log each time it is done: what is repeated shows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import rack
from crash.fuse import Fuse, FusedJournal, FusedNodes
from pitstop.daemon.clock import MachineClock
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.expansion import expand, group, leaf, numbered
from pitstop.model.packages import PackageType
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep, RollOrder
from pitstop.model.releases import Catalogue, Family, PublisherKind, Release, ReleaseId
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, RunTree, Step
from pitstop.model.system import Node, SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.nodes.declared import read_system
from pitstop.nodes.probing import HttpxProber
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.feeds import Feed, Source
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import open_database
from pitstop.store.journal import SqlJournal
from pitstop.store.ledger import SqlLedger
from pitstop.store.payloads import FilePayloads
from simulators.host_keys import FileHostKeys

UPDATE = "Northstar1.2604.0.21"
RUN = "8d7a3f0e-5a53-4c53-9f0a-6d5d0c9d2a11"


def _log(what: str) -> PlanStep:
    return PlanStep(what, "command", args={"shell": f"echo '{what}' >> log; sleep 0.02"})


PLAN = Plan(
    "Every kind of group",
    (
        replace(_log("before"), role="*"),
        PlanGroup(
            "roll",
            GroupMode.ROLLING,
            (_log("first"), PlanGroup("pair", GroupMode.PARALLEL, (_log("left"), _log("right")))),
            role="*",
            order=RollOrder.FAULT_DOMAIN,
            drain=Drain(
                out=("touch", "drained"), back=("rm", "-f", "drained"), is_out=("test", "-e", "drained")
            ),
            verify=(_log("verified"),),
        ),
        PlanGroup("end", GroupMode.SEQUENCE, (replace(_log("after"), role="worker"),)),
    ),
)
EARLY = (Phase.DOWNLOAD, Phase.PREPARE, Phase.HEALTH_CHECK)
RELEASE = Release(
    ReleaseId("northstar", "lantern", Version.parse("1.2604.0.21")),
    UPDATE,
    PackageType.EXPRESS,
    "Lantern 2604",
    family="2604",
)
CATALOGUE = Catalogue(
    "northstar",
    "lantern",
    PublisherKind.PLATFORM,
    datetime(2026, 4, 21, tzinfo=UTC),
    (Family("2604", None),),
    (RELEASE,),
)
EVERYWHERE = ("before", "first", "left", "right", "verified")


@dataclass(frozen=True, slots=True)
class Scene:
    """One case: its own state folder and its own folders on the nodes."""

    folder: Path
    system: SystemDescription

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def lay(self) -> None:
        """Write the run, not begun yet."""
        for node in self.system.nodes:
            Path(node.root).mkdir(parents=True)
        database = open_database(self.state)
        now = datetime.now(UTC)
        catalogues = SqlCatalogues(database)
        catalogues.add_source(
            Source("northstar", "northstar", PublisherKind.PLATFORM, "file:///none", frozenset(PackageType))
        )
        catalogues.checked("northstar", CATALOGUE, now)
        run = Run(RUN, UPDATE, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, now, "operator")
        SqlJournal(database).create(run, self._steps(), expected=UpdateState.READY)
        database.close()

    def _steps(self) -> tuple[Step, ...]:
        """All phases of an apply; the early ones are done on the first node here."""
        first = self.system.nodes[0].name
        early = [leaf(_log(phase), first, phase=phase) for phase in EARLY]
        return tuple(numbered([*early, group("Install", expand(PLAN, self.system), phase=Phase.INSTALL)]))

    def drive(self, fuse: Fuse) -> None:
        """What a worker does with the run, from taking it to its end."""
        asyncio.run(self._drive(fuse))

    async def _drive(self, fuse: Fuse) -> None:
        database = open_database(self.state)
        nodes, http = SshNodes(FileHostKeys(self.folder / "host-keys")), HttpxProber()
        payloads = FilePayloads(self.state)

        def world() -> World:
            return World(self.system, FusedNodes(nodes, fuse), http, payloads, _no_feed, MachineClock())

        journal = FusedJournal(SqlJournal(database), fuse)
        try:
            await Driver(journal, KINDS, world, Progress(), "worker").drive(RUN)
        finally:
            await nodes.close()
            await http.close()
            database.close()

    def tree(self) -> RunTree:
        database = open_database(self.state)
        try:
            return SqlJournal(database).load(RUN)
        finally:
            database.close()

    def done_on(self, node: Node) -> Counter[str]:
        """How often each step was done on this node, by its own log."""
        return Counter((Path(node.root) / "log").read_text().splitlines())

    def expected_on(self, node: Node) -> Counter[str]:
        early = EARLY if node == self.system.nodes[0] else ()
        return Counter([*early, *EVERYWHERE, *(["after"] if "worker" in node.roles else [])])

    def installed(self) -> int:
        """How often the ledger says that the release went on."""
        database = open_database(self.state)
        try:
            return [entry.release for entry in SqlLedger(database).installed()].count(RELEASE.id)
        finally:
            database.close()


def _no_feed(update: str) -> Feed:
    raise AssertionError(f"nothing is downloaded in this scene, but {update} was asked for")


def scene_in(folder: Path, made: rack.Rack) -> Scene:
    """A scene on the nodes of this rack, with roots of its own below ``folder``."""
    declared = read_system(made.system_file)
    nodes = tuple(replace(node, root=str(folder / "nodes" / node.name)) for node in declared.nodes)
    return Scene(folder, replace(declared, nodes=nodes))
