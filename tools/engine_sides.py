"""The work of ``make bench-engine`` done twice in the same way, node's side and all: by a durable run, and by
bare asyncssh that keeps no journal. What lies between the two is what a durable run costs.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncssh

from pitstop.daemon.clock import MachineClock
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.expansion import Branch, expand, group, numbered
from pitstop.model.packages import PackageType
from pitstop.model.plans import GroupMode, Plan, PlanGroup, PlanStep
from pitstop.model.releases import Catalogue, Family, PublisherKind, Release, ReleaseId
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step
from pitstop.model.system import Node, SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.nodes import wrapper
from pitstop.nodes.parcel import parcel
from pitstop.nodes.probing import HttpxProber
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.feeds import Feed, Source
from pitstop.ports.nodes import Operation
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database, open_database
from pitstop.store.host_keys import SqlHostKeys
from pitstop.store.journal import SqlJournal
from pitstop.store.payloads import FilePayloads
from tools.engine_fleet import ROLE
from tools.engine_work import AT_ONCE, WORK, WorkUndone

RUN = "3f0c7a52-8f0e-4c55-a7a4-0d2f7b7f5c10"
_PUBLISHER, _PRODUCT = "bench", "lamp"
_RELEASE = Release(
    ReleaseId(_PUBLISHER, _PRODUCT, Version((1, 1))), "Lamp1.1", PackageType.EXPRESS, "Lamp 1.1", family="1"
)
_EARLY = (Phase.DOWNLOAD, Phase.PREPARE, Phase.HEALTH_CHECK)


def plan() -> Plan:
    """The work as a package's plan."""
    steps = tuple(
        PlanStep(f"Step {number}", "command", args={"shell": item.shell})
        for number, item in enumerate(WORK, start=1)
    )
    return Plan("Bench", (PlanGroup("Roll", GroupMode.ROLLING, steps, role=ROLE, batch=AT_ONCE),))


def lay(database: Database, nodes: Sequence[Node], run_id: str = RUN) -> SystemDescription:
    """Write the run, not begun yet; its system."""
    system = SystemDescription("bench", "bench", "Lumen", "R4", tuple(nodes))
    now = datetime.now(UTC)
    family = Family("1", None)
    known = Catalogue(_PUBLISHER, _PRODUCT, PublisherKind.PLATFORM, now, (family,), (_RELEASE,))
    catalogues = SqlCatalogues(database)
    types = frozenset(PackageType)
    catalogues.add_source(Source(_PUBLISHER, _PUBLISHER, PublisherKind.PLATFORM, "file:///none", types))
    catalogues.checked(_PUBLISHER, known, now)
    run = Run(run_id, _RELEASE.name, _RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, now, "bench")
    SqlJournal(database).create(run, _steps(system), expected=UpdateState.READY)
    return system


def _steps(system: SystemDescription) -> tuple[Step, ...]:
    """The early phases of an apply have nothing to do here."""
    early: list[Branch] = [group(phase.name, (), phase=phase) for phase in _EARLY]
    return tuple(numbered([*early, group("Install", expand(plan(), system), phase=Phase.INSTALL)]))


def durable_seconds(nodes: Sequence[Node], state: Path) -> float:
    """A run from when it is taken to its end: SQLite in the state folder, as the service has it."""
    database = open_database(state)
    try:
        system = lay(database, nodes)
        seconds = asyncio.run(_durable(database, system, state))
        if SqlJournal(database).load(RUN).run.state is not RunState.SUCCEEDED:
            raise WorkUndone(f"the run ended so: {SqlJournal(database).load(RUN).run.finding}")
    finally:
        database.close()
    return seconds


async def _durable(database: Database, system: SystemDescription, state: Path) -> float:
    nodes, http, payloads = SshNodes(SqlHostKeys(database)), HttpxProber(), FilePayloads(state)
    world = World(system, nodes, http, payloads, _no_feed, MachineClock())
    driver = Driver(SqlJournal(database), KINDS, lambda: world, Progress(), "bench")
    try:
        began = time.monotonic()
        await driver.drive(RUN)
        await nodes.close()
        return time.monotonic() - began
    finally:
        await nodes.close()
        await http.close()


def bare_seconds(nodes: Sequence[Node]) -> float:
    """One connection to each node of a batch, one session for each step, one batch after the other."""

    async def all_of_them() -> None:
        for start in range(0, len(nodes), AT_ONCE):
            await asyncio.gather(*(_bare(node) for node in nodes[start : start + AT_ONCE]))

    began = time.monotonic()
    asyncio.run(all_of_them())
    return time.monotonic() - began


async def _bare(node: Node) -> None:
    host_key = asyncssh.import_public_key(node.host_key or "")
    async with asyncssh.connect(
        node.address,
        node.port,
        config=None,
        username=node.user,
        client_keys=[node.key],
        agent_path=None,
        preferred_auth="publickey",
        known_hosts=([host_key], [], []),
    ) as connection:
        for number, item in enumerate(WORK, start=1):
            operation = Operation(f"{RUN}-{number}-1", 1, item.shell)
            mark = secrets.token_hex(8)
            said = await connection.run(
                wrapper.call("operate", mark, node, operation.id, operation.epoch),
                input=b"".join([chunk async for chunk in parcel(operation, mark)]),
                encoding=None,
            )
            if said.stdout != f"{mark} exit 0\n".encode():
                raise WorkUndone(f"{node.name} answered {said.stdout!r}, {said.stderr!r}")


def _no_feed(update: str) -> Feed:
    raise WorkUndone(f"nothing is downloaded here, but {update} was asked for")
