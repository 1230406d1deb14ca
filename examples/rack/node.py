"""One node of the rack: an operating-system process with an SSH server, and Lantern started beside it.

It stands for a whole machine. Its start is the boot (Lantern is started by its init script), SIGTERM takes
the power (all that runs on the node ends), SIGHUP restarts it: same process, new ``run/boot_id``.

The SSH server answers ``exec`` requests with ``sh -c`` in the node's folder, as OpenSSH's does where it
matters: the channel stays open until the command has ended *and* nobody holds its output open; when the
connection breaks, what runs goes on. Standard input streams with back-pressure: no more of it is held in
memory than the window of the channel.

    python -m rack.node NAME ROOT PORT [--detach]

With ``--detach`` the command returns when the node is up: 0, or 3 if only Lantern is not, or 1 if nothing is;
the reason is on standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh

from rack import layout, power
from rack.nodes_file import ADDRESS, RackError

UP, NOT_UP, LANTERN_NOT_UP = 0, 1, 3
CANNOT_START = 126
"""What a shell ends with if it finds a command but cannot run it."""

PORT_PATIENCE_SECONDS = 2.0
CHUNK_BYTES = 65536
SIGNAL_SETTLES_SECONDS = 0.2
"""Between the order to restart and its doing, so that the one who gave it sees it end well."""

Report = Callable[[int, str], None]
"""Told once, when the node is up or cannot get up: an exit status and a reason."""


@dataclass(frozen=True)
class Machine:
    """What a node process is told."""

    name: str
    root: Path
    port: int


class Commands:
    """The commands that run on the node over SSH.

    They are held here and not by their connection: a process that nobody holds is killed by asyncio when it
    is collected, and a connection that breaks cancels its tasks.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: set[asyncio.Task[None]] = set()

    def take(self, channel: asyncssh.SSHServerProcess[bytes]) -> None:
        task = asyncio.get_running_loop().create_task(self._run(channel))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, channel: asyncssh.SSHServerProcess[bytes]) -> None:
        if channel.command is None:
            channel.stderr.write(b"this node runs commands only, it has no interactive shell\n")
            channel.exit(1)
            return
        try:
            command = await shell(channel.command, self._root)
        except OSError as error:
            channel.stderr.write(f"the command cannot be started: {error}\n".encode())
            say_end(channel, CANNOT_START)
            return
        stdin = cast(asyncio.StreamWriter, command.stdin)
        feeding = asyncio.create_task(feed(channel.stdin, stdin))
        await asyncio.gather(
            pass_on(cast(asyncio.StreamReader, command.stdout), channel.stdout),
            pass_on(cast(asyncio.StreamReader, command.stderr), channel.stderr),
            command.wait(),
        )
        feeding.cancel()
        stdin.close()
        say_end(channel, command.returncode or 0)


async def shell(command: str, root: Path) -> asyncio.subprocess.Process:
    """The command in a shell on the node, in a session of its own, with pipes to its three streams."""
    return await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=root,
        env=layout.environment(root),
        start_new_session=True,
    )


async def feed(source: asyncssh.SSHReader[bytes], sink: asyncio.StreamWriter) -> None:
    """Give the command what comes over the wire, as fast as it reads it, then its end."""
    with contextlib.suppress(ConnectionError, asyncssh.Error):  # it closed its input, or the link broke
        while True:
            try:
                chunk = await source.read(CHUNK_BYTES)
            except (asyncssh.SignalReceived, asyncssh.BreakReceived):  # not supported, and no end of input
                continue
            if not chunk:
                break
            sink.write(chunk)
            await sink.drain()
    sink.close()


async def pass_on(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    """Send what the command writes, as fast as it is taken; read on, to nowhere, once the link is broken."""
    linked = True
    while chunk := await source.read(CHUNK_BYTES):
        if linked:
            try:
                sink.write(chunk)
                await sink.drain()
            except (OSError, asyncssh.Error):
                linked = False


def say_end(channel: asyncssh.SSHServerProcess[bytes], status: int) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):  # the link may be broken
        if status < 0:
            channel.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            channel.exit(status)


