"""What ``df`` says of the file system that a path lies on, and what to think of it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from pitstop.checks.kind import Outcome, fails, passes, unknown, warns
from pitstop.wire.formats import size

LEAST_BYTES = 128 << 20
SPARE_BYTES = 512 << 20
LEAST_FILES = 5_000


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes and files; None: the file system does not count its files."""

    free: int
    whole: int
    files: int | None


def script(path: str) -> str:
    """Asks for the nearest folder that is there. ``path`` is below PITSTOP_ROOT."""
    return f"""
place="$PITSTOP_ROOT"{shlex.quote(path)}
while [ ! -e "$place" ]; do place=$(dirname "$place"); done
df -Pk "$place" | tail -n 1
df -Pi "$place" 2>/dev/null | tail -n 1
"""


def room(said: str) -> Room | None:
    """As the script has said it; None: it has not."""
    rows = [line.split() for line in said.splitlines()]
    rows = [row for row in rows if len(row) >= 6]
    try:
        whole, free = int(rows[0][-5]), int(rows[0][-3])
        counted = len(rows) > 1 and rows[1][-5].isdigit() and int(rows[1][-5]) > 0
        return Room(free * 1024, whole * 1024, int(rows[1][-3]) if counted else None)
    except (IndexError, ValueError):
        return None


def judge(there: Room | None, need: int, needs: str, remedy: str) -> Outcome:
    """What to think of so much room, where so many bytes are needed.

    Args:
        needs: what for, as half a sentence; "" where nothing is.
    """
    if there is None:
        return unknown("the machine does not say how much room there is", "See what `df` says there.")
    text = f"{size(there.free)} of {size(there.whole)} are free" + (f"; {needs}" if needs else "")
    measures = (f"free={there.free}B;{need + SPARE_BYTES}:;{need + LEAST_BYTES}:;0;{there.whole}",)
    if there.free < need + LEAST_BYTES:
        short = need + LEAST_BYTES - there.free
        return fails(text, f"Free {size(short)} at least: {remedy}", measures=measures)
    if there.files is not None and there.files < LEAST_FILES:
        return fails(
            f"{text}, but only for {there.files} files", f"Remove files: {remedy}", measures=measures
        )
    if there.free < need + SPARE_BYTES:
        return warns(text, f"Free {size(need + SPARE_BYTES - there.free)}: {remedy}", measures=measures)
    return passes(text, measures=measures)
