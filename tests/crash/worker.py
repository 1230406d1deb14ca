"""The worker processes that are killed and paused."""

from __future__ import annotations

from crash.fuse import NEVER, Blow, Fuse
from crash.processes import Forked, forked
from crash.scene import Scene

PASSED_NAME = "passed"


def begin(scene: Scene, blow: Blow = NEVER) -> Forked:
    """A worker on the scene's run."""
    return forked(_play, scene, blow)


def drive(scene: Scene, blow: Blow = NEVER) -> int:
    """Play the scene in a process of its own. Its exit status."""
    return begin(scene, blow).ended()


def points_of(scene: Scene) -> list[str]:
    """The points that the last worker that was not killed has passed."""
    return (scene.folder / PASSED_NAME).read_text().splitlines()


def _play(scene: Scene, blow: Blow) -> None:
    fuse = Fuse(blow, scene.folder)
    scene.play(fuse)
    (scene.folder / PASSED_NAME).write_text("\n".join(fuse.passed))
