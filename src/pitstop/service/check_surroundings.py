"""What checks see of the world: one for each round, in an event loop of its own.

Nodes are asked through connections of the round's own, as the least of all, so that no run waits for a check.
Each node is signed in to once; if that fails, the other checks of it do not try again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pitstop.checks.kind import CheckHabits, Drained, NotReached, Target
from pitstop.model.errors import PitstopError, Unreachable
from pitstop.model.runs import Run
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.checks import Integrity, Need, Said, ThisMachine
from pitstop.ports.clock import Clock
from pitstop.ports.deadlines import Deadline
from pitstop.ports.logs import NodeStreams
from pitstop.ports.records import Runs, SourceStatus

CONTACT = timedelta(seconds=20)
ANSWER = timedelta(seconds=30)
_KEPT_BYTES = 65_536
_MOST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class SystemMemory:
    """What the service remembers that checks ask for. Each blocks."""

    sources: Callable[[], Sequence[SourceStatus]]
    runs: Runs
    out_of_service: Callable[[Run], Mapping[str, Drained]]
    needs: Callable[[str | None], Sequence[Need]]
    integrity: Integrity


@dataclass(slots=True)
class Around:
    """Implements :class:`pitstop.checks.kind.Surroundings`.

    Attributes:
        update: the update that the checks are asked before; None: none.
    """

    system: SystemDescription
    habits: CheckHabits
    state_folder: str
    here: ThisMachine
    streams: NodeStreams
    memory: SystemMemory
    clock: Clock
    update: str | None = None
    _contacts: dict[str, asyncio.Task[timedelta]] = field(default_factory=dict)

    @property
    def machine(self) -> Target:
        return Target("machine", self.here.name)

    @property
    def integrity(self) -> Integrity:
        return self.memory.integrity

    def now(self) -> datetime:
        return self.clock.now()

    def sources(self) -> Sequence[SourceStatus]:
        return self.memory.sources()

    def runs(self) -> Sequence[Run]:
        return self.memory.runs.runs()

    def out_of_service(self, run: Run) -> Mapping[str, Drained]:
        return self.memory.out_of_service(run)

    def needs(self) -> Sequence[Need]:
        return self.memory.needs(self.update)

    async def contact(self, node: Node) -> timedelta:
        task = self._contacts.get(node.name)
        if task is None:
            task = self._contacts[node.name] = asyncio.create_task(self._sign_in(node))
        return await asyncio.shield(task)

    async def ask(self, target: Target, script: str, *, deadline: timedelta = ANSWER) -> Said:
        if target.node is None:
            return await self.here.ask(script, deadline=deadline)
        try:
            await self.contact(target.node)
        except PitstopError as error:
            raise NotReached(f"node {target.node.name} does not answer") from error
        return await self._stream(target.node, script, deadline)

    async def run(self, command: Sequence[str], *, deadline: timedelta) -> Said:
        return await self.here.run(command, deadline=deadline)

    async def _sign_in(self, node: Node) -> timedelta:
        begun = time.monotonic()
        await self._stream(node, ":", CONTACT)
        return timedelta(seconds=time.monotonic() - begun)

    async def _stream(self, node: Node, script: str, deadline: timedelta) -> Said:
        kept, seen = bytearray(), 0

        async def take(piece: bytes) -> bool:
            nonlocal seen
            seen += len(piece)
            kept.extend(piece[: max(0, _KEPT_BYTES - len(kept))])
            return seen <= _MOST_BYTES

        limit = Deadline(deadline)
        try:
            async with limit:
                ended = await self.streams.stream(node, script, take, deadline=2 * deadline)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unreachable(
                f"node {node.name} has not answered within {deadline.total_seconds():g} s",
                hint="See why it is slow: its load, its disks, the network on the way.",
            ) from error
        if ended.status is None:
            raise Unreachable(
                f"what it says does not end, after {seen} bytes", hint="See what prints so much there."
            )
        return Said(ended.status, kept.decode("utf-8", "replace").replace("\0", ""), ended.complaint)

    async def close(self) -> None:
        for task in self._contacts.values():
            task.cancel()
        await asyncio.gather(*self._contacts.values(), return_exceptions=True)
        await self.streams.close()