async def listen(machine: Machine, commands: Commands) -> asyncssh.SSHAcceptor:
    """Listen on the node's own port; if it is taken, try for some seconds, then say so."""
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        try:
            return await asyncssh.listen(
                ADDRESS,
                machine.port,
                server_host_keys=[str(machine.root / layout.HOST_KEY)],
                authorized_client_keys=str(machine.root / layout.AUTHORIZED_KEYS),
                process_factory=commands.take,
                encoding=None,
                allow_pty=False,
                agent_forwarding=False,
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > deadline:
                raise RackError(
                    f"port {machine.port} is taken by another program; end that, or make the rack anew"
                ) from error
        await asyncio.sleep(0.2)


async def start_lantern(root: Path) -> tuple[int, str]:
    """Start Lantern as the boot of a machine does; what was said, if it does not answer."""
    script = await asyncio.create_subprocess_exec(
        "sh",
        root / layout.INIT_SCRIPT,
        "start",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=layout.environment(root),
    )
    _, said = await script.communicate()
    return (UP, "") if script.returncode == 0 else (LANTERN_NOT_UP, said.decode("utf-8", "replace").strip())


async def live(machine: Machine, report: Report) -> signal.Signals:
    """Boot, report, and serve until a signal comes; gives the signal."""
    ending: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, settle, ending, number)
    (machine.root / layout.BOOT_ID).write_text(f"{uuid.uuid4()}\n", encoding="ascii")
    acceptor = await listen(machine, Commands(machine.root))
    report(*await start_lantern(machine.root))
    number = await ending
    if number is signal.SIGHUP:
        await asyncio.sleep(SIGNAL_SETTLES_SECONDS)
    acceptor.close()  # not waited for: from Python 3.12 on that waits for every connection to end
    return number


def settle(ending: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not ending.done():
        ending.set_result(number)


def run(machine: Machine, report: Report, lock: int | None = None) -> int:
    """The life of a node from power on to power off.

    After a restart the next life is led by the same process under the same lock, so that there is no moment
    in which a restarting node looks as if it were off.
    """
    lock = lock or power.take_lock(machine.root)
    if lock is None:
        report(NOT_UP, f"it runs already (process {power.server_of(machine.root)})")
        return NOT_UP
    try:
        number = asyncio.run(live(machine, report))
    except (OSError, RackError, asyncssh.Error, ValueError) as error:
        report(NOT_UP, str(error))
        return NOT_UP
    power.cut_power(machine.root)
    if number is signal.SIGHUP:
        os.set_inheritable(lock, True)
        again = ["-m", "rack.node", machine.name, str(machine.root), str(machine.port), f"--lock={lock}"]
        os.execv(sys.executable, [sys.executable, *again])  # noqa: S606 - a restart keeps the process
    return UP


def detach(log: Path) -> Report:
    """Go on as a child in a session of its own; the parent ends with the status and reason reported."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        with open(reader, "rb") as pipe:  # noqa: PTH123 - a pipe has no path
            status, _, reason = pipe.read().decode("utf-8", "replace").partition(" ")
        print(reason, end="", file=sys.stderr)
        sys.stderr.flush()
        os._exit(int(status or NOT_UP))
    os.close(reader)
    os.setsid()
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(os.devnull, "rb") as nothing, log.open("ab") as written:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)

    def report(status: int, reason: str) -> None:
        to_log(status, reason)
        os.write(writer, f"{status} {reason}".encode())
        os.close(writer)

    return report


def to_log(_status: int, reason: str) -> None:
    if reason:
        print(reason, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rack.node", description="one node of the demo's rack")
    parser.add_argument("name")
    parser.add_argument("root", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--detach", action="store_true", help="return when the node is up")
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)
    told = parser.parse_args()
    report = detach(told.root / layout.SSHD_LOG) if told.detach else to_log
    return run(Machine(told.name, told.root, told.port), report, told.lock)


if __name__ == "__main__":
    sys.exit(main())
