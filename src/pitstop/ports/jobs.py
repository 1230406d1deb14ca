"""What moves work: background jobs by name and key, run once at a time for each key.

All work that nobody waits for goes through here: driving runs, imports, and what is done now and then. Who
does it is the adapter's business: this process (:mod:`pitstop.engine.jobs`), or one of several on several
machines (:mod:`pitstop.engine.shared_jobs`). Jobs must bear being begun again at any point: their memory is
the journal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

Tell = Callable[[str, Exception | None], None]
"""Told the key of a job and what it broke with, from the third break in a row on; None: it has ended well."""


def _nothing() -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of background work.

    Attributes:
        do: does it for a key. If it raises, it is done again after a pause.
        here: it is about this machine (its folders), so that no other may do it.
        tell: who is told when it breaks again and again. Blocks; may raise, which is logged.
        unfinished: the keys that wait to be worked on, whoever was to do it and has died. Blocks.
    """

    name: str
    do: Callable[[str], Awaitable[None]]
    here: bool = False
    tell: Tell | None = None
    unfinished: Callable[[], Iterable[str]] = _nothing


@dataclass(frozen=True, slots=True)
class Recurring:
    """What is done now and then, under the empty key: soon after the start, then at intervals that are a
    tenth shorter or longer, at random. Of a job that is not ``here``: once for all that work together."""

    job: Job
    every: timedelta


class Jobs(Protocol):
    def submit(self, job: str, key: str) -> None:
        """See to it that the job of this name is run for this key soon; while it runs, again is no harm: it
        is run once more after that. From any thread; does not block."""


class Worker(Jobs, Protocol):
    """Who works, from start to stop."""

    async def start(self, jobs: Sequence[Job], recurring: Sequence[Recurring] = ()) -> None:
        """Begin to do these jobs, in the loop that runs now; what was left unfinished first. What recurs
        need not be named twice.

        Raises:
            StateUnusable: what the jobs are kept in cannot be used.
        """

    async def stop(self) -> None:
        """End all jobs where they are: another worker, or the next start, goes on with them."""


class Turns(Protocol):
    """Whose turn it is to do what is done now and then, by one clock for all."""

    def take(self, name: str, every: timedelta) -> bool:
        """Whether it is due, for nobody has taken this turn in the time of ``every``. It is taken now."""
