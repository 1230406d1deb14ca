"""``make crash-matrix``: a run is killed at every point, and disturbed otherwise, and must end the same.

A point is right before or right behind one write of the journal or one act on a node. The run is of a plan
with every kind of group on three nodes (``tests/crash/plan.py``): one that succeeds, one that fails and is
aborted, one that fails and is cancelled. Nodes are folders of this machine; what runs on them is the node's
real side (``operation.sh``), begun as a child process instead of over SSH. Workers are real processes.

- **In turn**: SIGKILL at each point of each story on each database. A run is killed at ``--together N``
  points that lie far apart; the next run at those beside them, and so on. ``--every N`` takes every Nth run.
- **At random**, ``--random N`` points: each run is killed again and again, each time within 30 points of
  where it was taken up. With the same ``--seed`` the same points are chosen. The nodes' side is played by a
  process of its own here (``tests/crash/served_nodes.py``).

- **With several workers**, ``--several N`` points: three worker processes share each run by PostgreSQL. At
  points of it one is killed, paused, cut off, or its clock stepped, or a disk is full
  (``tests/crash/faults.py``). What this user cannot bring about (to cut a link and to fill a disk wants root)
  is left out, and said.

With ``--progress FILE`` each case is written down as it ends, and not done again by the next call. The last
line is one JSON object: ``points``, ``lost`` (whatever an undisturbed run would have come to and this one has
not), ``repeated`` (finished steps done again, by the nodes' own logs), ``unfenced`` (acts and writes under an
epoch below one before it), ``takeover_max_s`` (from the moment that a worker was lost to the moment that
another has its run). With one worker the next is begun at once; its time, ``restart_max_s``, is told apart.
It ends with status 1 unless the middle three are 0.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from crash import faults
from crash.cases import Outcome, at_random, killed_at, undisturbed
from crash.disks import can_mount, keep_mounts_private
from crash.plan import Story
from crash.servers import POSTGRESQL, SQLITE, Addresses, servers

SAY_EVERY_SECONDS = 10.0
RANDOM, SEVERAL = 10_000, 300
"""So many points at random and with several workers, unless told otherwise."""

SHARED = "several"
"""What the names of cases with several workers begin with."""

Case = Callable[[Path], Outcome]


@dataclass
class Tally:
    """What all cases so far have come to, kept in a file where one is given."""

    file: Path | None
    known: dict[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                kept = json.loads(line)
                name = kept.pop("case")
                self.known[name] = Outcome(**kept)

    def add(self, name: str, outcome: Outcome) -> None:
        self.known[name] = outcome
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps({"case": name, **_fields(outcome)}) + "\n")

    def summary(self) -> dict[str, float]:
        outcomes = self.known.values()
        return {
            "points": sum(outcome.points for outcome in outcomes),
            "lost": sum(len(outcome.lost) for outcome in outcomes),
            "repeated": sum(outcome.repeated for outcome in outcomes),
            "unfenced": sum(outcome.unfenced for outcome in outcomes),
            "takeover_max_s": self._longest(shared=True),
            "restart_max_s": self._longest(shared=False),
        }

    def _longest(self, *, shared: bool) -> float:
        known = self.known.items()
        times = (outcome.takeover_s for name, outcome in known if name.startswith(SHARED) is shared)
        return round(max(times, default=0.0), 2)


def _fields(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in Outcome.__slots__}


def in_turn(
    databases: dict[str, Addresses], stories: Sequence[Story], together: int, every: int
) -> Iterator[tuple[str, Case]]:
    """Every point of each story on each database; in each case so many that lie far apart."""
    for database, addresses in databases.items():
        for story in stories:
            points = undisturbed(story, addresses)
            say(f"{story} on {database}: {len(points)} points")
            apart = -(-len(points) // together)
            for first in range(0, apart, every):
                name = f"{database} {story} {first + 1}/{apart}"
                yield name, _some(story, addresses, points[first::apart])


def _some(story: Story, addresses: Addresses, points: list[str]) -> Case:
    return lambda folder: killed_at(folder, story, addresses, points)


def by_chance(databases: dict[str, Addresses], seed: int) -> Iterator[tuple[str, Case]]:
    """Cases without end."""
    number = 0
    while True:
        number += 1
        name = f"random {seed} {number} {'+'.join(sorted(databases))}"
        yield name, _chance(name, databases)


def _chance(name: str, databases: dict[str, Addresses]) -> Case:
    return lambda folder: at_random(name, databases, folder)


def with_several(seed: int) -> Iterator[tuple[str, Case]]:
    """Cases without end."""
    number = 0
    while True:
        number += 1
        name = f"{SHARED} {seed} {number}"
        yield name, _disturbed(name)


def _disturbed(name: str) -> Case:
    return lambda folder: faults.by_chance(name, folder)


def play(tally: Tally, cases: Iterator[tuple[str, Case]], jobs: int, points: float = float("inf")) -> None:
    """Do the cases that are not known yet, so many at a time, until there are so many points."""
    said, done = monotonic(), 0
    with ThreadPoolExecutor(jobs) as pool:
        while done < points:
            batch = [next(cases, None) for _ in range(2 * jobs)]
            named = [case for case in batch if case is not None]
            if not named:
                return
            done += sum(tally.known[name].points for name, _ in named if name in tally.known)
            left = {pool.submit(_played, case): name for name, case in named if name not in tally.known}
            for ended in as_completed(left):
                outcome = ended.result()
                tally.add(left[ended], outcome)
                done += outcome.points
                for lost in outcome.lost:
                    say(f"  {left[ended]}: {lost}")
                if monotonic() - said > SAY_EVERY_SECONDS:
                    said = monotonic()
                    say(f"  {left[ended]}; {json.dumps(tally.summary())}")


def _played(case: Case) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="pitstop-matrix-"))
    try:
        return case(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="crash-matrix", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="in turn, every Nth run (default 1; 0: none)")
    parser.add_argument("--together", type=int, default=8, help="in turn, points of one run (default 8)")
    parser.add_argument("--random", type=int, default=RANDOM, help=f"random points (default {RANDOM})")
    parser.add_argument(
        "--several", type=int, default=SEVERAL, help=f"points with several workers (default {SEVERAL})"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random points (default 1)")
    parser.add_argument("--jobs", type=int, default=4, help="cases at once (default 4)")
    parser.add_argument("--progress", type=Path, help="a file that keeps what is done already")
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL), help="this one only (default: both)")
    parser.add_argument("--story", type=Story, action="append", help="in turn, this one only (default: all)")
    told = parser.parse_args()
    if can_mount():
        keep_mounts_private()
    tally = Tally(told.progress)
    databases = {name: make for name, make in servers().items() if told.database in {None, name}}
    if told.every:
        play(tally, in_turn(databases, told.story or tuple(Story), told.together, told.every), told.jobs)
    if told.random:
        play(tally, by_chance(databases, told.seed), told.jobs, told.random)
    if told.several and POSTGRESQL in databases:
        left_out = sorted(set(faults.Fault) - set(faults.faults_here()))
        say(f"with several workers{'; left out here: ' + ', '.join(left_out) if left_out else ''}")
        play(tally, with_several(told.seed), told.jobs, told.several)
    summary = tally.summary()
    print(json.dumps(summary))
    return 0 if not (summary["lost"] or summary["repeated"] or summary["unfenced"]) else 1


if __name__ == "__main__":
    sys.exit(main())
