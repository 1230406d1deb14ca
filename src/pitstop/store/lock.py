"""One service for a state folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitstop.model.errors import StateUnusable

LOCK_NAME = "pitstop.lock"
_TRIES = 3
_LOOK_SECONDS = 0.05
"""Whoever looks who holds it, holds it for a moment."""


@contextmanager
def state_lock(folder: Path) -> Iterator[None]:
    """Hold the state folder for this process (it is made if need be); the kernel lets go of it when the
    process ends.

    Raises:
        StateUnusable: another process holds it (the message names its pid), or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateUnusable(
            f"the state folder {folder} cannot be used: {error.strerror}",
            hint="Give a folder that this user may write, by PITSTOP_STATE.",
        ) from error
    try:
        _hold(held, folder)
        yield
    finally:
        os.close(held)


def lock_holder(folder: Path) -> str | None:
    """The pid of the process that holds the state folder, or ``unknown``; None: nobody does.

    Raises:
        StateUnusable: the folder cannot be read.
    """
    try:
        looked = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnusable(f"the state folder {folder} cannot be read: {error.strerror}") from error
    try:
        fcntl.flock(looked, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _pid_in(looked)
    finally:
        os.close(looked)
    return None


def _hold(held: int, folder: Path) -> None:
    try:
        _lock(held)
    except OSError as error:
        pid = _pid_in(held)
        raise StateUnusable(
            f"the state folder {folder} is in use by another pitstop service (pid {pid})",
            hint="Stop that service first, or give this one another state folder.",
        ) from error
    os.ftruncate(held, 0)
    os.pwrite(held, f"{os.getpid()}\n".encode(), 0)


def _lock(held: int) -> None:
    """Raises OSError: somebody holds it, and not only for a look at it."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_LOOK_SECONDS)
        else:
            return
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _pid_in(held: int) -> str:
    return os.pread(held, 20, 0).decode("ascii", "replace").strip() or "unknown"
