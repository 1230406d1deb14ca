"""What the checks of the system have found keeps an update off: what is Critical always, a Warning unless the
check is skipped. What is too old to count is not handed in: a run asks them all again before it installs."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.releases import Release
from pitstop.policy.situation import Situation, Word


def system_checks(_release: Release, situation: Situation) -> Iterator[Word]:
    for finding in situation.facts.checks:
        yield Word(finding=finding)
