"""An OEM package may need the platform to be at least at some build, in the order of release."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.releases import Release
from pitstop.model.versions import Version
from pitstop.policy.situation import Situation, Word, install_first, next_on_the_way, unmet


def platform_gate(release: Release, situation: Situation) -> Iterator[Word]:
    least = release.min_platform_version
    if least is None:
        return
    question = f"platform {least} or newer"
    met = _at_least(least, situation)
    if met:
        yield Word(question, met=True)
        return
    first = _leading_to(least, situation)
    what = f"{release.version} needs the platform at {least} or newer; it is {situation.on.version}."
    if met is None:
        what = f"{release.version} needs platform build {least}, which cannot be placed by any catalogue."
    yield unmet(
        "platform-too-old",
        release,
        question,
        what,
        install_first(first, "Poll or import the platform's newest catalogue."),
        first,
        met=met,
    )


def _at_least(least: Version, situation: Situation) -> bool | None:
    """None where the build is in no catalogue, or the system's family is in none."""
    known, here = situation.graph.platform_build(least), situation.family
    if known is None or here is None:
        return None
    if known.id in situation.on.on:
        return True
    homes = situation.graph.homes(known)
    if here in homes:
        return situation.on.level >= here.levels[least]
    return here.order > homes[0].order


def _leading_to(least: Version, situation: Situation) -> tuple[Release, ...]:
    known, here = situation.graph.platform_build(least), situation.family
    if known is None or here is None:
        return ()
    if here in situation.graph.homes(known):
        return tuple(situation.graph.hotfixes(here, here.levels[least]))
    return next_on_the_way(situation)
