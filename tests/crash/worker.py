"""The processes that are killed and paused: forked from a clean server, which makes a start cheap."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from crash.fuse import Fuse
from crash.scene import Scene

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["crash.worker"])
LIMIT_SECONDS = 120
COUNT_NAME = "points"
KILLED = -signal.SIGKILL
_LOOK_EVERY_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process on a scene's run."""

    process: BaseProcess

    def ended(self) -> int:
        """Its exit status, waited for (-9: killed)."""
        self.process.join(LIMIT_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"the worker did not end within {LIMIT_SECONDS} s")
        return self.process.exitcode

    def paused(self) -> bool:
        """Wait until it is paused; False: it has ended before that."""
        limit = time.monotonic() + LIMIT_SECONDS
        while self.process.is_alive():
            if self._is_stopped():
                return True
            if time.monotonic() > limit:
                self.process.kill()
                raise AssertionError(f"the worker has neither ended nor paused within {LIMIT_SECONDS} s")
            time.sleep(_LOOK_EVERY_SECONDS)
        return False

    def go_on(self) -> None:
        if self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGCONT)

    def _is_stopped(self) -> bool:
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"


def begin(scene: Scene, at: int | None, by: signal.Signals = signal.SIGKILL) -> Worker:
    """A worker on the scene's run, that gets this signal at point ``at``."""
    process = FORKSERVER.Process(target=_play, args=(scene, at, by))
    process.start()
    return Worker(process)


def drive(scene: Scene, at: int | None) -> int:
    """Play the scene in a process of its own, killed at point ``at``. Its exit status."""
    return begin(scene, at).ended()


def points_of(scene: Scene) -> int:
    """How many points the last worker that was not killed has passed."""
    return int(Path(scene.folder / COUNT_NAME).read_text())


def _play(scene: Scene, at: int | None, by: signal.Signals) -> None:
    fuse = Fuse(at, by)
    scene.play(fuse)
    (scene.folder / COUNT_NAME).write_text(str(fuse.passed))
