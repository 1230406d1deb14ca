"""The processes of a scene, forked from a clean server that has all loaded.

With that a worker is there in a tenth of a second, without in one: most of what a takeover takes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from typing import Any

LIMIT_SECONDS = 120
KILLED = -signal.SIGKILL
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["crash.warm"])
_ASKING = Lock()
"""Whoever starts a process asks all others of this one how they have ended, which each says but once."""

_LOOK_EVERY_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Forked:
    """A process of a scene. May be asked from any thread."""

    process: BaseProcess

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def is_alive(self) -> bool:
        with _ASKING:
            return self.process.is_alive()

    def ended(self, limit: float = LIMIT_SECONDS) -> int:
        """Its exit status, waited for (-9: killed)."""
        is_over = wait([self.process.sentinel], limit)
        if not is_over:
            self.kill()
            raise AssertionError(f"the process did not end within {limit} s")
        with _ASKING:
            status = self.process.exitcode
        assert status is not None
        return status

    def paused(self) -> bool:
        """Wait until it is paused; False: it has ended before that."""
        limit = time.monotonic() + LIMIT_SECONDS
        while self.is_alive():
            if self.is_stopped():
                return True
            if time.monotonic() > limit:
                self.kill()
                raise AssertionError(f"the worker has neither ended nor paused within {LIMIT_SECONDS} s")
            time.sleep(_LOOK_EVERY_SECONDS)
        return False

    def go_on(self) -> None:
        if self.is_alive():
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Wherever it stands."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGKILL)
        wait([self.process.sentinel])

    def is_stopped(self) -> bool:
        """Whether it is paused now."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"


def forked(target: Callable[..., None], *args: Any) -> Forked:
    """A new process, that does this."""
    process = _SERVER.Process(target=target, args=args)
    with _ASKING:
        _begin_server()
        process.start()
    return Forked(process)


@cache
def _begin_server() -> None:
    """It loads beforehand only what it finds by its environment: not what pytest adds to the path."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
