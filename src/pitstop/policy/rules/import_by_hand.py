"""After the second failure to get or prepare an update, another try over the same link is not the advice."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.situation import Situation, Word, subject_of

_FAILED = frozenset({UpdateState.DOWNLOAD_FAILED, UpdateState.PREPARATION_FAILED})
_ENOUGH = 2


def import_by_hand(release: Release, situation: Situation) -> Iterator[Word]:
    facts = situation.facts
    failures = facts.failed_to_get.get(release.name, 0)
    if facts.states.get(release.name) not in _FAILED or failures < _ENOUGH:
        return
    yield Word(
        finding=Finding(
            "import-by-hand",
            Severity.INFORMATIONAL,
            subject_of(release),
            f"Getting or preparing it has failed {failures} times in a row.",
            "Import the package by hand: `pitstop download` on a machine that has a good connection, carry "
            "what it writes here, `pitstop import`; then *Update now* again.",
        )
    )
