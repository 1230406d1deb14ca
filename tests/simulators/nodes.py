"""Nodes in memory, with the semantics of the real ones: :class:`pitstop.ports.nodes.NodeDriver` for tests.

What a script does is decided by a function that is handed in; all else (epochs, known operations, attaching,
being cut short, being out of reach) is kept here, per node, and outlives the worker that acts: a task that
waits for an operation may be cancelled, as when its process is killed, and the operation goes on.

An operation whose function gives its answer at once has ended when it was started; one that gives an
awaitable runs until that is done.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from pitstop.model.errors import EpochLost, NodeFull, StepFailed, Unreachable
from pitstop.model.system import Node
from pitstop.ports.nodes import Answer, Operation, StagedFile


@dataclass(frozen=True, slots=True)
class Call:
    """A script that a node is to run. ``operation`` is the operation's id; None for a question."""

    node: str
    script: str
    operation: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[StagedFile] = ()


Does = Callable[[Call], Answer | Awaitable[Answer]]


def agrees(_call: Call) -> Answer:
    """Every script ends well and says nothing."""
    return Answer(0, "")


class _State:
    """What one node keeps. An operation's value is its answer, the task that runs it, or None: cut short."""

    def __init__(self) -> None:
        self.epoch = 0
        self.plugged = True
        self.full = False
        self.operations: dict[str, Answer | asyncio.Future[Answer] | None] = {}


class SimulatedNodes:
    """Any number of nodes; each is there from the first call on.

    Attributes:
        does: what scripts do; may be exchanged at any time.
        started: how often each operation was really begun, by node and operation id. Never above one.
        scripts: how often each script was really begun as an operation, by node and script.
        asked: how often each question was put, by node and script.
    """

    def __init__(self, does: Does = agrees) -> None:
        self.does = does
        self.started: Counter[tuple[str, str]] = Counter()
        self.scripts: Counter[tuple[str, str]] = Counter()
        self.asked: Counter[tuple[str, str]] = Counter()
        self._states: dict[str, _State] = {}

    # --- what a test does to nodes

    def unplug(self, node: str) -> None:
        """Out of reach from now on; what runs there goes on."""
        self._state(node).plugged = False

    def plug(self, node: str) -> None:
        self._state(node).plugged = True

    def fill(self, node: str, *, full: bool = True) -> None:
        """It has no room to write down a newer epoch, and so can do nothing for one."""
        self._state(node).full = full

    def restart(self, node: str) -> None:
        """All operations that run there are cut short."""
        state = self._state(node)
        for operation in state.operations:
            _cut_short(state, operation)

    def replace(self, node: str) -> None:
        """Another machine takes the node's place: it knows nothing of what was done before."""
        del self._states[node]

    def forget_end(self, node: str, operation: str) -> None:
        """The operation was cut short right before it would have left its exit status."""
        self._state(node).operations[operation] = None

    def epoch(self, node: str) -> int:
        """The highest epoch that the node has seen."""
        return self._state(node).epoch

    # --- NodeDriver

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        self._reached(node)
        self.asked[node.name, script] += 1
        answer = self.does(Call(node.name, script))
        if isinstance(answer, Answer):
            return answer
        return await self._within(node, _settled(answer), deadline)

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        await asyncio.sleep(0)
        state = self._entered(node, operation.epoch)
        if operation.id not in state.operations:
            self._end_earlier_attempts(state, operation.id)
            self._start(node, state, operation)
        await asyncio.sleep(0)
        answer = await self._end(node, operation.id, deadline)
        if answer is None:
            raise StepFailed(f"the operation was cut short on node {node.name}")
        return answer

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        await asyncio.sleep(0)
        state = self._entered(node, epoch)
        return await self._end(node, operation, deadline) if operation in state.operations else None

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        state = self._entered(node, epoch)
        if operation in state.operations:
            _cut_short(state, operation)
        return ""

    async def close(self) -> None:
        """Nothing is held open."""

    def _state(self, node: str) -> _State:
        return self._states.setdefault(node, _State())

    def _reached(self, node: Node) -> _State:
        state = self._state(node.name)
        if not state.plugged:
            raise Unreachable(f"node {node.name} cannot be reached: it is unplugged")
        return state

    def _entered(self, node: Node, epoch: int) -> _State:
        state = self._reached(node)
        if epoch < state.epoch:
            raise EpochLost(f"node {node.name} has seen epoch {state.epoch}; this worker has epoch {epoch}")
        if epoch > state.epoch and state.full:
            raise NodeFull(f"node {node.name} has no room")
        state.epoch = epoch
        return state

    def _start(self, node: Node, state: _State, operation: Operation) -> None:
        self.started[node.name, operation.id] += 1
        self.scripts[node.name, operation.script] += 1
        state.operations[operation.id] = None
        does = self.does(
            Call(node.name, operation.script, operation.id, operation.environment, operation.files)
        )
        state.operations[operation.id] = (
            asyncio.ensure_future(_settled(does)) if inspect.isawaitable(does) else does
        )

    def _end_earlier_attempts(self, state: _State, operation: str) -> None:
        step = operation.rpartition("-")[0]
        for known in state.operations:
            if known.rpartition("-")[0] == step:
                _cut_short(state, known)

    async def _end(self, node: Node, operation: str, deadline: timedelta) -> Answer | None:
        """The operation's end, waited for where it still runs."""
        found = self._state(node.name).operations[operation]
        if not isinstance(found, asyncio.Future):
            return found
        try:
            return await self._within(node, found, deadline)
        except asyncio.CancelledError:
            if found.cancelled():
                return None
            raise

    async def _within(self, node: Node, waiting: Awaitable[Answer], deadline: timedelta) -> Answer:
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), deadline.total_seconds())
        except TimeoutError as error:
            raise Unreachable(f"node {node.name} has not answered within {deadline}") from error


def _cut_short(state: _State, operation: str) -> None:
    """End it where it still runs, without a trace."""
    found = state.operations[operation]
    if isinstance(found, asyncio.Future) and not found.done():
        state.operations[operation] = None
        found.cancel()


async def _settled(answer: Awaitable[Answer]) -> Answer:
    return await answer
