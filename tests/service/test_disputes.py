"""The same build with another digest never takes the place of the first: rule book, fixed point 1."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pitstop.engine.progress import Progress
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import DigestMismatch, NotAllowed
from pitstop.model.findings import Severity
from pitstop.model.releases import Catalogue, Family, Release, ReleaseStatus
from pitstop.model.runs import Run, Step
from pitstop.model.system import Installed, InstalledBy, Node, SystemDescription
from pitstop.model.updates import UpdateState, Verb
from pitstop.package.fileset import METADATA
from pitstop.ports.hours import AnyTime
from pitstop.service.beginning import Beginning
from pitstop.service.facts import Knowledge
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.runs import RunsService
from pitstop.service.sources import SourcesService
from pitstop.service.step_sizes import StepSizes
from pitstop.service.updates import UpdatesService
from pitstop.steps.kind import StepContext
from pitstop.steps.kind import World as StepWorld
from pitstop.steps.table import KINDS
from pitstop.store.declarations import SqlDeclarations
from pitstop.store.journal import SqlJournal
from pitstop.store.known_issues import SqlKnownIssues
from pitstop.store.ledger import SqlLedger
from pitstop.store.runs import SqlRuns
from service.conftest import SimulatedFeed, World
from service.test_sources import NORTH, catalogue, declared, release_of
from simulators.checklists import NoLists
from simulators.clock import no_wait
from simulators.http import SimulatedHttp
from simulators.nodes import SimulatedNodes
from simulators.systems import GivenSystem
from store.packages import CONTENT, Package, digest, package

ADA = Actor("ada", Role.OPERATOR, "test")
RACK = SystemDescription("rack", "north", "Lumen", "R4", (Node("n1", "127.0.0.1"),))
FORMER = package("1.2309.0.1")
FIRST = package()
SECOND = package(content={**CONTENT, "bin/star": b"#!/bin/sh\necho another\n"})
FIRST_SHA, SECOND_SHA = (digest(made.documents[METADATA]) for made in (FIRST, SECOND))


def offered(*releases: Release, day: int) -> Catalogue:
    """A catalogue of two families: what is installed, and these."""
    former = replace(release_of(FORMER), family="2309")
    families = (Family("2309", None), Family("2311", "2309"))
    return replace(catalogue(former, *releases, day=day), families=families)


@dataclass
class Submitted:
    """Implements :class:`pitstop.ports.jobs.Jobs`: nobody works."""

    keys: list[str] = field(default_factory=list)

    def submit(self, job: str, key: str) -> None:
        self.keys.append(f"{job} {key}")


@dataclass
class Bench:
    world: World
    feed: SimulatedFeed
    sources: SourcesService

    def offer(self, made: Package, day: int = 2, **entry: Any) -> None:
        """The publisher says that the build is this package, and the source is looked into."""
        self.feed.packages[made.name] = made
        self.feed.says = offered(replace(release_of(made), **entry), day=day)
        self.sources.check_all()

    @property
    def knowledge(self) -> Knowledge:
        of = self.world.database
        records = (self.world.catalogues, SqlLedger(of), SqlRuns(of), SqlDeclarations(of))
        return Knowledge(*records, GivenSystem(RACK), self.world.clock)

    @property
    def runs(self) -> RunsService:
        of, audited = self.world.database, self.world.audited
        journal, runs = SqlJournal(of), SqlRuns(of)
        outlooks = Outlooks(runs, journal, StepSizes(self.world.payloads))
        offers = Offers(ListedIssues(SqlKnownIssues(of)), self.knowledge, lambda _since, _until: ())
        return RunsService(journal, runs, self.knowledge, Submitted(), Progress(), audited, outlooks, offers)

    @property
    def beginning(self) -> Beginning:
        journal = SqlJournal(self.world.database)
        return Beginning(journal, self.world.payloads, self.knowledge, Submitted(), AnyTime())

    @property
    def updates(self) -> UpdatesService:
        return UpdatesService(
            self.knowledge,
            self.runs,
            self.beginning,
            self.world.payloads,
            Progress(),
            self.world.audited,
            NoLists(),
        )

    def begun(self) -> Run:
        release = self.knowledge.release(FIRST.name)
        assert release is not None
        return self.beginning.begin(ADA, release, Verb.PREPARE, stored=UpdateState.READY, showing="")

    def act(self, run: Run, kind: str, args: Mapping[str, object]) -> None:
        known = KINDS[kind]
        world = StepWorld(
            *(RACK, SimulatedNodes(), SimulatedHttp()),
            *(self.world.payloads, self.sources.feed_of, self.world.clock),
        )
        step = Step("1.1", kind, kind=kind, node="n1", attempt=1)
        context = StepContext(
            world, run, step, RACK.nodes[0], lambda _kind: None, lambda _done, _of: None, no_wait
        )

        async def scene() -> None:
            await known.act(context, known.read(args, "here"))

        asyncio.run(scene())


@pytest.fixture
def bench(world: World) -> Bench:
    """The first package is known; the family before it is installed."""
    world.feeds.feeds["north"] = feed = SimulatedFeed(catalogue(), {FORMER.name: FORMER})
    made = Bench(world, feed, declared(world, NORTH))
    made.offer(FIRST, day=1)
    former = release_of(FORMER)
    SqlLedger(world.database).adopt(
        [Installed(former.id, former.type, "2309", world.clock.now(), InstalledBy.BASELINE)]
    )
    assert made.updates.show(ADA, FIRST.name).actions
    return made


def test_what_is_here_stays_and_the_source_has_a_finding_that_names_both(bench: Bench) -> None:
    bench.offer(SECOND, revision=2)
    assert bench.world.payloads.document(FIRST.name, METADATA) == FIRST.documents[METADATA]
    status = bench.world.catalogues.sources()[0]
    finding = status.finding
    assert finding is not None
    assert (finding.code, finding.severity) == ("identity-disputed", Severity.CRITICAL)
    assert FIRST.name in finding.what
    assert FIRST_SHA in finding.detail
    assert SECOND_SHA in finding.detail
    assert bench.world.active_codes() == ["identity-disputed"]
    assert status.last_checked == bench.world.clock.now()


def test_it_stays_so_with_every_check_and_after_a_restart(bench: Bench) -> None:
    for day in (2, 3):
        bench.offer(SECOND, day=day, revision=day)
        bench.sources = declared(bench.world, NORTH)
    assert bench.world.active_codes() == ["identity-disputed"]
    assert bench.world.payloads.document(FIRST.name, METADATA) == FIRST.documents[METADATA]


def test_the_other_releases_of_the_source_are_taken_in(bench: Bench) -> None:
    newer = package("1.2311.0.9")
    bench.feed.packages |= {SECOND.name: SECOND, newer.name: newer}
    reissue = replace(release_of(newer), reissues=release_of(FIRST).version)
    bench.feed.says = offered(release_of(SECOND), reissue, day=2)
    bench.sources.check_all()
    assert newer.name in bench.world.catalogues.update_states()
    assert bench.world.payloads.metadata(newer.name) == newer.metadata


def test_a_disputed_release_cannot_be_installed(bench: Bench) -> None:
    bench.offer(SECOND, revision=2)
    update = bench.updates.show(ADA, FIRST.name)
    assert "identity-disputed" in {reason.code for reason in update.reasons}
    with pytest.raises(NotAllowed) as refused:
        bench.updates.start(ADA, FIRST.name, Verb.PREPARE)
    assert "identity-disputed" in {finding.code for finding in refused.value.findings}
    assert bench.runs.list(ADA) == ()


def test_a_withdrawn_entry_is_disputed_too(bench: Bench) -> None:
    bench.offer(SECOND, revision=2, status=ReleaseStatus.WITHDRAWN)
    assert bench.world.active_codes() == ["identity-disputed"]


def test_once_the_source_says_again_what_it_said_first_all_is_well(bench: Bench) -> None:
    bench.offer(SECOND, revision=2)
    bench.offer(FIRST, day=3, revision=3)
    assert bench.world.active_codes() == []
    assert bench.world.catalogues.sources()[0].finding is None
    assert bench.updates.start(ADA, FIRST.name, Verb.PREPARE).state == "in-progress"


def test_a_run_holds_to_the_package_that_it_began_with(bench: Bench) -> None:
    run = bench.begun()
    assert run.package_sha256 == FIRST_SHA
    bench.world.payloads.put_documents(SECOND.name, SECOND.documents)  # by a hand, or by what we have missed
    for kind, args in (("download", {}), ("unpack", {}), ("copy", {"from": "bin", "to": "/opt"})):
        with pytest.raises(DigestMismatch, match="not the one that this run began with"):
            bench.act(run, kind, args)


def test_with_its_own_package_a_run_goes_on_while_its_release_is_disputed(bench: Bench) -> None:
    run = bench.begun()
    for name, raw in FIRST.volumes.items():
        bench.world.payloads.volume(FIRST.name, name).write_bytes(raw)
    bench.offer(SECOND, revision=2)
    bench.act(run, "download", {})
    bench.act(run, "unpack", {})
    assert not bench.world.payloads.missing_content(FIRST.name)


def test_no_run_begins_with_another_package_than_the_entry_names(bench: Bench) -> None:
    bench.world.payloads.put_documents(SECOND.name, SECOND.documents)
    with pytest.raises(DigestMismatch, match="release entry"):
        bench.begun()
    assert bench.runs.list(ADA) == ()


def test_the_files_of_another_package_are_not_taken_by_any_way(bench: Bench) -> None:
    """An import brings the files of one release without a check of its source."""
    bench.feed.packages[SECOND.name] = SECOND
    with pytest.raises(DigestMismatch, match="first known"):
        bench.sources.bring_documents(bench.feed, release_of(SECOND))
    assert bench.world.payloads.document(FIRST.name, METADATA) == FIRST.documents[METADATA]
