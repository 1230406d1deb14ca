"""Connections to nodes: one each, kept, made anew after a loss, with the pinned host key or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncssh

from pitstop.model.errors import InvalidInput, TrustError, Unreachable
from pitstop.model.system import Node
from pitstop.ports.deadlines import waiting_for_a_turn
from pitstop.ports.host_keys import PinnedKeys

CONNECT_SECONDS = 10
"""To connect and to sign in, each."""

_KEEPALIVE_SECONDS = 10
_KEEPALIVE_MISSES = 3
_CONNECTING_AT_ONCE = 32
_SESSIONS_PER_NODE = 8
"""OpenSSH's server takes ten on one connection unless it is told otherwise."""


class LinkLost(Unreachable):
    """The connection broke, or could not be made: to try again may help."""


class NoLink(LinkLost):
    """No connection could be made: nothing was begun."""


class SignInRefused(Unreachable):
    """The node answers, but does not let us in: to try again does not help."""

    default_hint = "Check `user` and `key` of the node in the nodes file, and the keys that the node accepts."


class Links:
    """The connections of one event loop."""

    def __init__(self, host_keys: PinnedKeys) -> None:
        self._host_keys = host_keys
        self._links: dict[tuple[object, ...], _Link] = {}
        self._connecting = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    @asynccontextmanager
    async def session(self, node: Node) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """A connection with room for one more session; a lost one is made anew. No deadline around is used up
        by waiting for one's turn.

        Raises:
            NoLink: there is no connection to be had.
            LinkLost: it broke inside.
            SignInRefused: the node does not accept the key.
            TrustError: the node shows another host key than the pinned one.
        """
        link = self._link(node)
        async with _in_turn(link.sessions):
            async with _in_turn(link.connecting):
                if link.connection is None or link.connection.is_closed():
                    async with _in_turn(self._connecting):
                        link.connection = await self._connect(node)
            connection = link.connection
            try:
                yield connection
            except asyncssh.ChannelOpenError as error:  # no room for a session, or broken just now
                raise LinkLost(f"node {node.name} opens no session: {error.reason}") from error
            except (OSError, asyncssh.Error) as error:
                connection.abort()
                raise LinkLost(f"the connection to node {node.name} was lost: {error}") from error

    async def close(self) -> None:
        """Let go of all connections."""
        links, self._links = self._links, {}
        for link in links.values():
            if link.connection is not None:
                link.connection.close()
        for link in links.values():
            if link.connection is not None:
                with suppress(OSError, asyncssh.Error):
                    await link.connection.wait_closed()

    def _link(self, node: Node) -> _Link:
        """By all that makes the connection: a node that was replaced gets a new one."""
        by = (node.name, node.address, node.port, node.user, node.key, node.host_key)
        return self._links.setdefault(by, _Link())

    async def _connect(self, node: Node) -> asyncssh.SSHClientConnection:
        pinned = self._host_keys.pinned(node)
        meeting = _Meeting()
        try:
            connection = await asyncssh.connect(
                node.address,
                node.port,
                config=None,
                username=node.user,
                client_keys=[node.key],
                agent_path=None,
                preferred_auth="publickey",
                known_hosts=None if pinned is None else ([public_key(pinned, node)], [], []),
                client_factory=lambda: meeting,
                connect_timeout=CONNECT_SECONDS,
                login_timeout=CONNECT_SECONDS,
                keepalive_interval=_KEEPALIVE_SECONDS,
                keepalive_count_max=_KEEPALIVE_MISSES,
            )
        except (OSError, asyncssh.Error, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise self._refusal(node, pinned, meeting, error) from error
        if pinned is None:
            await self._pin(node, connection)
        return connection

    async def _pin(self, node: Node, connection: asyncssh.SSHClientConnection) -> None:
        key = connection.get_server_host_key()
        if key is None:
            connection.abort()
            raise TrustError(f"node {node.name} shows no host key that could be pinned")
        await asyncio.to_thread(self._host_keys.pin, node, line_of(key))

    def _refusal(
        self, node: Node, pinned: str | None, meeting: _Meeting, error: Exception
    ) -> TrustError | Unreachable:
        other_type = isinstance(error, asyncssh.KeyExchangeFailed) and "host key" in str(error)
        if pinned is not None and (isinstance(error, asyncssh.HostKeyNotVerifiable) or other_type):
            return self._other_key(node, pinned, meeting)
        if isinstance(error, asyncssh.PermissionDenied | asyncssh.IllegalUserName):
            return SignInRefused(f"node {node.name} does not let {node.user!r} in with the key {node.key}")
        if isinstance(error, ValueError) or (isinstance(error, OSError) and error.filename == node.key):
            return SignInRefused(f"the key for node {node.name} cannot be used: {error}")
        reason = str(error) or f"no answer within {CONNECT_SECONDS} seconds"
        return NoLink(f"node {node.name} at {node.address}:{node.port} cannot be reached: {reason}")

    def _other_key(self, node: Node, pinned: str, meeting: _Meeting) -> TrustError:
        declared = node.host_key is not None
        place = "`host_key` in the nodes file" if declared else self._host_keys.place()
        shown = meeting.shown.get_fingerprint() if meeting.shown else "a key of another type"
        expected = public_key(pinned, node).get_fingerprint()
        return TrustError(
            f"node {node.name} shows another host key than the pinned one: {shown} instead of {expected}",
            hint=f"If the machine was replaced or installed anew on purpose, change {place}. "
            "If not, somebody may stand in between: do not go on, and find out why the key has changed.",
        )


@asynccontextmanager
async def _in_turn(lock: asyncio.Lock | asyncio.Semaphore) -> AsyncIterator[None]:
    with waiting_for_a_turn():
        await lock.acquire()
    try:
        yield
    finally:
        lock.release()


class _Link:
    """What there is of one node's connection."""

    def __init__(self) -> None:
        self.connection: asyncssh.SSHClientConnection | None = None
        self.connecting = asyncio.Lock()
        self.sessions = asyncio.Semaphore(_SESSIONS_PER_NODE)


class _Meeting(asyncssh.SSHClient):
    """Notes the key that a server shows where it is not the pinned one."""

    def __init__(self) -> None:
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        self.shown = key
        return False


def public_key(line: str, node: Node) -> asyncssh.SSHKey:
    """The key of an OpenSSH line.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError as error:
        raise InvalidInput(f"the pinned host key of node {node.name} cannot be read: {error}") from error


def line_of(key: asyncssh.SSHKey) -> str:
    """``TYPE BASE64``, without the comment."""
    return " ".join(key.export_public_key().decode("ascii").split()[:2])
