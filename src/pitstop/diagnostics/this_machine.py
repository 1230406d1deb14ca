"""Programs on the service's own machine, asked by checks: :class:`pitstop.ports.checks.ThisMachine`.

What is run may hang, print without end, leave children behind or be no program at all. It runs in a session
of its own, as the least of all; so much of its output is kept, the rest is read and thrown away; and when it
has ended, or its time is over, its whole session is ended.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from pitstop.checks.threads import in_thread
from pitstop.model.errors import NotFound, Unreachable
from pitstop.ports.checks import Said

_KEPT_BYTES = 65_536
_READ_BYTES = 65_536
_LOOK_SECONDS = 0.2
_NAP_SECONDS = 0.02
_GRACE_SECONDS = 0.5
"""After a program has ended, what it has started may hold its output open for so long."""
_LAST_SECONDS = 5.0
"""So long the end of a program is waited for that was killed: one that the kernel holds is left."""


class LocalMachine:
    """Implements :class:`pitstop.ports.checks.ThisMachine`."""

    @property
    def name(self) -> str:
        return socket.gethostname()

    async def ask(self, script: str, *, deadline: timedelta) -> Said:
        return await self.run(["/bin/sh", "-c", script], deadline=deadline)

    async def run(self, command: Sequence[str], *, deadline: timedelta) -> Said:
        return await in_thread(lambda: _run(command, deadline.total_seconds()))


def _run(command: Sequence[str], seconds: float) -> Said:
    until = time.monotonic() + seconds
    process = _started(command)
    try:
        kept = _heard(process, until)
        has_ended = _has_ended(process)
    finally:
        _end(process)
    if not has_ended:
        raise Unreachable(
            f"{command[0]} has not ended within {seconds:g} s",
            hint="See what it waits for, by running it by hand.",
        )
    return Said(process.returncode, *(_text(part) for part in kept))


def _started(command: Sequence[str]) -> Popen[bytes]:
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
    return Popen(
        [*least, *command],
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd="/",
        env=environment,
        start_new_session=True,
    )


def _heard(process: Popen[bytes], until: float) -> tuple[bytearray, bytearray]:
    """What it says on both its outputs until it has ended, or its time is over."""
    kept = (bytearray(), bytearray())
    with selectors.DefaultSelector() as selector:
        for pipe, part in zip((process.stdout, process.stderr), kept, strict=True):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, part)
        while time.monotonic() < until and (selector.get_map() or not _has_ended(process)):
            if _has_ended(process):
                until = min(until, time.monotonic() + _GRACE_SECONDS)
            if not selector.get_map():
                time.sleep(_NAP_SECONDS)
            for key, _ in selector.select(_LOOK_SECONDS) if selector.get_map() else ():
                piece = os.read(key.fd, _READ_BYTES)
                if not piece:
                    selector.unregister(key.fileobj)
                key.data.extend(piece[: max(0, _KEPT_BYTES - len(key.data))])
    return kept


def _has_ended(process: Popen[bytes]) -> bool:
    """Without taking leave of it: so long its number, and that of its session, are nobody else's."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, flags) is not None


def _end(process: Popen[bytes]) -> None:
    """With all of its session, if it has not ended by itself; then take leave of it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutExpired):
        process.wait(_LAST_SECONDS)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _text(raw: bytearray) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "")
