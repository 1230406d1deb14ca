"""Acting on nodes over SSH: :class:`pitstop.ports.nodes.NodeDriver` for real machines.

No operation hangs on its connection: it runs detached on the node (``operation.sh``), and a connection that
waits for it may break and be made anew until the deadline. One round trip starts an operation, waits for its
end and brings its answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from enum import Enum, auto
from typing import TypeVar

import asyncssh

from pitstop.model.errors import EpochLost, NodeFull, StepFailed, Unreachable
from pitstop.model.system import CONNECTIONS_AT_ONCE, Become, Node
from pitstop.nodes import wrapper
from pitstop.nodes.links import Links
from pitstop.nodes.pacing import Pacing
from pitstop.nodes.parcel import parcel, text
from pitstop.nodes.signing_in import LinkLost, NoLink
from pitstop.nodes.wrapper import Complaints, Reply, Transcript
from pitstop.ports.deadlines import Deadline
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.nodes import Answer, Operation

T = TypeVar("T")

_FULL = "No space left on device"
"""What the programs of a node say of a full disk; they are run in one locale."""

_READ_BYTES = 65_536
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_ABANDON_DEADLINE = timedelta(seconds=60)

SUDO_HINT = (
    "Let the node's user become root without a password, in /etc/sudoers.d on the node: "
    "`USER ALL=(root) NOPASSWD: ALL`."
)
UNFIT_HINT = (
    "A node needs a POSIX shell, coreutils, tar, find and util-linux, its root folder, and room below "
    "var/lib there. Mend what the message names, then try again."
)


class SshNodes:
    """Reaches nodes over SSH; one for an event loop.

    Args:
        at_once: so many nodes are connected to at once.
    """

    def __init__(self, host_keys: HostKeys, at_once: int = CONNECTIONS_AT_ONCE) -> None:
        self._links = Links(host_keys, at_once)
        self._pacing = Pacing()

    @property
    def connected(self) -> int:
        """How many nodes there is a connection to now."""
        return self._links.connected

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        async def once() -> tuple[Reply, int]:
            mark = _new_mark()
            return await self._talk(node, wrapper.question(mark, node, deadline), mark, _one(text(script)))

        async with _within(node, deadline):
            reply, status = await _insist(once, _Patience.NEVER)
        return Answer(status, reply.output)

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        """As the port says. A node that cannot be reached at all is said at once: nothing was begun there.

        Raises:
            StepFailed: the operation was cut short (the node was restarted), or the node cannot take it.
        """

        async def once() -> Reply:
            def sending(mark: str) -> AsyncIterator[bytes]:
                return self._pacing.paced(parcel(operation, mark), operation.share)

            return await self._fenced("operate", node, operation.id, operation.epoch, sending)

        async with _within(node, deadline):
            reply = await _insist(once, _Patience.ONCE_BEGUN)
        answer = _ended(reply)
        if answer is None:
            raise StepFailed(
                f"the operation was cut short on node {node.name}: it is gone and has left no exit status",
                hint="The node was restarted, or somebody ended it. Resume the run: the step is probed, "
                "and done again where it is not done.",
            )
        return answer

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        async def once() -> Reply:
            return await self._fenced("attach", node, operation, epoch)

        async with _within(node, deadline):
            return _ended(await _insist(once, _Patience.ALWAYS))

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        async def once() -> Reply:
            return await self._fenced("abandon", node, operation, epoch)

        async with _within(node, _ABANDON_DEADLINE):
            return (await _insist(once, _Patience.NEVER)).output

    async def close(self) -> None:
        await self._links.close()

    async def _fenced(
        self,
        verb: str,
        node: Node,
        operation: str,
        epoch: int,
        sending: Callable[[str], AsyncIterator[bytes]] = lambda _mark: _one(b""),
    ) -> Reply:
        """``sending``: what goes along, given the call's mark."""
        mark = _new_mark()
        call = wrapper.call(verb, mark, node, operation, epoch)
        reply, _ = await self._talk(node, call, mark, sending(mark))
        if reply.word == "stale":
            raise EpochLost(f"node {node.name} has seen epoch {reply.number}; this worker has epoch {epoch}")
        return reply

    async def _talk(
        self, node: Node, command: str, mark: str, sending: AsyncIterator[bytes]
    ) -> tuple[Reply, int]:
        """One command on the node, from its beginning to its end: the reply and the exit status.

        Raises:
            LinkLost: the connection broke before the command's end.
            StepFailed: the node cannot do its part.
        """
        transcript, complaints = Transcript(mark), Complaints()
        async with self._links.session(node) as connection:
            process = await connection.create_process(command, encoding=None)
            hearing = asyncio.gather(
                _hear(process.stdout, transcript.take), _hear(process.stderr, complaints.take)
            )
            try:
                await _send(process.stdin, sending)
                await hearing
                await process.wait_closed()
            finally:
                hearing.cancel()
                process.close()
        status = process.returncode
        if status is None:
            raise LinkLost(f"the connection to node {node.name} was lost")
        reply = transcript.reply()
        if reply is None:
            said = complaints.said()
            if _FULL in said:
                raise NodeFull(f"node {node.name} has no room for what the step sends it: {said}")
            hint = SUDO_HINT if node.become is Become.SUDO and "sudo:" in said else UNFIT_HINT
            raise StepFailed(f"node {node.name} cannot do its part: {said}", hint=hint)
        return reply, status


async def _send(stdin: asyncssh.SSHWriter[bytes], sending: AsyncIterator[bytes]) -> None:
    """Send all, as fast as it is taken. A node that does not want it (more) will say why on its own."""
    async for chunk in sending:
        try:
            stdin.write(chunk)
            await stdin.drain()
        except (OSError, asyncssh.Error):
            return
    with suppress(OSError, asyncssh.Error):
        stdin.write_eof()


async def _hear(stream: asyncssh.SSHReader[bytes], take: Callable[[bytes], None]) -> None:
    while chunk := await stream.read(_READ_BYTES):
        take(chunk)


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


class _Patience(Enum):
    """When to wait for a connection that cannot be made."""

    NEVER = auto()
    ONCE_BEGUN = auto()
    ALWAYS = auto()


async def _insist(once: Callable[[], Awaitable[T]], patience: _Patience) -> T:
    """Do it; where the link breaks meanwhile, do it again (each call bears that). The caller sets the limit.

    Raises:
        NoLink: no connection could be made, and there is nothing to wait for.
    """
    pause, waits = _FIRST_PAUSE_SECONDS, patience is _Patience.ALWAYS
    while True:
        try:
            return await once()
        except NoLink:
            if not waits:
                raise
        except LinkLost:
            waits = patience is not _Patience.NEVER
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _ended(reply: Reply) -> Answer | None:
    return Answer(reply.number, reply.output) if reply.word == "exit" else None


def _new_mark() -> str:
    return f"pitstop-{secrets.token_hex(8)}"


@asynccontextmanager
async def _within(node: Node, deadline: timedelta) -> AsyncIterator[None]:
    limit = Deadline(deadline)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Unreachable(
            f"node {node.name} has not answered within {deadline}",
            hint="Check that the node runs and can be reached; what was begun there may still go on.",
        ) from error
