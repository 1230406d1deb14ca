"""The same build with another digest: which releases are disputed, and how that is said. Pure.

An update keeps the digest of its package as it was first known. What a source says later is held against it:
neither of the two is trusted more, and what is here stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Catalogue, Release
from pitstop.policy.catalogue_checks import DISPUTED


@dataclass(frozen=True, slots=True)
class Dispute:
    """A release, as it is offered now, whose package was another when it was first known."""

    release: Release
    first_sha256: str


def disputes(catalogue: Catalogue, first: Mapping[str, str]) -> tuple[Dispute, ...]:
    """The disputed releases of a catalogue.

    Args:
        first: by name of update, the digest of its package as it was first known.
    """
    return tuple(
        Dispute(release, known)
        for release in catalogue.releases
        if release.package_sha256 and (known := first.get(release.name)) not in (None, release.package_sha256)
    )


def dispute_finding(subject: str, disputed: Sequence[Dispute]) -> Finding | None:
    """What is wrong with the source that offers these; None where there are none."""
    if not disputed:
        return None
    names = ", ".join(dispute.release.name for dispute in disputed)
    return Finding(
        DISPUTED,
        Severity.CRITICAL,
        subject,
        f"it offers other packages than before under the same build: {names}",
        "Do not install them. Ask the publisher which digest is right; what was changed needs its own build.",
        "They cannot be installed; what is here of them stays as it was first known.",
        "\n".join(
            f"{dispute.release.name}: {dispute.release.package_sha256}, first known as {dispute.first_sha256}"
            for dispute in disputed
        ),
    )


def with_disputes(catalogues: Iterable[Catalogue], first: Mapping[str, str]) -> tuple[Catalogue, ...]:
    """The catalogues, and before them what was first known of their disputed releases: so the release graph
    meets both digests, and its rules keep such a release off."""
    known = tuple(catalogues)
    before = tuple(
        replace(
            catalogue,
            releases=tuple(
                replace(dispute.release, package_sha256=dispute.first_sha256) for dispute in disputed
            ),
        )
        for catalogue in known
        if (disputed := disputes(catalogue, first))
    )
    return (*before, *known)
