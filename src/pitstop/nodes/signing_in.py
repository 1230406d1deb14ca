"""Signing in to one machine: with the pinned host key or not at all, by a key of a file or of an agent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncssh

from pitstop.model.errors import HostKeyChanged, InvalidInput, TrustError, Unreachable
from pitstop.nodes.hops import Hop
from pitstop.ports.host_keys import HostKeys

_KEEPALIVE_MISSES = 3

_CIPHERS = "^aes256-gcm@openssh.com,aes128-gcm@openssh.com"
"""Before asyncssh's others: many small messages cost it a third less processor time than with its own first
choice, chacha20-poly1305."""

_KnownHosts: TypeAlias = tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]


class LinkLost(Unreachable):
    """The connection broke, or could not be made: to try again may help."""


class NoLink(LinkLost):
    """No connection could be made: nothing was begun."""


class SignInRefused(Unreachable):
    """The machine answers, but does not let us in: to try again does not help."""

    default_hint = "Check `user` and `key` of the node, and the keys that the machine accepts for that user."


async def sign_in(
    hop: Hop, host_keys: HostKeys, through: asyncssh.SSHClientConnection | None = None
) -> asyncssh.SSHClientConnection:
    """A new connection, through the one to the hop before where there is one. At first contact the host key
    is pinned.

    Raises:
        NoLink, SignInRefused, HostKeyChanged, InvalidInput (what is pinned is no key).
    """
    pinned = hop.host_key or await asyncio.to_thread(host_keys.pinned, hop.name)
    meeting = _Meeting()
    known: _KnownHosts | None = None if pinned is None else ([public_key(pinned, hop)], [], [])
    try:
        async with _keys(hop) as keys:
            connection = await asyncssh.connect(
                hop.address,
                hop.port,
                tunnel=through if through is not None else (),
                config=None,
                username=hop.user,
                client_keys=keys,
                agent_path=None,
                preferred_auth="publickey",
                encryption_algs=_CIPHERS,
                known_hosts=known,
                client_factory=lambda: meeting,
                connect_timeout=hop.connect_seconds,
                login_timeout=hop.connect_seconds,
                keepalive_interval=hop.keepalive_seconds,
                keepalive_count_max=_KEEPALIVE_MISSES,
            )
    except (OSError, asyncssh.Error, ValueError) as error:
        raise _refusal(hop, pinned, meeting, error) from error
    if pinned is None:
        await _pin(hop, host_keys, connection)
    return connection


@asynccontextmanager
async def _keys(hop: Hop) -> AsyncIterator[Sequence[asyncssh.SSHKeyPair | str]]:
    """What to sign in with, while it is needed.

    An agent is asked for its keys here, and not left to the library: given no key of a file, that would take
    the keys in the service's own home instead.
    """
    if not hop.agent:
        yield [hop.key]
        return
    socket = os.path.expandvars(hop.agent)
    try:
        agent = await asyncssh.connect_agent(socket)
    except (OSError, asyncssh.Error) as error:
        raise SignInRefused(
            f"the SSH agent at {socket} for {hop} does not answer: {error}",
            hint="Start ssh-agent for the service's user, add the key with ssh-add, and name its socket as "
            "`agent`; a variable such as $SSH_AUTH_SOCK must be set where the service starts.",
        ) from error
    async with agent:
        held = list(await agent.get_keys())
        wanted = [key for key in held if not hop.key or key.public_data == _identity(hop)]
        if not wanted:
            raise SignInRefused(
                f"the SSH agent at {socket} does not hold the key for {hop}: it holds {len(held)} key(s)",
                hint=f"Add it with `ssh-add {hop.key or 'KEY'}`; `ssh-add -l` lists what the agent holds.",
            )
        yield wanted


def _identity(hop: Hop) -> bytes:
    """Which of the agent's keys it is: the public half that lies beside the private key."""
    file = Path(hop.key) if hop.key.endswith(".pub") else Path(f"{hop.key}.pub")
    return asyncssh.read_public_key(file).public_data


async def _pin(hop: Hop, host_keys: HostKeys, connection: asyncssh.SSHClientConnection) -> None:
    """Raises HostKeyChanged: another contact was first, and saw another key."""
    key = connection.get_server_host_key()
    if key is None:
        connection.abort()
        raise TrustError(f"{hop} shows no host key that could be pinned")
    shown = line_of(key)
    held = await asyncio.to_thread(host_keys.pin, hop.name, shown)
    if held != shown:
        connection.abort()
        raise _changed(hop, held, key)


def _refusal(hop: Hop, pinned: str | None, meeting: _Meeting, error: Exception) -> TrustError | Unreachable:
    other_type = isinstance(error, asyncssh.KeyExchangeFailed) and "host key" in str(error)
    if pinned is not None and (isinstance(error, asyncssh.HostKeyNotVerifiable) or other_type):
        return _changed(hop, pinned, meeting.shown)
    if isinstance(error, asyncssh.PermissionDenied | asyncssh.IllegalUserName):
        return SignInRefused(f"{hop} does not let {hop.user!r} in with {_said_key(hop)}")
    if isinstance(error, ValueError) and "assphrase" in str(error):
        return SignInRefused(
            f"the key {hop.key} for {hop} has a passphrase, which nobody can be asked for",
            hint=f"Add it to an SSH agent with `ssh-add {hop.key}`, and name the agent's socket as `agent`.",
        )
    if isinstance(error, ValueError) or (
        isinstance(error, OSError) and str(error.filename or "").startswith(hop.key or "\0")
    ):
        return SignInRefused(f"the key for {hop} cannot be used: {error}")
    reason = str(error) or f"no answer within {hop.connect_seconds:g} seconds"
    return NoLink(f"{hop} at {hop.address}:{hop.port} cannot be reached: {reason}")


def _said_key(hop: Hop) -> str:
    if not hop.agent:
        return f"the key {hop.key}"
    return f"the agent's key {hop.key}" if hop.key else "any key of the agent"


def _changed(hop: Hop, pinned: str, shown: asyncssh.SSHKey | None) -> HostKeyChanged:
    expected = public_key(pinned, hop).get_fingerprint()
    seen = shown.get_fingerprint() if shown else "a key of another type"
    if hop.host_key is not None:
        remedy = "change its `host_key` in the nodes file"
    else:
        remedy = "check the new key on the machine itself, then trust it: `pitstop node trust NODE`"
    return HostKeyChanged(
        f"{hop} shows another host key than the pinned one: {seen} instead of {expected}",
        hint=f"If the machine was replaced or installed anew on purpose, {remedy}. "
        "If not, somebody may stand in between: do not go on, and find out why the key has changed.",
        name=hop.name,
        shown=line_of(shown) if shown else None,
    )


class _Meeting(asyncssh.SSHClient):
    """Notes the key that a server shows where it is not the pinned one."""

    def __init__(self) -> None:
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        self.shown = key
        return False


def public_key(line: str, hop: Hop) -> asyncssh.SSHKey:
    """The key of an OpenSSH line.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError as error:
        raise InvalidInput(f"the pinned host key of {hop} cannot be read: {error}") from error


def line_of(key: asyncssh.SSHKey) -> str:
    """``TYPE BASE64``, without the comment."""
    return " ".join(key.export_public_key().decode("ascii").split()[:2])
