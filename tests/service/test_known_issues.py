"""The publishers' lists: taken in when they can be used, named, and held against what failed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pitstop.model.errors import NotFound
from pitstop.model.known_issues import Applicable, Failure, KnownIssue, KnownIssues, Occurrence, Signature
from pitstop.package.known_issues_format import write_known_issues
from pitstop.service.issue_lists import ListedIssues
from pitstop.store.known_issues import SqlKnownIssues
from service.conftest import SimulatedFeed, World
from service.test_sources import NORTH, OEM, OEMS, catalogue, declared

FULL = KnownIssue(
    "full",
    "No room",
    Applicable(all_supported=True),
    "s",
    "c",
    "r",
    Occurrence.COMMON,
    (Signature(said=(("no space",),)),),
)


def listed(publisher: str = "north", *issues: KnownIssue) -> bytes:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    product = (catalogue() if publisher == "north" else OEMS).product
    return write_known_issues(KnownIssues(publisher, product, at, issues or (FULL,)))


def kept(world: World) -> dict[str, bytes]:
    return dict(SqlKnownIssues(world.database).issue_lists())


def test_a_source_s_list_is_kept_and_the_next_takes_its_place(world: World) -> None:
    service = declared(world, NORTH)
    world.feeds.feeds = {"north": (feed := SimulatedFeed(catalogue()))}
    service.check_all()
    assert kept(world) == {}
    for content in (listed(), listed("north", FULL, replace(FULL, id="other"))):
        feed.issues = content
        service.check_all()
        assert kept(world) == {"north": content}
    feed.issues = None  # on a medium that does not carry it
    service.check_all()
    assert kept(world) == {"north": content}


@pytest.mark.parametrize(
    "wrong",
    [
        b"{}",
        listed().replace(b'"format": 2', b'"format": 3'),
        listed().replace(b'"north"', b'"south"'),
        json.dumps(json.loads(listed()) | {"issues": [{"id": "x"}]}).encode(),
    ],
)
def test_a_list_that_cannot_be_used_is_a_finding_and_all_else_is_taken(world: World, wrong: bytes) -> None:
    service = declared(world, NORTH)
    world.feeds.feeds = {"north": (feed := SimulatedFeed(catalogue(), issues=listed()))}
    service.check_all()
    feed.says, feed.issues = catalogue(day=2), wrong
    service.check_all()
    (source,) = world.catalogues.sources()
    assert source.finding is not None
    assert source.finding.code == "invalid-catalogue"
    assert dict(world.catalogues.catalogues())["north"] == catalogue(day=2)
    assert kept(world) == {"north": listed()}
    feed.issues = listed()
    service.check_all()
    assert world.active_codes() == []


def test_issues_of_all_sources_are_matched_together_and_named_by_source(world: World) -> None:
    service = declared(world, NORTH, OEM)
    oem = replace(FULL, id="flash", signatures=(Signature(said=(("flash is full",),)),))
    world.feeds.feeds = {
        "north": SimulatedFeed(catalogue(), issues=listed()),
        "oem": SimulatedFeed(OEMS, issues=listed(OEMS.publisher, oem, FULL)),
    }
    service.check_all()
    lists = ListedIssues(SqlKnownIssues(world.database))
    assert [item.name for item in lists.all()] == ["north/full", "oem/flash", "oem/full"]
    assert lists.named("flash").name == "oem/flash"
    assert lists.named("oem/full").source == "oem"
    for name in ("full", "none", "north/flash"):
        with pytest.raises(NotFound):
            lists.named(name)
    found = lists.matches(Failure(error="flash is full"))
    assert [lists.of(match.issue).name for match in found] == ["oem/flash"]


def test_consent_is_remembered_until_it_is_withdrawn(world: World) -> None:
    records = SqlKnownIssues(world.database)
    now = world.clock.now()
    records.consent("north/full", "ada", now)
    records.consent("north/full", "bob", now)
    assert [(consent.issue, consent.by) for consent in records.consents()] == [("north/full", "bob")]
    records.withdraw_consent("north/full")
    records.withdraw_consent("north/full")
    assert records.consents() == []
    with pytest.raises(NotFound, match="no source"):
        records.keep_issue_list("nowhere", b"", now)
