"""Who does the background work: this process alone, or one of several on several machines."""

from __future__ import annotations

from pitstop.daemon.stored import Stored, worker_name
from pitstop.engine.jobs import EmbeddedJobs
from pitstop.ports.clock import Clock
from pitstop.ports.jobs import Worker


def hire(database: str | None, stored: Stored, clock: Clock) -> Worker:
    """``database``: the address of the one that several machines share; None: there is but this process."""
    if database is None:
        return EmbeddedJobs(clock)
    from pitstop.engine.shared_jobs import SharedJobs  # noqa: PLC0415 - its libraries are an extra

    return SharedJobs(database, clock, stored.turns, name=worker_name())
