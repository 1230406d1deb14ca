"""A new state folder's database with Pitstop's schema, copied: the way through all migrations is gone once in
a test process, and is tested where it belongs."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from threading import Lock

from pitstop.store.database import DATABASE_NAME, open_database

_MAKING = Lock()


def laid(folder: Path) -> Path:
    """This folder, with such a database in it if it has none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / DATABASE_NAME
    if not file.exists():
        with _MAKING:
            content = _migrated()
        file.touch(0o600)
        file.write_bytes(content)
    return folder


@cache
def _migrated() -> bytes:
    """A database that was made, and closed: all of it is in the one file."""
    with tempfile.TemporaryDirectory() as folder:
        open_database(Path(folder)).close()
        return (Path(folder) / DATABASE_NAME).read_bytes()
