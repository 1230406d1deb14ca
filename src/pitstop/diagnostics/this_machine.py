"""Programs on the service's own machine, asked by checks: :class:`pitstop.ports.checks.ThisMachine`.

What is run may hang, print without end, leave children behind or be no program at all. It runs in a session
of its own, as the least of all; so much of its output is kept, the rest is read and thrown away; and when it
has ended, or its time is over, its whole session is ended.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from pitstop.model.errors import NotFound, Unreachable
from pitstop.ports.checks import Said
from pitstop.ports.deadlines import Deadline

_KEPT_BYTES = 65_536
_READ_BYTES = 65_536
_GRACE_SECONDS = 0.5
"""After a program has ended, what it has started may hold its output open for so long."""


class LocalMachine:
    """Implements :class:`pitstop.ports.checks.ThisMachine`."""

    @property
    def name(self) -> str:
        return socket.gethostname()

    async def ask(self, script: str, *, deadline: timedelta) -> Said:
        return await self.run(["/bin/sh", "-c", script], deadline=deadline)

    async def run(self, command: Sequence[str], *, deadline: timedelta) -> Said:
        limit = Deadline(deadline)
        process = await _started(command)
        try:
            async with limit:
                return await _said(process)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unreachable(
                f"{command[0]} has not ended within {deadline.total_seconds():g} s",
                hint="See what it waits for, by running it by hand.",
            ) from error
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _started(command: Sequence[str]) -> Process:
    least = ["nice", "-n", "19"] if shutil.which("nice") else []
    if shutil.which(command[0]) is None:
        raise NotFound(
            f"{command[0]} is not there, or may not be run", hint="See that the file is there and executable."
        )
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PITSTOP_ROOT": "",
    }
    return await asyncio.create_subprocess_exec(
        *least,
        *command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd="/",
        env=environment,
        start_new_session=True,
    )


async def _said(process: Process) -> Said:
    """All that it says until its end."""
    kept = (bytearray(), bytearray())
    pipes = (process.stdout, process.stderr)
    reading = [
        asyncio.create_task(_take(pipe, part))
        for pipe, part in zip(pipes, kept, strict=True)
        if pipe is not None
    ]
    try:
        status = await process.wait()
        await asyncio.wait(reading, timeout=_GRACE_SECONDS)
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    return Said(status, *(_text(part) for part in kept))


async def _take(pipe: asyncio.StreamReader, kept: bytearray) -> None:
    while piece := await pipe.read(_READ_BYTES):
        kept += piece[: max(0, _KEPT_BYTES - len(kept))]


def _text(raw: bytearray) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "")
