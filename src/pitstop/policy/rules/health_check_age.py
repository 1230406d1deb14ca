"""A passed health check is good for a while; after that it has to be done again before the install."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.situation import Situation, Word, subject_of


def health_check_age(release: Release, situation: Situation) -> Iterator[Word]:
    facts = situation.facts
    passed = facts.health_checked.get(release.name)
    if facts.states.get(release.name) is not UpdateState.READY_TO_INSTALL or passed is None:
        return
    if facts.at - passed > facts.health_check_valid:
        yield Word(
            finding=Finding(
                "health-check-expired",
                Severity.INFORMATIONAL,
                subject_of(release),
                f"Its health check passed at {passed:%Y-%m-%d %H:%M} UTC, more than "
                f"{facts.health_check_valid.days} days ago.",
                "Check health again; *Update now* does so by itself.",
            ),
            state=UpdateState.HEALTH_CHECK_EXPIRED,
        )
