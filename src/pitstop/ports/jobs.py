"""What moves work: background jobs by name and key, run once at a time for each key."""

from __future__ import annotations

from typing import Protocol


class Jobs(Protocol):
    def submit(self, job: str, key: str) -> None:
        """See to it that the job of this name is run for this key soon; while it runs, again is no harm."""
