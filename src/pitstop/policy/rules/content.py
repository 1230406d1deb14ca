"""A release may need content that only the operator can bring, such as a product key."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.answers import ask_all
from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.situation import Situation, Word, unmet


def content(release: Release, situation: Situation) -> Iterator[Word]:
    for item in release.content:
        needed = ask_all(item.when, situation.facts.facts)
        if needed.holds is False:
            continue
        if item.name in situation.facts.content:
            yield Word(item.description, met=True)
        elif needed.holds is None:
            yield unmet(
                "fact-missing",
                release,
                item.description,
                f"{release.version} may need {item.name}: {item.description} "
                f"Whether it does is not known: {'; '.join(needed.missing)}.",
                f"Record the fact that is named, or bring {item.name}.",
                met=None,
            )
        else:
            yield unmet(
                "content-required",
                release,
                item.description,
                f"{release.version} needs {item.name}, which is not here: {item.description}",
                item.remedy or f"Bring {item.name} onto this system, then look again.",
                state=UpdateState.ADDITIONAL_CONTENT_REQUIRED,
            )
