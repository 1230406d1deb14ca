"""Reading from nodes over SSH, apart from what runs do: :class:`pitstop.ports.logs.NodeStreams`.

The connections are of its own, so that no run waits for one of their sessions. What is read runs on the node
as the least of all (``nice``, and ``ionice`` where there is one), is ended there by ``timeout`` even if we
are gone, and all nodes together send no more a second than the limit.
"""

from __future__ import annotations

import asyncio
import math
import shlex
from contextlib import suppress
from datetime import timedelta

import asyncssh

from pitstop.model.errors import Unreachable
from pitstop.model.system import Node
from pitstop.nodes.links import Links
from pitstop.nodes.signing_in import LinkLost
from pitstop.nodes.wrapper import as_root, root_of
from pitstop.ports.deadlines import Deadline
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.logs import Streamed, Take

_READ_BYTES = 131_072
_COMPLAINT_BYTES = 2_048
_LEAST = """cd "${PITSTOP_ROOT:-/}" || exit
first="nice -n 19"
command -v ionice >/dev/null 2>&1 && ionice -c 3 true 2>/dev/null && first="ionice -c 3 $first"
command -v timeout >/dev/null 2>&1 && first="$first timeout -k 5 $1"
exec $first /bin/sh -c "$2"
"""


class SshStreams:
    """One for an event loop.

    Args:
        bandwidth: bytes a second for all nodes together; None: no limit.
    """

    def __init__(self, host_keys: HostKeys, bandwidth: int | None = None) -> None:
        self._links = Links(host_keys)
        self._pace = _Pace(bandwidth)

    async def stream(self, node: Node, script: str, take: Take, *, deadline: timedelta) -> Streamed:
        limit = Deadline(deadline)
        try:
            async with limit:
                return await self._stream(node, _command(node, script, deadline), take)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unreachable(
                f"node {node.name} has not brought it within {deadline}",
                hint="Ask for a shorter span or fewer files, or see why the node is slow.",
            ) from error

    async def _stream(self, node: Node, command: str, take: Take) -> Streamed:
        async with self._links.session(node) as connection:
            process = await connection.create_process(command, encoding=None, stdin=asyncssh.DEVNULL)
            complaint = bytearray()
            hearing = asyncio.create_task(_hear(process.stderr, complaint))
            try:
                is_whole = await self._pass_on(process.stdout, take)
                if is_whole:
                    await hearing
                    await process.wait_closed()
            finally:
                hearing.cancel()
                with suppress(OSError, asyncssh.Error):
                    process.terminate()  # where the server knows how; else `timeout` ends it
                    process.close()
        if not is_whole:
            return Streamed(None)
        if process.returncode is None:
            raise LinkLost(f"the connection to node {node.name} was lost")
        return Streamed(process.returncode, complaint.decode("utf-8", "replace").strip())

    async def _pass_on(self, source: asyncssh.SSHReader[bytes], take: Take) -> bool:
        """Whether all was taken."""
        while piece := await source.read(_READ_BYTES):
            await self._pace.take(len(piece))
            if not await take(piece):
                return False
        return True

    async def close(self) -> None:
        await self._links.close()


class _Pace:
    """Bytes a second for all together."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._free_at = 0.0

    async def take(self, count: int) -> None:
        """Wait until these bytes may have come."""
        if self._limit is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + count / self._limit
        await asyncio.sleep(self._free_at - now)


async def _hear(stream: asyncssh.SSHReader[bytes], kept: bytearray) -> None:
    while piece := await stream.read(_READ_BYTES):
        kept += piece
        del kept[:-_COMPLAINT_BYTES]


def _command(node: Node, script: str, deadline: timedelta) -> str:
    seconds = str(math.ceil(deadline.total_seconds()) + 1)
    root = f"PITSTOP_ROOT={root_of(node)}"
    return shlex.join([*as_root(node), "env", root, "/bin/sh", "-c", _LEAST, "pitstop-logs", seconds, script])
