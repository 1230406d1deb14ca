"""Pinned host keys: declared with the node, or remembered from the first contact.

One line per node in a file of the state folder: ``NAME TYPE BASE64``. It is shown to operators, and a line
is taken out by hand (or by replacing the node) when a machine gets a new key on purpose.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from threading import Lock

from pitstop.model.errors import StateUnusable
from pitstop.model.system import Node


class HostKeys:
    """Implements :class:`pitstop.ports.host_keys.PinnedKeys`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._changing = Lock()

    def place(self) -> str:
        return f"its line in {self.file}"

    def pinned(self, node: Node) -> str | None:
        return node.host_key if node.host_key is not None else self._read().get(node.name)

    def pin(self, node: Node, key: str) -> None:
        with self._changing:
            self._write({**self._read(), node.name: key})

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
