"""A release may need a minimum OEM package; if the one on the system is too old, a newer one goes first."""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.packages import PackageType
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.model.versions import Version
from pitstop.policy.facts import SystemFacts, fits_hardware
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.situation import Situation, Word, install_first, unmet


def oem_gate(release: Release, situation: Situation) -> Iterator[Word]:
    least = release.min_oem_version
    if least is None:
        return
    question = f"OEM package {least} or newer"
    oem = situation.on.oem
    if oem is not None and oem >= least:
        yield Word(question, met=True)
        return
    first = oem_from(least, situation)
    has = f"this system has {oem}" if oem else "this system's ledger has none"
    yield unmet(
        "oem-too-old",
        release,
        question,
        f"{release.version} needs OEM package {least} or newer; {has}.",
        install_first(first, f"Import OEM package {least} or newer for this hardware from the OEM."),
        first,
        met=False if oem else None,
    )


def oem_from(least: Version, situation: Situation) -> tuple[Release, ...]:
    """The OEM packages on offer for this hardware that would do, the newest first."""
    graph = situation.graph
    line = graph_line(graph, situation.facts)
    return tuple(release for release in line if release.version >= least and graph.offers(release))


def graph_line(graph: ReleaseGraph, facts: SystemFacts) -> tuple[Release, ...]:
    """The OEM line of this hardware, the newest first; withdrawn packages are not of it."""

    def line() -> tuple[Release, ...]:
        fitting = [
            release
            for release in graph.oem
            if release.status is ReleaseStatus.AVAILABLE and fits_hardware(release.hardware, facts)
        ]
        return tuple(sorted(fitting, key=lambda release: release.version, reverse=True))

    return graph.remembered((PackageType.OEM, facts.hardware_family, facts.hardware_model), line)
