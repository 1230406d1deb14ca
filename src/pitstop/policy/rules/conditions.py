"""Prerequisites that hold only on some systems: where a certain build went on, or a fact has a value.

A test that cannot be answered, because its fact is not recorded, leaves the prerequisite unknown: the release
does not go on until somebody has recorded the fact, and the finding names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.answers import NO, YES, Answer, ask_all
from pitstop.model.conditions import Condition
from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.rules.hotfix_gate import has_hotfix, hotfixes_from
from pitstop.policy.situation import Situation, Word, install_first, refusal, unmet


def conditions(release: Release, situation: Situation) -> Iterator[Word]:
    for condition in release.conditions:
        concerns = _concerns(condition, situation)
        if concerns.holds is False:
            continue
        met = _met(condition, situation)
        if met.holds:
            yield Word(condition.says, met=True)
        elif concerns.holds is None or met.holds is None:
            yield _unknown(release, condition, (*concerns.missing, *met.missing))
        else:
            yield _unmet(release, condition, situation)


def _concerns(condition: Condition, situation: Situation) -> Answer:
    """Whether the condition is one for this system."""
    if condition.when_installed is not None:
        build = situation.graph.platform_build(condition.when_installed)
        if build is None or build.id not in situation.on.on:
            return NO
    return ask_all(condition.when, situation.facts.facts)


def _met(condition: Condition, situation: Situation) -> Answer:
    if condition.hotfix is not None and not has_hotfix(condition.hotfix, situation):
        return NO
    return ask_all(condition.facts, situation.facts.facts) if condition.facts else YES


def _unmet(release: Release, condition: Condition, situation: Situation) -> Word:
    if condition.excludes:
        return refusal(
            UpdateState.INVALID,
            "not-for-this-system",
            release,
            condition.says,
            condition.remedy or "Nothing to do: it is not for this system.",
        )
    lacks_hotfix = condition.hotfix is not None and not has_hotfix(condition.hotfix, situation)
    first = hotfixes_from(condition.hotfix, situation) if lacks_hotfix and condition.hotfix else ()
    remedy = condition.remedy or install_first(
        first, "Bring about what the release asks for, then look again."
    )
    return unmet("condition-not-met", release, condition.says, condition.says, remedy, first)


def _unknown(release: Release, condition: Condition, missing: tuple[str, ...]) -> Word:
    why = "; ".join(missing)
    return unmet(
        "fact-missing",
        release,
        condition.says,
        f"{condition.says} Whether this system meets that is not known: {why}.",
        "Record the fact that is named, then look again.",
        met=None,
    )
