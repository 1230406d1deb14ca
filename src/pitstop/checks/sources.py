"""``sources``: each source answers, and what it has signed is fresh.

That a source is away keeps nothing off by itself: what is here can be installed. What it says that is not
signed as it must be, does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pitstop.checks.kind import (
    CheckHabits,
    CheckKind,
    Outcome,
    Surroundings,
    Target,
    not_looked_at,
    only_worth_knowing,
    passes,
    warns,
)
from pitstop.checks.threads import in_thread
from pitstop.model.errors import Unreachable
from pitstop.model.findings import Severity
from pitstop.policy.facts import STALE_AFTER
from pitstop.ports.records import SourceStatus
from pitstop.wire.formats import duration


def _targets(around: Surroundings) -> Sequence[Target]:
    return [Target("source", status.source.name) for status in around.sources() if status.declared]


async def _look(around: Surroundings, target: Target) -> Outcome:
    known = await in_thread(around.sources)
    status = next((each for each in known if each.source.name == target.name), None)
    if status is None:
        return not_looked_at("skipped: it is no longer declared")
    return judge(status, around.habits, around.now())


def judge(status: SourceStatus, habits: CheckHabits, now: datetime) -> Outcome:
    away = "" if status.last_checked is None else _ago(now - status.last_checked)
    if status.finding is not None:
        since = f"; the last successful check was {away}" if away else "; it was never checked"
        outcome = warns(f"{status.finding.what}{since}", status.finding.remedy, detail=status.finding.detail)
        return only_worth_knowing(outcome) if status.finding.code == Unreachable.code else outcome
    if status.last_checked is None:
        return not_looked_at("it was not checked yet", "Check the sources: `pitstop source check`.")
    longest = timedelta(days=habits.source_days) if status.source.connected else STALE_AFTER
    if now - status.last_checked > longest:
        remedy = (
            "See why it is not polled: `pitstop source check`."
            if status.source.connected
            else "Bring a newer transfer onto this system."
        )
        return only_worth_knowing(warns(f"what it says is old: the last check was {away}", remedy))
    how = "answers" if status.source.connected else "comes on media"
    return passes(f"it {how}; the last successful check was {away}")


def _ago(span: timedelta) -> str:
    return f"{duration(span.total_seconds())} ago"


SOURCES = CheckKind(
    "check-sources",
    "Sources are fresh",
    "Whether the last check of each source went well, and how long ago that was.",
    Severity.WARNING,
    _targets,
    _look,
)
