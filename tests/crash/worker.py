"""The process that is killed: forked from a clean server, so that a start costs milliseconds."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from crash.fuse import Fuse
from crash.scene import Scene

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["crash.worker"])
LIMIT_SECONDS = 60
COUNT_NAME = "points"


def drive(scene: Scene, at: int | None) -> int:
    """Drive the scene's run in a process of its own, killed at point ``at``. Its exit status (-9: killed)."""
    process = FORKSERVER.Process(target=_drive, args=(scene, at))
    process.start()
    process.join(LIMIT_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"the worker did not end within {LIMIT_SECONDS} s")
    status = process.exitcode
    process.close()
    return status


def points_of(scene: Scene) -> int:
    """How many points the last worker that was not killed has passed."""
    return int(Path(scene.folder / COUNT_NAME).read_text())


def _drive(scene: Scene, at: int | None) -> None:
    fuse = Fuse(at)
    scene.drive(fuse)
    (scene.folder / COUNT_NAME).write_text(str(fuse.passed))
