"""The gate: the hotfix of the family before that a release names, or a newer one of it, must be on."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.releases import Release
from pitstop.model.versions import Version
from pitstop.policy.situation import Situation, Word, install_first, unmet


def hotfix_gate(release: Release, situation: Situation) -> Iterator[Word]:
    if release.required_hotfix is None or release.family is None:
        return
    met = has_hotfix(release.required_hotfix, situation)
    question = f"hotfix {release.required_hotfix} or newer"
    if met:
        yield Word(question, met=True)
        return
    if _family_is_on(release, situation):
        return  # on this family or past it: the rule of what has passed says so
    first = hotfixes_from(release.required_hotfix, situation)
    yield unmet(
        "hotfix-missing",
        release,
        question,
        f"{release.version} needs hotfix {release.required_hotfix}, or a newer one of its family; "
        f"this system shows {situation.on.version or 'no version'}.",
        install_first(first, f"Ask the publisher for hotfix {release.required_hotfix}: none is on offer."),
        first,
    )


def has_hotfix(version: Version, situation: Situation) -> bool:
    """Whether this hotfix, or a newer one of its family, is on."""
    here = situation.family
    known = situation.graph.platform_build(version)
    if known is not None and known.id in situation.on.on:
        return True
    level = here.levels.get(version) if here else None
    return level is not None and situation.on.level >= level


def hotfixes_from(version: Version, situation: Situation) -> tuple[Release, ...]:
    """The hotfixes on offer that would do, the newest first: of the family that the system is on where it is
    served there, else of the first family that it serves."""
    known = situation.graph.platform_build(version)
    homes = situation.graph.homes(known) if known else ()
    if not homes:
        return ()
    node = next((home for home in homes if home.id == situation.on.family), homes[0])
    return tuple(situation.graph.hotfixes(node, node.levels[version]))


def _family_is_on(release: Release, situation: Situation) -> bool:
    here = situation.family
    return here is not None and here.order >= situation.graph.families[release.family or ""].order
