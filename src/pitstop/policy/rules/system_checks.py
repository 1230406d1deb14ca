"""What the checks of the system have found keeps an update off: what is Critical always, a Warning unless the
check is skipped. What is too old to count is not handed in: a run asks them all again before it installs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pitstop.model.releases import Release
from pitstop.policy.situation import Situation, Word

_THEN = "Then run the checks again (`pitstop check run`)."


def system_checks(_release: Release, situation: Situation) -> Iterator[Word]:
    for finding in situation.facts.checks:
        remedy = f"{finding.remedy} {_THEN}".strip() if finding.blocks else finding.remedy
        yield Word(finding=replace(finding, remedy=remedy))
