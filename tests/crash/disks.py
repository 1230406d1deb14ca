"""Disks so small that they are soon full (Linux, root): file systems in memory, mounted for a while."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS = 0x20000
_FILLER = ".filler"
_CHUNK = bytes(4096)


def can_mount() -> bool:
    return os.geteuid() == 0


def keep_mounts_private() -> None:
    """Let what this process and those after it mount be seen by them alone, and go with them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "mounts cannot be kept private")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system."""

    folder: Path

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / _FILLER).open("ab", buffering=0) as filler:
            try:
                while filler.write(_CHUNK):
                    pass
            except OSError:
                return

    def clear(self) -> None:
        (self.folder / _FILLER).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, mib: int, owner: int = 0) -> Iterator[Disk]:
    """Mounted on this folder, which is there."""
    options = f"size={mib}m,uid={owner},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "pitstop", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
