"""Cases of the matrix: one run each, killed or paused at points, taken up again, and judged at its end."""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from crash.fuse import NEVER, Blow, after, blown_at
from crash.plan import Story
from crash.processes import KILLED
from crash.scene import Reach, Scene, scene_here
from crash.served_nodes import serving
from crash.servers import Addresses
from crash.verdict import Verdict, verdict
from crash.worker import begin, drive, points_of

LIVES = 20
"""At random, so many workers of a run are killed at most; the next one brings it to its end."""

APART = 30
"""At random, the next worker is killed at one of so many points from where it takes the run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one case has come to."""

    points: int
    lost: tuple[str, ...]
    repeated: int
    unfenced: int
    takeover_s: float
    faults: tuple[str, ...] = ()


def undisturbed(story: Story, addresses: Addresses) -> list[str]:
    """The points of a run that nobody disturbs.

    Raises:
        AssertionError: it does not come to its end.
    """
    folder = Path(tempfile.mkdtemp(prefix="pitstop-matrix-"))
    scene = scene_here(folder, story, addresses())
    try:
        scene.lay()
        assert drive(scene) == 0
        judged = verdict(scene)
        assert judged.is_good, judged
        return points_of(scene)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def killed(scene: Scene, points: Sequence[int]) -> Outcome:
    """Each of the workers is killed at its point, the last one at none."""
    scene.lay()
    deaths = []
    status = KILLED
    for at in [*points, None]:
        status = drive(scene, after(at) if at else NEVER)
        if status != KILLED:
            break
        deaths.append(datetime.now(UTC))
    return _outcome(scene, deaths, status)


def killed_at(folder: Path, story: Story, addresses: Addresses, points: Sequence[str]) -> Outcome:
    """Workers are killed at each of these points, as the run comes to them. One that it does not come to any
    more (what was under way when it was killed elsewhere is not begun again) is met in a run of its own."""
    outcome, left = _killed_where(scene_here(folder, story, addresses()), frozenset(points))
    for number, point in enumerate(left):
        alone, unmet = _killed_where(
            scene_here(folder / f"alone-{number}", story, addresses()), frozenset({point})
        )
        outcome = _both(outcome, alone)
        if unmet:
            outcome = replace(outcome, lost=(*outcome.lost, f"the point {point!r} is never come to"))
    return outcome


def _killed_where(scene: Scene, points: frozenset[str]) -> tuple[Outcome, frozenset[str]]:
    """Also the points that the run has not come to."""
    scene.lay()
    deaths = []
    while (status := drive(scene, Blow(named=points))) == KILLED:
        deaths.append(datetime.now(UTC))
        points -= {blown_at(scene.folder)}
    return _outcome(scene, deaths, status), points


def _both(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        one.points + other.points,
        one.lost + other.lost,
        one.repeated + other.repeated,
        one.unfenced + other.unfenced,
        max(one.takeover_s, other.takeover_s),
    )


def paused(scene: Scene, first: int, second: int) -> Outcome:
    """One worker is paused at its point; another takes the run, and is paused in turn; the first goes on, and
    must find that it has nothing to say any more; the second goes on to the end."""
    scene.lay()
    one = begin(scene, after(first, signal.SIGSTOP))
    if not one.paused():
        return _outcome(scene, [], one.ended())
    since = datetime.now(UTC)
    two = begin(scene, after(second, signal.SIGSTOP))
    try:
        two.paused()
    finally:
        one.go_on()
    statuses = [one.ended()]
    two.go_on()
    statuses.append(two.ended())
    return _outcome(scene, [since], max(statuses, key=abs))


def at_random(seed: str, databases: dict[str, Addresses], folder: Path) -> Outcome:
    """A story, a database and points by chance; the same for the same seed."""
    chance = random.Random(seed)
    story = chance.choice(list(Story))
    address = databases[chance.choice(sorted(databases))]()
    points = [chance.randint(1, APART) for _ in range(LIVES)]
    scene = scene_here(folder, story, address, Reach.SERVED)
    with serving(scene.system, scene.socket):
        return killed(scene, points)


def _outcome(scene: Scene, deaths: Sequence[datetime], status: int) -> Outcome:
    judged: Verdict = verdict(scene)
    lost = judged.lost if status == 0 else (*judged.lost, f"the last worker has ended with {status}")
    waits = [
        (min(later) - death).total_seconds()
        for death in deaths
        if (later := [taken for taken in judged.taken if taken > death])
    ]
    return Outcome(len(deaths), lost, judged.repeated, judged.unfenced, max(waits, default=0.0))
