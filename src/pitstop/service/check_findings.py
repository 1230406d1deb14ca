"""What the checks have found that still counts, for the rules that decide about updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pitstop.checks.kind import CheckHabits
from pitstop.model.checks import finding_of, skip_of
from pitstop.model.findings import Finding
from pitstop.ports.checks import CheckRecords


@dataclass(frozen=True, slots=True)
class CheckFindings:
    records: CheckRecords
    habits: CheckHabits

    def standing(self, now: datetime) -> Sequence[Finding]:
        """What blocks, and what would if it was not skipped."""
        problems = [kept.result for kept in self.records.problems()]
        skips = self.records.skips() if problems else ()
        counting = [result for result in problems if now - result.at <= self.habits.valid]
        found = []
        for result in counting:
            plain = finding_of(result, strict=self.habits.strict)
            if plain is not None and plain.blocks:
                found.append(finding_of(result, skip_of(result, skips), strict=self.habits.strict) or plain)
        return found
