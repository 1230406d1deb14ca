"""One update at a time: while one runs, or stands half installed, the others wait."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release
from pitstop.model.updates import IN_PROGRESS, UpdateState
from pitstop.policy.situation import Situation, Word, subject_of


def one_at_a_time(release: Release, situation: Situation) -> Iterator[Word]:
    if situation.has(release):
        return
    running = situation.facts.in_progress
    states = situation.facts.states
    if running is None:
        running = next((name for name, state in states.items() if state in IN_PROGRESS), None)
    if running is not None and running != release.name:
        yield _word(
            "another-update-in-progress",
            release,
            f"{running} is in progress.",
            f"Wait until {running} has ended.",
        )
        return
    failed = next((name for name, s in states.items() if s is UpdateState.INSTALLATION_FAILED), None)
    if failed is not None and failed != release.name:
        yield _word(
            "another-update-unfinished",
            release,
            f"The install of {failed} failed and left this system partly updated.",
            f"Resume {failed} first.",
        )
    partly = situation.facts.partly_on
    if partly is not None and partly != release.name:
        yield _word(
            "another-update-unfinished",
            release,
            f"The run of {partly} was cancelled and left this system partly updated.",
            f"Install {partly} again first: what is done already is found done.",
        )


def _word(code: str, release: Release, what: str, remedy: str) -> Word:
    return Word(
        finding=Finding(code, Severity.CRITICAL, subject_of(release), what, remedy),
        state=UpdateState.ANOTHER_IN_PROGRESS,
    )
