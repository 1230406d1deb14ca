"""What an operation needs on its node, as one tar stream: staged files first, the script as the last entry.

The order is the seal: where the script has arrived, everything before it has. All lies in one folder, named
by the call's mark, that the stream itself makes. It is made as it is read, so that memory stays flat however
big the files are.
"""

from __future__ import annotations

import asyncio
import os
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import PurePosixPath
from typing import ParamSpec, TypeVar

from pitstop.model.errors import InvalidInput, NotFound, StateUnusable
from pitstop.nodes import wrapper
from pitstop.ports.nodes import Operation, StagedFile

P = ParamSpec("P")
T = TypeVar("T")

_CHUNK = 262_144


async def parcel(operation: Operation, mark: str) -> AsyncIterator[bytes]:
    """The stream of the call with this mark.

    Raises:
        InvalidInput: a staged name leads out of the stage, or a variable cannot be one.
        NotFound: a file to stage is not there, or has become shorter.
        StateUnusable: the disk that it lies on cannot be read.
    """
    folder = wrapper.incoming(mark)
    first = _entry(f"{folder}/runner", wrapper.RUNNER)
    first += _entry(f"{folder}/environment", text(wrapper.exports(dict(operation.environment))))
    if operation.files:
        yield first + _head(f"{folder}/stage", 0, 0o755, tarfile.DIRTYPE)
        first = b""
    for file in operation.files:
        async for chunk in _staged(file, folder):
            yield chunk
    yield first + _entry(f"{folder}/script", text(operation.script)) + bytes(2 * tarfile.BLOCKSIZE)


def text(script: str) -> bytes:
    """Shell text as it goes over: UTF-8, with file names' odd bytes as they were."""
    return script.encode("utf-8", "surrogateescape")


def _entry(name: str, content: bytes) -> bytes:
    return _head(name, len(content), 0o600) + content + _filling(len(content))


def _head(name: str, size: int, mode: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.type = size, mode, kind
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _filling(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


async def _staged(file: StagedFile, folder: str) -> AsyncIterator[bytes]:
    name = PurePosixPath(file.name)
    if not name.parts or name.is_absolute() or ".." in name.parts:
        raise InvalidInput(f"staged file {file.name!r}: the name must be relative and stay in the stage")
    source = await _local(file.source.open, "rb")
    with source:
        left = size = os.fstat(source.fileno()).st_size
        yield _head(f"{folder}/stage/{name}", size, file.mode)
        while left:
            chunk = await _local(source.read, min(_CHUNK, left))
            if not chunk:
                raise NotFound(f"{file.source} became shorter while it was read")
            left -= len(chunk)
            yield chunk
        yield _filling(size)


async def _local(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the disk of this machine: what it breaks with says nothing of the node or the way to it.

    Raises:
        NotFound, StateUnusable
    """
    try:
        return await asyncio.to_thread(call, *args, **kwargs)
    except FileNotFoundError as error:
        raise NotFound(f"the content to stage is not there: {error.filename}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StateUnusable(
            f"the content to stage cannot be read: {error.strerror or error}{where}",
            hint="Check this machine's disk and who owns the state folder, then resume the run.",
        ) from error
