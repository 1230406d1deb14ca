"""A family is entered from the one before it; a hotfix goes on a system of its family."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.packages import PackageType
from pitstop.model.releases import Release
from pitstop.policy.situation import Situation, Word, install_first, next_on_the_way, unmet


def family_before(release: Release, situation: Situation) -> Iterator[Word]:
    if release.type is PackageType.OEM:
        return
    wanted = _wanted(release, situation)
    if not wanted:
        return
    question = f"family {' or '.join(wanted)}"
    if situation.on.family in wanted:
        yield Word(question, met=True)
        return
    here = situation.family
    if here is None:
        yield _unknown_here(release, question, situation)
        return
    homes = situation.graph.homes(release)
    if homes and here.order < homes[-1].order:
        first = next_on_the_way(situation)
        yield unmet(
            "family-before-missing",
            release,
            question,
            f"{release.version} needs family {' or '.join(wanted)}; this system is on {here.id}.",
            install_first(first, f"No release leads on from family {here.id}: ask the publisher for one."),
            first,
        )


def _wanted(release: Release, situation: Situation) -> tuple[str, ...]:
    """The families that the system may be on."""
    if release.family is None:
        return release.families
    node = situation.graph.families.get(release.family)
    return node.entered_from if node else ()


def _unknown_here(release: Release, question: str, situation: Situation) -> Word:
    on = situation.on.family
    what = f"is on family {on}, which no catalogue knows" if on else "has no platform release in its ledger"
    return unmet(
        "current-family-unknown",
        release,
        question,
        f"{release.version} needs {question}; this system {what}.",
        "Poll or import the platform's newest catalogue."
        if on
        else "Declare what is installed with `pitstop system adopt`.",
        met=None,
    )
