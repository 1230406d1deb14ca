"""``backup``: the last backup is young enough, where the settings say where backups lie."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta

from pitstop.checks.kind import (
    CheckHabits,
    CheckKind,
    Outcome,
    Surroundings,
    Target,
    fails,
    not_looked_at,
    of_machine,
    passes,
    warns,
)
from pitstop.model.findings import Severity
from pitstop.wire.formats import duration, instant

_TOO_OLD = 2
_REMEDY = "See why backups are not made any more; make one now."


async def _look(around: Surroundings, target: Target) -> Outcome:
    habits = around.habits
    if not habits.backup:
        return not_looked_at("skipped: where backups lie is not said (`backup` under [checks])")
    said = await around.ask(target, _script(habits.backup))
    return judge(said.output, habits, around.now())


def _script(path: str) -> str:
    """Prints when the newest file was changed, in seconds since 1970."""
    return f"find {shlex.quote(path)} -type f -exec stat -c %Y {{}} + 2>/dev/null | sort -n | tail -n 1"


def judge(said: str, habits: CheckHabits, now: datetime) -> Outcome:
    if not said.strip().isdigit():
        return fails(f"there is none in {habits.backup}", _REMEDY)
    made = datetime.fromtimestamp(int(said), UTC)
    age, most = now - made, timedelta(days=habits.backup_days)
    text = f"the newest was made {duration(age.total_seconds())} ago, at {instant(made)}"
    measures = (f"age={max(0, int(age.total_seconds()))}s;{most.total_seconds():.0f}",)
    if age > _TOO_OLD * most:
        return fails(text, _REMEDY, measures=measures)
    if age > most:
        return warns(text, _REMEDY, measures=measures)
    return passes(text, measures=measures)


BACKUP = CheckKind(
    "check-backup",
    "Backups are made",
    "How old the newest file is below the path that `backup` names. A warning after `backup_days`, failed "
    "after twice as many.",
    Severity.WARNING,
    of_machine,
    _look,
)
