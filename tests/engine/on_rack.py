"""A run over the demo's rack: real nodes, the real engine, a journal in memory that outlives its workers."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from engine.bench import EARLY, RELEASE, RUN, NoHttp, no_feed
from pitstop.daemon.clock import MachineClock
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.expansion import expand, group, numbered
from pitstop.model.plans import Plan, PlanItem
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step, StepStatus
from pitstop.model.system import SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.nodes.declared import read_system
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.payloads import FilePayloads
from rack import Rack
from simulators.host_keys import FileHostKeys
from simulators.journal import MemoryJournal

ORDERS = "var/log/orders"
"""Where scripts of these runs note what they have done."""


@dataclass
class Scene:
    """A run over the rack, in a journal that outlives its workers."""

    made: Rack
    folder: Path
    items: tuple[PlanItem, ...]
    journal: MemoryJournal = field(default_factory=lambda: MemoryJournal([RELEASE]))
    clock: MachineClock = field(default_factory=MachineClock)

    def __post_init__(self) -> None:
        self.system: SystemDescription = read_system(self.made.system_file)
        early = [group(phase, [], phase=phase) for phase in EARLY]
        install = group("Install", expand(Plan("restart", self.items), self.system), phase=Phase.INSTALL)
        now = self.clock.now()
        run = Run(RUN, RELEASE.name, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, now, "operator")
        self.journal.create(run, tuple(numbered([*early, install])), expected=UpdateState.READY)
        for node in self.made.nodes:
            (node.root / ORDERS).unlink(missing_ok=True)
            # Nodes know a run's operations and the newest epoch for ever; each scene begins anew.
            shutil.rmtree(node.root / "var/lib/pitstop-node", ignore_errors=True)
        self.boots = self.boot_ids()

    async def drive(self) -> RunTree:
        nodes = SshNodes(FileHostKeys(self.folder / "host-keys"))
        payloads = FilePayloads(self.folder)

        def world() -> World:
            return World(self.system, nodes, NoHttp(), payloads, no_feed, self.clock)

        try:
            await Driver(self.journal, KINDS, world, Progress(), "worker").drive(RUN)
        finally:
            await nodes.close()
        return self.tree()

    def driven(self) -> RunTree:
        return asyncio.run(self.drive())

    def tree(self) -> RunTree:
        return self.journal.load(RUN)

    def steps(self) -> list[Step]:
        return [leaf for leaf in self.tree().leaves() if leaf.kind == "restart"]

    async def until_waiting(self) -> None:
        while self.steps()[0].status is not StepStatus.WAITING:  # noqa: ASYNC110 - the journal tells nobody
            await asyncio.sleep(0.02)

    def boot_ids(self) -> list[str]:
        return [(node.root / "run/boot_id").read_text() for node in self.made.nodes]

    def restarted(self) -> list[bool]:
        return [before != now for before, now in zip(self.boots, self.boot_ids(), strict=True)]

    def orders(self) -> list[int]:
        files = [node.root / ORDERS for node in self.made.nodes]
        return [len(file.read_text().split()) if file.exists() else 0 for file in files]
