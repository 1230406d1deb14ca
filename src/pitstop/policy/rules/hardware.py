"""A release for other hardware is not for this system."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.facts import fits_hardware
from pitstop.policy.situation import Situation, Word, refusal, unmet


def hardware(release: Release, situation: Situation) -> Iterator[Word]:
    if not release.hardware:
        return
    facts = situation.facts
    fits = fits_hardware(release.hardware, facts)
    wanted = ", ".join(
        match.family + (f" {match.model}" if match.model else "") for match in release.hardware
    )
    if fits is None:
        yield unmet(
            "fact-missing",
            release,
            f"hardware {wanted}",
            f"{release.version} is for {wanted}; this system's hardware is not recorded.",
            "Record the hardware family and model of this system.",
            met=None,
        )
    elif not fits:
        here = f"{facts.hardware_family} {facts.hardware_model}".strip()
        yield refusal(
            UpdateState.INVALID,
            "other-hardware",
            release,
            f"{release.version} is for {wanted}; this system is {here}.",
            "Nothing to do: it is not for this system. Look for the publisher's release for this hardware.",
        )
