"""``database``: the service's database is whole, and can be written."""

from __future__ import annotations

from datetime import timedelta

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, fails, of_machine, passes
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity

_ASKED = timedelta(seconds=30)


async def _look(around: Surroundings, _target: Target) -> Outcome:
    problems = await in_thread(lambda: around.integrity.database_problems(_ASKED))
    if problems:
        return fails(
            f"it is damaged: {problems[0]}"[:300],
            "Stop the service and restore the database from a backup; then look at the disk that it lies on.",
            detail="\n".join(problems),
        )
    return passes("it is whole, and takes writes")


DATABASE = CheckKind(
    "check-database",
    "Database is whole",
    "SQLite's own check of its file, or what PostgreSQL has noticed of damaged pages; and a write that is "
    "taken back.",
    Severity.CRITICAL,
    of_machine,
    _look,
)
