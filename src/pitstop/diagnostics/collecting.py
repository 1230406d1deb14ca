"""Collecting a bundle: the service's log, the runs and the nodes side by side, each within its bounds.

Whatever cannot be had is in the result with the reason, and keeps nothing else from being collected: a node
that does not answer, a command that is not there, a file that is no text.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pitstop.diagnostics.budget import SPARE, Bounds, Room
from pitstop.diagnostics.bundle_file import BundleFile
from pitstop.diagnostics.disk import in_thread
from pitstop.diagnostics.index_page import index_page, result_json
from pitstop.diagnostics.machine_names import MachineNames, names_of
from pitstop.diagnostics.node_reading import NodeReading, What
from pitstop.diagnostics.own_logs import Evidence, runs, service_log
from pitstop.diagnostics.pseudonyms import Pseudonyms
from pitstop.diagnostics.redaction import Rules
from pitstop.diagnostics.work import Work
from pitstop.model.errors import InvalidInput, PitstopError
from pitstop.model.logs import Bundle, Collected, Outcome, Wanted
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.logs import FILE, Gathered, NodeStreams, Report

Reading = Coroutine[Any, Any, list[Collected]]


@dataclass(frozen=True, slots=True)
class LogCollector:
    """Implements :class:`pitstop.ports.logs.Collector`.

    Attributes:
        system: the system as it is declared now.
        what: what is read on nodes.
        own: the operator's patterns of secrets, by name.
        service_logs: the folder of the service's own log.
        people: names of users that are known to the service.
        spare: bytes of the disk that stay free.
    """

    streams: NodeStreams
    evidence: Evidence
    system: Callable[[], SystemDescription]
    service_logs: Path
    bounds: Bounds = field(default_factory=Bounds)
    what: What = field(default_factory=What)
    own: Mapping[str, bytes] = field(default_factory=dict)
    spare: int = SPARE
    people: Callable[[], Iterable[str]] = tuple

    def require(self, bundle: Bundle) -> None:
        wanted_nodes(self.system(), bundle.wanted)

    async def collect(self, bundle: Bundle, folder: Path, report: Report) -> Gathered:
        room = Room(folder, self.spare)
        room.require()
        system = self.system()
        nodes = wanted_nodes(system, bundle.wanted)
        names = await names_of(self.streams, nodes, self.bounds)
        file = BundleFile(folder / FILE)
        try:
            rules = await in_thread(partial(self._rules, bundle, system, names))
            work = Work(folder, file, rules, room, self.bounds)
            readings = list(self._readings(work, bundle.wanted, nodes, names))
            collected = await _all(readings, report)
            shown = [_shown(work, thing) for thing in collected]
            by = work.shown(bundle.by)
            await file.add_text("index.html", index_page(bundle, by, shown, work.counts()))
            await file.add_text("bundle.json", result_json(bundle, by, shown, work.counts()))
        finally:
            await file.close()
        return Gathered(tuple(collected), work.counts(), work.taken, work.seconds)

    def _rules(self, bundle: Bundle, system: SystemDescription, names: Mapping[str, MachineNames]) -> Rules:
        own = dict(self.own)
        if not bundle.wanted.pseudonyms:
            return Rules(own)
        hosts = {socket.gethostname(), *(node.name for node in system.nodes), system.name}
        hosts |= {node.address for node in system.nodes if not node.address[-1:].isdigit()}
        users = {bundle.by, *self.people()} | {node.user for node in system.nodes}
        for known in names.values():
            hosts |= known.hosts
            users |= known.users
        return Rules(own, Pseudonyms(hosts, users - {"pitstop"}))

    def _readings(
        self, work: Work, wanted: Wanted, nodes: Sequence[Node], names: Mapping[str, MachineNames]
    ) -> Sequence[Reading]:
        turns = asyncio.Semaphore(self.bounds.nodes_at_once)

        async def read(node: Node) -> list[Collected]:
            unreachable = names[node.name].unreachable
            if unreachable:
                note = work.shown(unreachable)
                return [Collected(f"node {node.name}", "everything", Outcome.FAILED, note=note)]
            async with turns:
                return await NodeReading(work, self.streams, self.what, wanted, node).everything()

        return [
            service_log(work, self.service_logs, wanted),
            runs(work, self.evidence, wanted),
            *(read(node) for node in nodes),
        ]


async def _all(readings: Sequence[Reading], report: Report) -> list[Collected]:
    """All readings side by side, in their order.

    Raises:
        NoSpace: there is no room; nothing more is read.
    """
    done = 0

    async def counted(reading: Reading) -> list[Collected]:
        nonlocal done
        collected = await reading
        done += 1
        report(done, len(readings))
        return collected

    report(0, len(readings))
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(counted(reading)) for reading in readings]
    except ExceptionGroup as group:
        raise _first(group) from None
    return [thing for task in tasks for thing in task.result()]


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The first single error in it; one of ours before one that nobody expects."""
    single = [_first(error) if isinstance(error, ExceptionGroup) else error for error in group.exceptions]
    return next((error for error in single if isinstance(error, PitstopError)), single[0])


def _shown(work: Work, thing: Collected) -> Collected:
    """As the bundle itself may name it."""
    return Collected(
        work.shown(thing.origin),
        work.shown(thing.name),
        thing.outcome,
        thing.member,
        thing.lines,
        thing.size,
        work.shown(thing.note),
    )


def wanted_nodes(system: SystemDescription, wanted: Wanted) -> tuple[Node, ...]:
    """The nodes that are wanted, in declared order.

    Raises:
        InvalidInput: there is no such node, or none of such a role.
    """
    for name in wanted.nodes:
        if system.node(name) is None:
            there = ", ".join(node.name for node in system.nodes)
            raise InvalidInput(f"there is no node {name}", hint=f"The nodes are {there}.")
    for role in wanted.roles:
        if not system.with_role(role):
            there = ", ".join(sorted({role for node in system.nodes for role in node.roles}))
            raise InvalidInput(f"no node has the role {role}", hint=f"The roles are {there}.")
    if not wanted.nodes and not wanted.roles:
        return system.nodes
    named = {*wanted.nodes, *(node.name for role in wanted.roles for node in system.with_role(role))}
    return tuple(node for node in system.nodes if node.name in named)
