"""Connections to nodes: one each, kept, made anew after a loss.

A node may lie behind jump hosts. Each of them is signed in to and its host key is held to like a node's own;
the connection to it is shared by all that lie behind it. So many nodes are connected to at once and no more:
where the limit is reached, a connection that nobody uses makes room.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncssh

from pitstop.model.system import CONNECTIONS_AT_ONCE, Node
from pitstop.nodes.hops import Hop, hops_to
from pitstop.nodes.signing_in import LinkLost, NoLink, sign_in
from pitstop.ports.deadlines import waiting_for_a_turn
from pitstop.ports.host_keys import HostKeys

_CONNECTING_AT_ONCE = 32
_SIGN_IN_TAKES = 3
"""Times of what the connection alone may take: keys are read, and the host key is looked up and pinned."""

_SESSIONS_PER_NODE = 8
"""OpenSSH's server takes ten on one connection unless it is told otherwise."""


class Links:
    """The connections of one event loop.

    Args:
        at_once: to so many nodes at most, jump hosts not counted; and so many sessions on them.
    """

    def __init__(self, host_keys: HostKeys, at_once: int = CONNECTIONS_AT_ONCE) -> None:
        self._host_keys = host_keys
        self._at_once = at_once
        self._links: dict[tuple[Hop, ...], _Link] = {}
        self._sessions = asyncio.Semaphore(at_once)
        self._connecting = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    @property
    def connected(self) -> int:
        """How many nodes there is a connection to now."""
        return sum(link.is_open for hops, link in self._links.items() if hops[-1].is_node)

    @asynccontextmanager
    async def session(self, node: Node) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """A connection with room for one more session; a lost one is made anew. No deadline around is used up
        by waiting for one's turn.

        Raises:
            NoLink: there is no connection to be had.
            LinkLost: it broke inside.
            SignInRefused: the node, or a jump host before it, does not accept the key.
            HostKeyChanged: the node, or a jump host before it, shows another host key than the pinned one.
        """
        hops = hops_to(node)
        link = self._link(hops)
        async with _in_turn(link.sessions), _in_turn(self._sessions):
            with link.used():
                self._make_room()
                connection = await self._connection(hops)
                try:
                    yield connection
                except asyncssh.ChannelOpenError as error:  # no room for a session, or broken just now
                    raise LinkLost(f"{hops[-1]} opens no session: {error.reason}") from error
                except (OSError, asyncssh.Error) as error:
                    connection.abort()
                    raise LinkLost(f"the connection to {hops[-1]} was lost: {error}") from error

    async def close(self) -> None:
        """Let go of all connections, of those through others first."""
        links, self._links = self._links, {}
        for hops in sorted(links, key=len, reverse=True):
            await links[hops].close()

    def _link(self, hops: tuple[Hop, ...]) -> _Link:
        """By all that makes the connection: a node that was replaced gets a new one. Whoever is asked for
        moves to the end: in front stands what was used longest ago."""
        link = self._links.pop(hops, None) or _Link()
        self._links[hops] = link
        return link

    def _make_room(self) -> None:
        """Close connections that nobody uses, until those that are left are no more than may be. There are
        enough: whoever uses one holds one of as many sessions."""
        nodes = [link for hops, link in self._links.items() if hops[-1].is_node]
        held = [link for link in nodes if link.users or link.is_open]
        idle = [link for link in held if not link.users]
        for link in idle[: max(0, len(held) - self._at_once)]:
            link.let_go()

    async def _connection(self, hops: tuple[Hop, ...]) -> asyncssh.SSHClientConnection:
        """The connection that there is, or a new one. Whoever needs one that is being made waits for it, and
        shares its failure: a jump host that is away is not waited for by each of its nodes in turn."""
        link = self._link(hops)
        if link.connection is not None and link.is_open:
            return link.connection
        if link.making is None:
            link.making = asyncio.create_task(self._made(hops))
            link.making.add_done_callback(link.made)
            return await asyncio.shield(link.making)
        with waiting_for_a_turn():
            return await asyncio.shield(link.making)

    async def _made(self, hops: tuple[Hop, ...]) -> asyncssh.SSHClientConnection:
        through = await self._connection(hops[:-1]) if len(hops) > 1 else None
        async with _in_turn(self._connecting):
            return await _in_time(hops[-1], sign_in(hops[-1], self._host_keys, through))


async def _in_time(
    hop: Hop, signing_in: Awaitable[asyncssh.SSHClientConnection]
) -> asyncssh.SSHClientConnection:
    """Many may wait for one connection that is being made, and their deadlines stand still meanwhile: so its
    making comes to an end, whatever hangs in it.

    Raises:
        NoLink: it has not come to one by itself.
    """
    limit = _SIGN_IN_TAKES * hop.connect_seconds
    try:
        async with asyncio.timeout(limit):
            return await signing_in
    except TimeoutError as error:
        raise NoLink(f"{hop} cannot be signed in to: no end within {limit:g} seconds") from error


@asynccontextmanager
async def _in_turn(lock: asyncio.Semaphore) -> AsyncIterator[None]:
    with waiting_for_a_turn():
        await lock.acquire()
    try:
        yield
    finally:
        lock.release()


class _Link:
    """What there is of the connection to one machine."""

    def __init__(self) -> None:
        self.connection: asyncssh.SSHClientConnection | None = None
        self.making: asyncio.Task[asyncssh.SSHClientConnection] | None = None
        self.sessions = asyncio.Semaphore(_SESSIONS_PER_NODE)
        self.users = 0

    @property
    def is_open(self) -> bool:
        return self.connection is not None and not self.connection.is_closed()

    @contextmanager
    def used(self) -> Iterator[None]:
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1

    def made(self, task: asyncio.Task[asyncssh.SSHClientConnection]) -> None:
        self.making = None
        if not task.cancelled() and task.exception() is None:
            self.connection = task.result()

    def let_go(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    async def close(self) -> None:
        """Let go, and wait until it is gone."""
        if self.making is not None:
            self.making.cancel()
            await asyncio.gather(self.making, return_exceptions=True)
        connection = self.connection
        self.let_go()
        if connection is not None:
            with suppress(OSError, asyncssh.Error):
                await connection.wait_closed()
