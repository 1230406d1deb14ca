"""Which releases a transfer is to carry: by build, by family, on the way of a system, or all.

Pure: catalogues and a wish in, releases out, with why each is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pitstop.model.errors import InvalidInput, NotAllowed, NotFound
from pitstop.model.findings import Finding
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Release, ReleaseId, ReleaseStatus
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.path import Target, plan_path
from pitstop.wire.transfers import TransferRequest


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to carry.

    Attributes:
        versions: releases by name, build or identity.
        families: each with the builds that open it and its newest hotfix.
        everything: all that is not withdrawn.
        request: of the system that it is for: then the way to ``target``, as far as its rules lead.
        news: what the publishers say, known issues among it, is wish enough: no release needs to go along.
    """

    versions: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    everything: bool = False
    request: TransferRequest | None = None
    target: str = Target.NEWEST
    news: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Releases by source, each source's in the order of its catalogue, and what there is to know."""

    releases: Mapping[str, tuple[Release, ...]]
    findings: tuple[Finding, ...] = field(default=())


def choose(catalogues: Mapping[str, Catalogue], wish: Wish, now: datetime) -> Choice:
    """What this wish stands for.

    Args:
        catalogues: by name of source.

    Raises:
        InvalidInput: nothing was wished for; InvalidCatalogue: the catalogues do not hold together.
        NotFound: a release or family is not there; NotAllowed: the system cannot go on, with the findings.
    """
    if not (wish.versions or wish.families or wish.everything or wish.request or wish.news):
        raise InvalidInput(
            "nothing was chosen",
            hint="Name releases with --version, families with --family, a system's request with --for, or "
            "take --everything; --news takes what the publishers say, and no release.",
        )
    graph = ReleaseGraph.of(tuple(catalogues.values()))
    wanted = {graph.find(version).id for version in wish.versions}
    for family in wish.families:
        wanted |= {release.id for release in _of_family(graph, family)}
    findings: tuple[Finding, ...] = ()
    if wish.request is not None:
        way, findings = _on_the_way(graph, wish.request, wish.target, now)
        wanted |= {release.id for release in way}
    chosen = {
        name: tuple(
            release
            for release in catalogue.releases
            if release.id in wanted or (wish.everything and release.status is ReleaseStatus.AVAILABLE)
        )
        for name, catalogue in catalogues.items()
    }
    return Choice(chosen, findings)


def _of_family(graph: ReleaseGraph, family: str) -> Iterator[Release]:
    node = graph.families.get(family)
    if node is None:
        raise NotFound(f"there is no family {family}", hint=f"Known: {', '.join(graph.families) or 'none'}.")
    yield from (build for build in node.builds if build.status is ReleaseStatus.AVAILABLE)
    yield from [h for h in graph.hotfixes(node) if h.status is ReleaseStatus.AVAILABLE][:1]


def _on_the_way(
    graph: ReleaseGraph, request: TransferRequest, target: str, now: datetime
) -> tuple[Sequence[Release], tuple[Finding, ...]]:
    path = plan_path(graph, facts_of(request, now), target)
    if not path.steps and not path.reached:
        refused = NotAllowed(f"{request.system} cannot be brought to {target} from here")
        refused.findings = path.why_not
        raise refused
    steps = [release for step in path.steps for release in (step.release, step.rides) if release is not None]
    return steps, path.why_not


def facts_of(request: TransferRequest, now: datetime) -> SystemFacts:
    """The system as its request describes it.

    Raises:
        InvalidInput, InvalidVersion: the request says what no system can.
    """
    try:
        installed = tuple(
            Installed(
                ReleaseId(entry.publisher, entry.product, Version.parse(entry.version)),
                PackageType(entry.package_type),
                entry.family,
                entry.at,
                InstalledBy(entry.by),
            )
            for entry in request.installed
        )
        states = {name: UpdateState(state) for name, state in request.states.items()}
    except ValueError as error:
        raise InvalidInput(f"the request says what is not known here: {error}") from error
    return SystemFacts(
        installed=installed,
        at=now,
        hardware_family=request.hardware_family,
        hardware_model=request.hardware_model,
        nodes=request.nodes or None,
        facts=request.facts,
        states=states,
        accepted_risks=frozenset(request.accepted_risks),
        overrides=frozenset(request.overrides),
        content=frozenset(request.content),
    )
