"""Workers with a network of their own: a link to the database that can be cut, as a cable is.

Each has a network namespace (Linux, root) with one link to this machine. Where the link is down packets are
lost and nobody is told: neither side's connection ends. What listens at this end carries the connections on
to PostgreSQL's socket, and does not notice either.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crash.processes import forked

_CLONE_NEWNET = 0x40000000
_PORT = 5432
_NUMBERS = itertools.count()
_CHUNK_BYTES = 65_536


def can_cut() -> bool:
    """Whether this user may make networks."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


@dataclass(frozen=True, slots=True)
class Link:
    """One worker's way to the database."""

    name: str
    address: str

    def enter(self) -> None:
        """Let this process live at the far end: what it opens from now on goes over the link."""
        namespace = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "the network cannot be entered")
        os.close(namespace)

    def cut(self) -> None:
        _ip("link", "set", self.name, "down")

    def mend(self) -> None:
        _ip("link", "set", self.name, "up")

    def through(self, address: str) -> str:
        """The address of this database, as it is from the far end."""
        return address.partition("?host=")[0].replace("@/", f"@{self.address}:{_PORT}/")


@contextmanager
def links(count: int, address: str, folder: Path) -> Iterator[Sequence[Link]]:
    """So many links to the database at this address (``...?host=FOLDER``)."""
    with ExitStack() as stack:
        made = [stack.enter_context(_link()) for _ in range(count)]
        ready = folder / "carrying"
        socket = f"{address.partition('?host=')[2]}/.s.PGSQL.{_PORT}"
        carrier = forked(_carry, [link.address for link in made], socket, ready)
        stack.callback(carrier.kill)
        while not ready.exists():
            assert carrier.is_alive(), "nobody carries connections on"
            time.sleep(0.005)
        yield made


@contextmanager
def _link() -> Iterator[Link]:
    number, of_process = next(_NUMBERS), os.getpid()
    name = f"ps{of_process}x{number}"
    net = f"10.{128 + of_process % 100}.{number // 60 % 250}"
    here, there = number % 60 * 4 + 1, number % 60 * 4 + 2
    link = Link(name, f"{net}.{here}")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "way", "netns", name)
        _ip("addr", "add", f"{link.address}/30", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", name, "addr", "add", f"{net}.{there}/30", "dev", "way")
        _ip("-n", name, "link", "set", "way", "up")
        yield link
    finally:
        _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _carry(addresses: Sequence[str], socket: str, ready: Path) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on_reader, on_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(_pass(reader, on_writer), _pass(on_reader, writer))

    async def play() -> None:
        server = await asyncio.start_server(carry, addresses, _PORT)
        ready.touch()  # noqa: ASYNC240 - nothing goes on beside it yet
        await server.serve_forever()

    asyncio.run(play())


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
