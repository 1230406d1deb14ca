"""A node for tests: a real SSH server on the loopback, with a folder for its file system.

It does as OpenSSH's where it matters: the channel stays open until the command has ended and nobody holds its
output open, and when the connection breaks, what runs goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import asyncssh

from pitstop.model.system import Node

_CHUNK = 65_536


def make_key(path: Path) -> str:
    """A new private key in ``path``; gives its public half as one line."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.parent.mkdir(parents=True, exist_ok=True)
    key.write_private_key(str(path))
    path.chmod(0o600)
    return " ".join(key.export_public_key().decode("ascii").split()[:2])


class SshServer:
    """One node's SSH server.

    Attributes:
        authorized: the file with the keys that are let in; it is read at each sign-in.
        operator_key: the file of the key that nodes are reached with.
        commands: the commands that were begun, as they came.
        environment: what commands find in their environment beside ``PATH`` and ``HOME``.
        greeting: what the login shell says before each command, as a careless profile does.
    """

    def __init__(self, folder: Path, name: str = "n1", environment: Mapping[str, str] | None = None) -> None:
        self.root = folder / name
        self.root.mkdir(parents=True)
        self.operator_key = folder / "keys" / name
        self.authorized = folder / "keys" / f"{name}-let-in"
        self.authorized.parent.mkdir(exist_ok=True)
        self.authorized.write_text(make_key(self.operator_key) + "\n")
        self._host_key = folder / "keys" / f"{name}-host"
        self.host_line = make_key(self._host_key)
        self.name = name
        self.port = 0
        self.greeting = ""
        self.commands: list[str] = []
        self.environment = dict(environment or {})
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.subprocess.Process] = set()

    def node(self, *, pinned: bool = True) -> Node:
        return Node(
            self.name,
            "127.0.0.1",
            port=self.port,
            user="operator",
            key=str(self.operator_key),
            host_key=self.host_line if pinned else None,
            root=str(self.root),
        )

    async def plug(self) -> None:
        """Take connections; on the same port as before, once there is one."""
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            reuse_address=True,
            server_factory=lambda: _Server(self._connections, self.authorized),
            server_host_keys=[str(self._host_key)],
            process_factory=self._take,
            encoding=None,
        )
        self.port = self._acceptor.get_port()

    async def unplug(self) -> None:
        """Take no connections any more, and break those there are; what runs on the node goes on."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None
        self.cut()

    def cut(self) -> None:
        """Break all connections."""
        for connection in list(self._connections):
            connection.abort()

    def change_host_key(self) -> None:
        """As a machine does that is installed anew; from the next ``plug`` on."""
        make_key(self._host_key)

    async def close(self) -> None:
        """Take the power: what runs on the node ends."""
        await self.unplug()
        self.end_operations()
        for command in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(command.pid, signal.SIGKILL)
        await asyncio.gather(*self._tasks)
        await asyncio.sleep(0)

    def end_operations(self) -> None:
        """As a restart of the machine does: runner and script of each end without a trace."""
        for file in self.root.glob("var/lib/pitstop-node/operations/*/pid"):
            if _is_locked(file.with_name("running")):
                os.killpg(int(file.read_text()), signal.SIGKILL)

    async def has_begun(self, words: str) -> None:
        """Wait until a command with these words was begun."""
        async with asyncio.timeout(20):
            while not any(words in command for command in self.commands):  # noqa: ASYNC110 - as they come
                await asyncio.sleep(0.02)

    def _take(self, channel: asyncssh.SSHServerProcess[bytes]) -> None:
        task = asyncio.get_running_loop().create_task(self._run(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, channel: asyncssh.SSHServerProcess[bytes]) -> None:
        self.commands.append(channel.command or "")
        command = await asyncio.create_subprocess_exec(
            "/bin/bash",
            "-c",
            self.greeting + (channel.command or ""),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(self.root), **self.environment},
            start_new_session=True,
        )
        self._running.add(command)
        assert command.stdin is not None
        assert command.stdout is not None
        assert command.stderr is not None
        feeding = asyncio.create_task(_feed(channel.stdin, command.stdin))
        await asyncio.gather(
            _pass_on(command.stdout, channel.stdout), _pass_on(command.stderr, channel.stderr), command.wait()
        )
        self._running.discard(command)
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        with contextlib.suppress(OSError, asyncssh.Error):
            channel.exit(command.returncode or 0)


class _Server(asyncssh.SSHServer):
    """Notes its connection, so that it can be broken."""

    def __init__(self, connections: set[asyncssh.SSHServerConnection], authorized: Path) -> None:
        self._connections = connections
        self._authorized = authorized
        self._mine: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._mine = conn
        self._connections.add(conn)

    def begin_auth(self, username: str) -> bool:
        """By the keys that are let in now."""
        if self._mine is not None:
            self._mine.set_authorized_keys(str(self._authorized))
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._mine is not None:
            self._connections.discard(self._mine)


def _is_locked(file: Path) -> bool:
    """Whether the operation's runner lives: only then its process number is still its own."""
    with file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


async def _feed(source: asyncssh.SSHReader[bytes], sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    sink.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    linked = True
    while chunk := await source.read(_CHUNK):
        if linked:
            try:
                sink.write(chunk)
                await sink.drain()
            except (OSError, asyncssh.Error):
                linked = False


@contextlib.asynccontextmanager
async def ssh_server(
    folder: Path, name: str = "n1", environment: Mapping[str, str] | None = None
) -> AsyncIterator[SshServer]:
    """A server that takes connections."""
    server = SshServer(folder, name, environment)
    await server.plug()
    try:
        yield server
    finally:
        await server.close()


class RunningServer:
    """A server in a thread and a loop of its own, as another machine's is: for those who block."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.server = SshServer(folder, environment=environment)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self._do(self.server.plug())

    def stop(self) -> None:
        self._do(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def install_anew(self) -> None:
        """From now on it shows another host key."""
        self._do(self.server.unplug())
        self.server.change_host_key()
        self._do(self.server.plug())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@contextlib.contextmanager
def running_server(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
    running = RunningServer(folder, environment)
    running.start()
    try:
        yield running
    finally:
        running.stop()
