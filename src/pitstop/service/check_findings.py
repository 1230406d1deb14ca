"""What the checks have found that still counts, for the rules that decide about updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pitstop.checks.kind import CheckHabits
from pitstop.model.checks import finding_of, skip_of
from pitstop.model.findings import Finding, Severity
from pitstop.ports.checks import CheckRecords
from pitstop.ports.records import Runs


def _worst_first(finding: Finding) -> int:
    return tuple(Severity).index(finding.severity)


@dataclass(frozen=True, slots=True)
class CheckFindings:
    """What was found counts for a while, and only until a run has ended after it: a run changes what was
    looked at, and all is looked at again after it."""

    records: CheckRecords
    runs: Runs
    habits: CheckHabits

    def counts_from(self, now: datetime) -> datetime:
        """What was found before this instant does not count any more."""
        last = next(iter(self.runs.runs(limit=1)), None)
        ended = last.ended if last is not None else None
        oldest = now - self.habits.valid
        return oldest if ended is None else max(oldest, ended)

    def standing(self, now: datetime) -> Sequence[Finding]:
        """What blocks, and what would if it was not skipped."""
        problems = [kept.result for kept in self.records.problems()]
        if not problems:
            return []
        skips, oldest = self.records.skips(), self.counts_from(now)
        found = []
        for result in problems:
            if result.at < oldest:
                continue
            plain = finding_of(result, strict=self.habits.strict)
            if plain is not None and plain.blocks:
                found.append(finding_of(result, skip_of(result, skips), strict=self.habits.strict) or plain)
        return sorted(found, key=_worst_first)
