"""Where bundles are sent: SFTP, stores that speak S3, and HTTP PUT. Each implements
:class:`pitstop.ports.logs.Target`.

SFTP goes on where it was: the file grows as ``NAME.part`` and gets its name when it is whole. S3 sends parts
and tries each again; a PUT is one piece, and begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import asyncssh
import httpx
import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from pitstop.model.errors import InvalidInput, NotPermitted, TrustError, Unreachable
from pitstop.ports.logs import Report

T = TypeVar("T")

_CHUNK = 1 << 20
_TRIES = 5
_PAUSE_SECONDS = 2.0
_CONNECT_SECONDS = 15
_ANSWER_SECONDS = 300.0

_ACCESS_HINT = "Check the target's account, key and folder in the settings, and what it lets that account do."


async def _insist(once: Callable[[], Awaitable[T]], pause: float) -> T:
    """Do it; when the other side is lost meanwhile, some more times."""
    for number in range(1, _TRIES):
        try:
            return await once()
        except Unreachable:
            await asyncio.sleep(pause * number)
    return await once()


@dataclass(frozen=True, slots=True)
class SftpTarget:
    """A folder on an SFTP server.

    Attributes:
        host_key: the server's key as one OpenSSH line; nothing is sent to who does not show it.
    """

    name: str
    host: str
    port: int
    user: str
    folder: str
    key: Path
    host_key: str
    automatic: bool = False
    pause: float = _PAUSE_SECONDS

    @property
    def says(self) -> str:
        return f"sftp://{self.user}@{self.host}:{self.port}{self.folder}"

    async def send(self, file: Path, name: str, report: Report) -> str:
        await _insist(lambda: self._once(file, name, report), self.pause)
        return f"{self.says.rstrip('/')}/{name}"

    async def _once(self, file: Path, name: str, report: Report) -> None:
        try:
            async with (
                asyncssh.connect(
                    self.host,
                    self.port,
                    config=None,
                    username=self.user,
                    client_keys=[str(self.key)],
                    agent_path=None,
                    preferred_auth="publickey",
                    known_hosts=([asyncssh.import_public_key(self.host_key)], [], []),
                    connect_timeout=_CONNECT_SECONDS,
                    login_timeout=_CONNECT_SECONDS,
                    keepalive_interval=10,
                ) as connection,
                connection.start_sftp_client() as sftp,
            ):
                await self._put(sftp, file, f"{self.folder.rstrip('/')}/{name}", report)
        except asyncssh.HostKeyNotVerifiable as error:
            raise TrustError(f"{self.says} shows another host key than the one in the settings") from error
        except (asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied, asyncssh.SFTPNoSuchFile) as error:
            raise NotPermitted(f"{self.says} does not take it: {error}", hint=_ACCESS_HINT) from error
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"{self.says} cannot be sent to: {error}") from error

    async def _put(self, sftp: asyncssh.SFTPClient, file: Path, place: str, report: Report) -> None:
        whole, part = file.stat().st_size, f"{place}.part"  # noqa: ASYNC240 - one file of this machine
        there = await _size(sftp, part)
        at = there if there <= whole else 0
        async with sftp.open(part, "r+b" if at else "wb") as remote:
            with file.open("rb") as local:
                local.seek(at)
                while chunk := await asyncio.to_thread(local.read, _CHUNK):
                    await remote.write(chunk, at)
                    at += len(chunk)
                    report(at, whole)
        arrived = await _size(sftp, part)
        if arrived != whole:
            raise Unreachable(f"{self.says} has {arrived} bytes of {whole}")
        await sftp.posix_rename(part, place)


async def _size(sftp: asyncssh.SFTPClient, path: str) -> int:
    try:
        return (await sftp.stat(path)).size or 0
    except asyncssh.SFTPNoSuchFile:
        return 0


@dataclass(frozen=True, slots=True)
class StoreTarget:
    """A place in an object store: ``s3://bucket/path``.

    Attributes:
        options: of the store and the connection to it; secrets among them.
    """

    name: str
    url: str
    options: Mapping[str, str] = field(default_factory=dict)
    ca: Path | None = None
    automatic: bool = False
    pause: float = _PAUSE_SECONDS

    @property
    def says(self) -> str:
        return self.url

    async def send(self, file: Path, name: str, report: Report) -> str:
        await _insist(lambda: self._once(file, name), self.pause)
        size = file.stat().st_size  # noqa: ASYNC240 - one file of this machine
        report(size, size)
        return f"{self.url.rstrip('/')}/{name}"

    async def _once(self, file: Path, name: str) -> None:
        link: dict[str, Any] = {
            "timeout": f"{_ANSWER_SECONDS:.0f}s",
            "connect_timeout": f"{_CONNECT_SECONDS}s",
        }
        link["allow_http"] = any(value.startswith("http://") for value in self.options.values())
        if self.ca is not None:
            link["root_certificate"] = self.ca.read_bytes()
        try:
            store = from_url(self.url, client_options=link, **self.options)  # type: ignore[call-overload] # of any store
            await obstore.put_async(store, name, file, attributes={"Content-Type": "application/zip"})
        except (obstore.exceptions.PermissionDeniedError, obstore.exceptions.UnauthenticatedError) as error:
            raise NotPermitted(f"{self.url} does not take it", hint=_ACCESS_HINT) from error
        except (BaseError, ValueError, TypeError, OSError) as error:
            said = str(error).partition("\n")[0]
            raise Unreachable(f"{self.url} cannot be sent to: {said}") from error


@dataclass(frozen=True, slots=True)
class PutTarget:
    """A web server that takes files by PUT, each at ``url`` and its name.

    Attributes:
        token: file with what goes into ``Authorization: Bearer``.
    """

    name: str
    url: str
    token: Path | None = None
    ca: Path | None = None
    automatic: bool = False
    pause: float = _PAUSE_SECONDS

    @property
    def says(self) -> str:
        return self.url

    async def send(self, file: Path, name: str, report: Report) -> str:
        place = f"{self.url.rstrip('/')}/{quote(name)}"
        await _insist(lambda: self._once(file, place, report), self.pause)
        return place

    async def _once(self, file: Path, place: str, report: Report) -> None:
        size = file.stat().st_size  # noqa: ASYNC240 - one file of this machine
        headers = {"Content-Type": "application/zip", "Content-Length": str(size)}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {_first_line(self.token)}"
        timeout = httpx.Timeout(_CONNECT_SECONDS, read=_ANSWER_SECONDS, write=_ANSWER_SECONDS)
        verify = str(self.ca) if self.ca is not None else True
        try:
            async with httpx.AsyncClient(timeout=timeout, verify=verify, trust_env=False) as client:
                answer = await client.put(place, headers=headers, content=_chunks(file, size, report))
        except (httpx.HTTPError, OSError) as error:
            said = str(error) or type(error).__name__
            raise Unreachable(f"{self.url} cannot be sent to: {said}") from error
        if answer.status_code in (401, 403):
            raise NotPermitted(f"{self.url} answers {answer.status_code}", hint=_ACCESS_HINT)
        if not answer.is_success:
            raise Unreachable(f"{self.url} answers {answer.status_code} {answer.reason_phrase}")


async def _chunks(file: Path, size: int, report: Report) -> AsyncIterator[bytes]:
    at = 0
    with file.open("rb") as content:
        while chunk := await asyncio.to_thread(content.read, _CHUNK):
            yield chunk
            at += len(chunk)
            report(at, size)


def _first_line(file: Path) -> str:
    """Raises InvalidInput: there is none."""
    try:
        line = file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    if not line:
        raise InvalidInput(f"{file} holds no token", hint="Its first line is taken.")
    return line


def read_options(file: Path) -> dict[str, str]:
    """``NAME=VALUE`` lines of a file with what a store is to be told, such as ``secret_access_key``.

    Raises:
        InvalidInput: it cannot be read, or a line is not of this form.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error
    options = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            name, sign, value = line.partition("=")
            if not sign:
                raise InvalidInput(f"{file}: {name!r} is not of the form NAME=VALUE")
            options[name.strip()] = value.strip()
    return options


def path_of(url: str) -> tuple[str, int, str, str]:
    """Host, port, user and folder of an SFTP address. Raises InvalidInput."""
    parts = urlsplit(url)
    if not parts.hostname or not parts.username or parts.password:
        raise InvalidInput(f"{url!r} is no SFTP address", hint="Such as sftp://logs@files.example/incoming.")
    return parts.hostname, parts.port or 22, parts.username, parts.path or "/"
