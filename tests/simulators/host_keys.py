"""Pinned host keys in a file, one line each: ``NAME TYPE BASE64``. For workers that share nothing else."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from pitstop.model.errors import StateUnusable


class FileHostKeys:
    """Implements :class:`pitstop.ports.host_keys.HostKeys`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._changing = Lock()

    def pinned(self, name: str) -> str | None:
        """As the port says.

        Raises:
            StateUnusable: the file is there and cannot be read.
        """
        return self._read().get(name)

    def all_pinned(self) -> Mapping[str, str]:
        return self._read()

    def pin(self, name: str, key: str) -> str:
        with self._changing:
            keys = self._read()
            if name not in keys:
                self._write({**keys, name: key})
            return keys.get(name, key)

    def trust(self, name: str, key: str) -> None:
        with self._changing:
            self._write({**self._read(), name: key})

    def forget(self, name: str) -> None:
        with self._changing:
            self._write({other: line for other, line in self._read().items() if other != name})

    def _read(self) -> dict[str, str]:
        try:
            lines = self.file.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StateUnusable(f"the pinned host keys in {self.file} cannot be read: {error}") from error
        return {name: key for name, _, key in (line.partition(" ") for line in lines) if key}

    def _write(self, keys: dict[str, str]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".host-keys-", dir=self.file.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as new:
                new.writelines(f"{name} {key}\n" for name, key in sorted(keys.items()))
                new.flush()
                os.fsync(new.fileno())
            Path(temporary).replace(self.file)
            _sync(self.file.parent)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()


def _sync(folder: Path) -> None:
    """See to it that the folder's entries are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
