"""What becomes of a job that breaks: it is tried again after a pause, whatever it broke with, for what it
works on must not be left lying. The pauses grow; what it broke with is logged, and told to who raises an
alert once it has broken a few times in a row.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pitstop.ports.jobs import Job

log = logging.getLogger(__name__)

BORNE_BREAKS = 2
"""So many in a row are told to nobody: a database that was busy, a disk that was full for a moment."""
STEADY = timedelta(minutes=10)
"""A job that has gone on for so long before it breaks is in no row of breaks."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Before a job that broke is tried again: each twice as long as the one before."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=1)

    def after(self, breaks: int) -> timedelta:
        """After so many breaks in a row."""
        return min(self.first * (1 << min(breaks - 1, 10)), self.longest)


PAUSES: Final = Pauses()


async def broken(job: Job, key: str, error: Exception, breaks: int, pause: timedelta) -> None:
    """Log that the job broke, so often in a row by now, and tell it."""
    if breaks > BORNE_BREAKS:
        await told(job, key, error)
    log.error("job %s %s broke; it is tried again in %s", job.name, key, pause, exc_info=error)


def counted(before: int, took: timedelta) -> int:
    """How many breaks in a row it is now, after ``before``; ``took``: how long the job went on this time."""
    return 1 if took >= STEADY else before + 1


async def told(job: Job, key: str, error: Exception | None) -> None:
    """Tell who wants to know what the job broke with; None: it has ended well."""
    if job.tell is None:
        return
    try:
        await asyncio.to_thread(job.tell, key, error)
    except Exception:
        log.exception("that job %s %s breaks cannot be told", job.name, key)
