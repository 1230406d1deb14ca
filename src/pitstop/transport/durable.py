"""Writing small files so that, whenever the power goes, the old content is there or the new: never half."""

from __future__ import annotations

import os
import tempfile
from io import BufferedWriter, FileIO
from pathlib import Path


def write(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Put ``content`` at ``path`` in one step, on disk when this returns.

    Raises:
        FileExistsError: something is there already and ``replace`` is false.
        OSError: it cannot be written; nothing is left behind.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with FileIO(descriptor, "w") as raw, BufferedWriter(raw) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """See to it that a file's content, or a folder's names, are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
