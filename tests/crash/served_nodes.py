"""Nodes that a process of their own plays: what random points are killed on, a tenth as costly as real ones.

The rules are those of ``simulators/nodes.py``, which passes the contract of real nodes: epochs, known
operations, attaching, earlier attempts that are ended. That process outlives the workers, which reach it over
a socket; scripts are run by a real shell in the node's folder, in a session of their own. Each operation that
it begins leaves a line in ``begun`` there: its epoch and its id.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import pickle
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from crash.fuse import EPOCH
from crash.processes import forked
from pitstop.model.errors import Unreachable
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.nodes import Answer, Operation
from simulators.nodes import Call, SimulatedNodes

BEGUN = "begun"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ServedNodes:
    """Implements :class:`pitstop.ports.nodes.NodeDriver`, by the process behind the socket."""

    socket: Path

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        return await self._call("ask", node, script, deadline=deadline)  # type: ignore[no-any-return]

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        return await self._call("operate", node, operation, deadline=deadline)  # type: ignore[no-any-return]

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        return await self._call("attach", node, operation, epoch=epoch, deadline=deadline)  # type: ignore[no-any-return]

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        return await self._call("abandon", node, operation, epoch=epoch)  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Nothing is held open."""

    async def befall(self, what: str, node: str) -> None:
        """What a test does to the node: ``unplug``, ``plug``, ``restart``."""
        await self._call(what, node)

    async def _call(self, verb: str, *args: object, **named: object) -> Any:
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError as error:
            raise Unreachable(f"the nodes are gone: {error}") from error
        try:
            writer.write(pickle.dumps((verb, args, named)))
            writer.write_eof()
            answer = pickle.loads(await reader.read())  # noqa: S301 - from our own process
        finally:
            writer.close()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def serving(system: SystemDescription, socket: Path) -> Iterator[None]:
    """A process that plays the nodes of this system, for as long as the block lasts."""
    process = forked(_serve, system, socket)
    try:
        limit = time.monotonic() + _START_SECONDS
        while not socket.exists():
            assert process.is_alive(), "the nodes have ended"
            assert time.monotonic() < limit, "the nodes do not start"
            time.sleep(0.005)
        yield
    finally:
        process.kill()


def _serve(system: SystemDescription, socket: Path) -> None:
    roots = {node.name: Path(node.root) for node in system.nodes}

    async def play() -> None:
        nodes = SimulatedNodes(lambda call: _run(roots[call.node], call))

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = await reader.read()
            try:
                verb, args, named = pickle.loads(asked)  # noqa: S301 - from our own process
            except (EOFError, pickle.UnpicklingError):  # who has asked was killed before it had said all
                return
            try:
                said = getattr(nodes, verb)(*args, **named)
                said = await said if inspect.isawaitable(said) else said
            except Exception as error:
                said = error
            with suppress(OSError):  # who has asked is dead
                writer.write(pickle.dumps(said))
                await writer.drain()
                writer.close()

        made = socket.with_suffix(".new")
        server = await asyncio.start_unix_server(answer, made)
        made.rename(socket)  # whoever sees it can connect
        await server.serve_forever()

    asyncio.run(play())


async def _run(root: Path, call: Call) -> Answer:
    notes = root / "notes"
    notes.mkdir(exist_ok=True)
    if call.operation is not None:
        with (root / BEGUN).open("a") as begun:
            begun.write(f"{call.environment.get(EPOCH, 0)} {call.operation}\n")
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", call.script),
        cwd=root,
        env={**os.environ, **call.environment, "PITSTOP_ROOT": str(root), "PITSTOP_NOTES": str(notes)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    return Answer(process.returncode or 0, said.decode(errors="replace"))
