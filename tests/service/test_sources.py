"""Looking into sources: each for itself, one check at a time, as the settings say now."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import Conflict, InvalidInput, MetadataExpired, NotFound, Unreachable
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Family, PublisherKind, Release, ReleaseId
from pitstop.package.fileset import METADATA
from pitstop.ports.feeds import Source
from pitstop.service.joining import Joining
from pitstop.service.sources import SourcesService
from service.conftest import SimulatedFeed, World
from store.packages import Package, digest, package

READER = Actor("rea", Role.READER, "test")


def source(name: str = "north", kind: PublisherKind = PublisherKind.PLATFORM) -> Source:
    return Source(name, name, kind, f"https://{name}.example", frozenset(PackageType))


NORTH, OEM = source(), source("oem", PublisherKind.OEM)


def catalogue(*releases: Release, day: int = 1) -> Catalogue:
    issued = datetime(2026, 3, day, tzinfo=UTC)
    return Catalogue("north", "star", PublisherKind.PLATFORM, issued, (Family("2311", None),), releases)


def release_of(made: Package) -> Release:
    return Release(
        ReleaseId("north", "star", made.metadata.version),
        made.name,
        PackageType.FULL,
        made.name,
        family="2311",
        package_sha256=digest(made.documents[METADATA]),
    )


OEMS = Catalogue("oem", "fw", PublisherKind.OEM, datetime(2026, 3, 1, tzinfo=UTC), (), ())


def declared(world: World, *sources: Source) -> SourcesService:
    """The service as it is after a start with these settings."""
    service = world.started()
    for item in sources:
        service.declare(item, b"")
    service.switch_off_others()
    return service


class TestEachForItself:
    @pytest.mark.parametrize("trouble", [Unreachable("no route"), RecursionError("deep"), OSError("disk")])
    def test_the_trouble_of_one_does_not_keep_the_others_from_being_polled(
        self, world: World, trouble: Exception
    ) -> None:
        service = declared(world, NORTH, OEM)
        world.feeds.feeds = {"north": SimulatedFeed(trouble), "oem": SimulatedFeed(OEMS)}
        service.check_all()
        north, oem = world.catalogues.sources()
        assert oem.last_checked == world.clock.now()
        assert north.finding is not None
        assert world.active_codes() == [north.finding.code]

    def test_what_no_rule_foresaw_is_an_internal_error_of_its_source(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        service = declared(world, NORTH)
        world.feeds.feeds = {"north": SimulatedFeed(RecursionError("deep"))}
        service.check_all()
        finding = world.catalogues.sources()[0].finding
        assert finding is not None
        assert (finding.code, finding.subject) == ("internal-error", "source north")
        assert "RecursionError: deep" in finding.what
        assert "RecursionError" in caplog.text

    def test_a_catalogue_that_the_store_refuses_is_a_finding_of_its_source(self, world: World) -> None:
        """Found wrong only when it is kept: a known release has another name."""
        service = declared(world, NORTH, OEM)
        made, other = package(), package("1.2311.0.6")
        feed = SimulatedFeed(catalogue(release_of(made)), {made.name: made, other.name: other})
        world.feeds.feeds = {"north": feed, "oem": (oem := SimulatedFeed(OEMS))}
        service.check_all()
        renamed = replace(release_of(made), name=other.name, package_sha256=digest(other.documents[METADATA]))
        feed.says = catalogue(renamed, day=2)
        service.check_all()
        finding = world.catalogues.sources()[0].finding
        assert finding is not None
        assert finding.code == "invalid-catalogue"
        assert oem.polled == 2

    def test_a_disk_that_is_full_keeps_no_source_from_being_polled(self, world: World) -> None:
        """Not even the finding can be kept."""
        service = declared(world, NORTH, OEM)
        world.feeds.feeds = {"north": SimulatedFeed(Unreachable("x")), "oem": (oem := SimulatedFeed(OEMS))}
        with world.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = 1")
        service.check_all()
        assert oem.polled == 1


class TestAlerts:
    def test_one_that_is_well_again_has_no_alert_left_whatever_its_code(self, world: World) -> None:
        service = declared(world, NORTH)
        world.feeds.feeds = {"north": (feed := SimulatedFeed(Unreachable("no route")))}
        service.check_all()
        feed.says = MetadataExpired("old")
        service.check_all()
        assert world.active_codes() == ["metadata-expired"]
        feed.says = catalogue()
        service.check_all()
        assert world.active_codes() == []

    def test_alerts_of_others_stay(self, world: World) -> None:
        service = declared(world, NORTH, OEM)
        world.feeds.feeds = {
            "north": (feed := SimulatedFeed(Unreachable("x"))),
            "oem": SimulatedFeed(Unreachable("y")),
        }
        service.check_all()
        feed.says = catalogue()
        service.check_all()
        assert [alert.finding.subject for alert in world.alerts.alerts(active_only=True)] == ["source oem"]


class TestDeclaring:
    def test_what_is_declared_otherwise_holds_and_is_audited_once(self, world: World) -> None:
        declared(world, NORTH)
        moved = replace(NORTH, url="https://new.example", types=frozenset({PackageType.HOTFIX}))
        for _ in range(2):
            declared(world, moved)
        assert [status.source for status in world.catalogues.sources()] == [moved]
        changes = [act for act in world.acts() if act[0].startswith("change")]
        assert changes == [
            ("change source: https://new.example, Hotfix", "north", "begun"),
            ("change source: https://new.example, Hotfix", "north", "done"),
        ]

    def test_mirrors_hold_as_they_are_declared_and_are_no_change_of_the_records(self, world: World) -> None:
        declared(world, NORTH)
        service = declared(world, replace(NORTH, mirrors=("https://b.example",)))
        assert service.statuses()[0].source.mirrors == ("https://b.example",)
        assert len(world.acts()) == 2

    def test_one_that_is_not_declared_any_more_is_off_and_what_it_said_stays(self, world: World) -> None:
        made = package()
        service = declared(world, NORTH)
        feed = SimulatedFeed(catalogue(release_of(made)), {made.name: made})
        world.feeds.feeds = {"north": feed}
        service.check_all()
        feed.says = Unreachable("it has gone")
        service.check_all()
        for _ in range(2):
            service = declared(world)
            service.check_all()
        (view,) = service.list(READER)
        assert (feed.polled, view.declared, view.connected, view.finding) == (2, False, False, None)
        assert [name for name, _ in world.catalogues.catalogues()] == ["north"]
        assert world.active_codes() == []
        assert [act for act in world.acts() if "off" in act[0]] == [
            ("switch off source", "north", "begun"),
            ("switch off source", "north", "done"),
        ]
        with pytest.raises(NotFound, match="switched off"):
            service.feed_of(made.name)

    def test_one_that_is_declared_again_is_on_again(self, world: World) -> None:
        declared(world, NORTH)
        declared(world)
        world.feeds.feeds = {"north": (feed := SimulatedFeed(catalogue()))}
        service = declared(world, NORTH)
        service.check_all()
        assert feed.polled == 1
        assert service.list(READER)[0].declared

    def test_a_name_does_not_go_to_another_publisher_once_something_is_known(self, world: World) -> None:
        service = declared(world, NORTH)
        declared(world, replace(NORTH, publisher="nord"))
        declared(world, NORTH)
        world.feeds.feeds = {"north": SimulatedFeed(catalogue())}
        service.check_all()
        with pytest.raises(InvalidInput, match="known as platform of north"):
            declared(world, replace(NORTH, publisher="nord"))
        assert world.catalogues.sources()[0].source == NORTH


class TestOneAtATime:
    def test_who_comes_meanwhile_gets_the_result_of_the_first(self, world: World) -> None:
        begun, go_on = threading.Event(), threading.Event()

        class Slow(SimulatedFeed):
            def poll(self) -> Catalogue:
                begun.set()
                assert go_on.wait(10)
                return super().poll()

        service = declared(world, NORTH)
        world.feeds.feeds = {"north": (feed := Slow(catalogue()))}
        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(service.check_all)
            assert begun.wait(10)
            others = [pool.submit(service.check_all) for _ in range(3)]
            while service._checking.waiting < 3:
                pass
            go_on.set()
            for done in (first, *others):
                done.result(10)
        assert feed.polled == 1
        service.check_all()
        assert feed.polled == 2


class TestJoining:
    def test_few_may_wait_and_the_next_is_told_so(self) -> None:
        go_on = threading.Event()
        joining = Joining("work", most_waiting=2)
        with ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(joining.do, lambda: assert_set(go_on)) for _ in range(3)]
            while joining.waiting < 2:
                pass
            with pytest.raises(Conflict, match="the work goes on"):
                joining.do(lambda: None)
            go_on.set()
            for future in futures:
                future.result(10)

    def test_what_it_broke_with_is_everybodys_and_the_next_begins_anew(self) -> None:
        go_on = threading.Event()
        joining = Joining("work")

        def break_down() -> None:
            assert_set(go_on)
            raise Unreachable("gone")

        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(joining.do, break_down) for _ in range(2)]
            while joining.waiting < 1:
                pass
            go_on.set()
            for future in futures:
                with pytest.raises(Unreachable):
                    future.result(10)
        done: list[int] = []
        joining.do(lambda: done.append(1))
        assert done == [1]


def assert_set(event: threading.Event) -> None:
    assert event.wait(10)
