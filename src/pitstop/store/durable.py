"""Files and folders written so that, after a crash, they are whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitstop.model.errors import NoSpace, StateUnusable

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_new(path: Path, content: bytes) -> None:
    """Write a file of its own name, on disk when this returns; its folder's entry is not yet."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """See to it that the folder's entries are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Give the machine's errors the shape of Pitstop's; ``doing`` begins the message.

    Raises:
        NoSpace: the disk is full.
        StateUnusable: anything else that the file system refuses.
    """
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        message = f"{doing}: {error.strerror or error}{where}"
        if error.errno in _FULL:
            raise NoSpace(message) from error
        raise StateUnusable(message, hint="Check the disk and who owns the state folder.") from error
