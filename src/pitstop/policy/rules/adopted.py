"""Nothing can be judged on a system of which nobody knows what is installed: it is adopted first."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.situation import Situation, Word

NOT_ADOPTED = Finding(
    "system-not-adopted",
    Severity.CRITICAL,
    "this system",
    "It is not known what is installed: the system has not been adopted.",
    "Check the sources, then declare the baseline: pitstop system adopt PRODUCT=VERSION ...",
    "No update can be judged or installed.",
)


def adopted(release: Release, situation: Situation) -> Iterator[Word]:  # noqa: ARG001 - all releases alike
    if not situation.on.on:
        yield Word(finding=NOT_ADOPTED, state=UpdateState.HAS_PREREQUISITE)
