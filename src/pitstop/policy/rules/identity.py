"""A build that two packages with different digests claim to be does not go on."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.catalogue_checks import DISPUTED
from pitstop.policy.situation import Situation, Word, refusal


def identity(release: Release, situation: Situation) -> Iterator[Word]:
    digests = situation.graph.disputed(release)
    if digests:
        yield refusal(
            UpdateState.INVALID,
            DISPUTED,
            release,
            f"{len(digests)} different packages claim to be {release.id}: "
            + ", ".join(digest[:12] for digest in digests),
            "Do not install either. Ask the publisher which of its sources is right.",
        )
