"""Nodes that are folders of this machine: the node's real side (``operation.sh``), without SSH.

What keeps epochs, knows operations and runs them detached is the same shell text that goes over SSH; only the
way there is another: a child process in place of a connection. The child is left alone when its parent is
killed, as the far end of a connection is.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

from pitstop.model.errors import EpochLost, StepFailed, Unreachable
from pitstop.model.system import Node
from pitstop.nodes import wrapper
from pitstop.nodes.parcel import parcel, text
from pitstop.nodes.wrapper import Reply, Transcript
from pitstop.ports.nodes import Answer, Operation

_ABANDON_DEADLINE = timedelta(seconds=60)


class LocalNodes:
    """Implements :class:`pitstop.ports.nodes.NodeDriver`."""

    async def ask(self, node: Node, script: str, *, deadline: timedelta) -> Answer:
        mark = _new_mark()
        command = wrapper.question(mark, node, deadline)
        reply, status = await _talk(node, command, mark, text(script), deadline)
        return Answer(status, reply.output)

    async def operate(self, node: Node, operation: Operation, *, deadline: timedelta) -> Answer:
        mark = _new_mark()
        sent = b"".join([chunk async for chunk in parcel(operation, mark)])
        command = wrapper.call("operate", mark, node, operation.id, operation.epoch)
        answer = _ended(await _fenced(node, command, mark, sent, deadline))
        if answer is None:
            raise StepFailed(f"the operation was cut short on node {node.name}")
        return answer

    async def attach(self, node: Node, operation: str, *, epoch: int, deadline: timedelta) -> Answer | None:
        mark = _new_mark()
        command = wrapper.call("attach", mark, node, operation, epoch)
        return _ended(await _fenced(node, command, mark, b"", deadline))

    async def abandon(self, node: Node, operation: str, *, epoch: int) -> str:
        mark = _new_mark()
        command = wrapper.call("abandon", mark, node, operation, epoch)
        return (await _fenced(node, command, mark, b"", _ABANDON_DEADLINE)).output

    async def close(self) -> None:
        """Nothing is held open."""


def _new_mark() -> str:
    return f"pitstop-{secrets.token_hex(8)}"


def _ended(reply: Reply) -> Answer | None:
    return Answer(reply.number, reply.output) if reply.word == "exit" else None


async def _fenced(node: Node, command: str, mark: str, sent: bytes, deadline: timedelta) -> Reply:
    reply, _ = await _talk(node, command, mark, sent, deadline)
    if reply.word == "stale":
        raise EpochLost(f"node {node.name} has seen epoch {reply.number}, above this worker's")
    return reply


async def _talk(node: Node, command: str, mark: str, sent: bytes, deadline: timedelta) -> tuple[Reply, int]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        said, complaints = await asyncio.wait_for(process.communicate(sent), deadline.total_seconds())
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Unreachable(f"node {node.name} has not answered within {deadline}") from error
    transcript = Transcript(mark)
    transcript.take(said)
    reply = transcript.reply()
    if reply is None:
        raise StepFailed(f"node {node.name} cannot do its part: {complaints.decode(errors='replace')}")
    return reply, process.returncode or 0
