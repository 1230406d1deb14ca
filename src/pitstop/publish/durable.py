"""Putting files so that, whenever the power goes, the old content is there or the new: never half."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

Put = Callable[[Path, IO[bytes]], None]
"""How a site's files are written: everything that it says of :func:`put` must hold."""

PUBLIC_FILE = 0o644


def put(path: Path, content: IO[bytes]) -> None:
    """Put all of ``content`` at ``path`` in one step, readable by all, on disk when this returns. Folders are
    made where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
            os.fchmod(file.fileno(), PUBLIC_FILE)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """See to it that a folder's names are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
