"""Whether a node has power, and taking it away: everything that runs on the node ends.

A node is on while its SSH server holds the lock on its pid file. The lock goes with the process, however it
ends, so that neither a stale pid file nor a number that was given anew can deceive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from rack import layout

SWEEP_PATIENCE_SECONDS = 5.0
LOCK_PATIENCE_SECONDS = 1.0


def take_lock(root: Path) -> int | None:
    """Hold the node's lock with this process' number in it, until this process ends; None if another does."""
    path = root / layout.SSHD_PID
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS  # one who asks whether it is held holds it shortly
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return None
        time.sleep(0.02)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    return descriptor


def server_of(root: Path) -> int | None:
    """The process number of the node's SSH server, None if it is off or unplugged."""
    try:
        descriptor = os.open(root / layout.SSHD_PID, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(descriptor, 32) or b"0") or None
    else:
        return None
    finally:
        os.close(descriptor)


def signal_server(root: Path, number: signal.Signals) -> None:
    """Send a signal to the node's SSH server, if it has one."""
    pid = server_of(root)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_off(root: Path, seconds: float) -> bool:
    """Wait until the node's SSH server has ended; False if it takes longer."""
    deadline = time.monotonic() + seconds
    while server_of(root) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def processes_of(root: Path) -> Iterator[int]:
    """Everything that was started on this node, detached or not: the processes that have its root in their
    environment. Where there is no ``/proc`` nothing is found, and only Lantern itself can be stopped.
    """
    mark = f"PITSTOP_ROOT={root}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile, or is another user's
            continue
        if mark in variables and int(folder.name) != os.getpid():
            yield int(folder.name)


def cut_power(root: Path) -> None:
    """Stop Lantern in order, then kill what else runs on the node. The SSH server itself is the caller's."""
    script = root / layout.INIT_SCRIPT
    if script.is_file():
        subprocess.run(
            ["sh", script, "stop"], env=layout.environment(root), stdout=subprocess.DEVNULL, check=False
        )
    deadline = time.monotonic() + SWEEP_PATIENCE_SECONDS
    while (left := list(processes_of(root))) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
