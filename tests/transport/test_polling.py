"""Polling: the newest catalogue, if it is this source's to say, holds together, and does not go back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from pitstop.model.errors import InvalidCatalogue, StateUnusable, TrustError, WrongPublisher
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, PublisherKind
from pitstop.package.catalogue_format import write_catalogue
from transport.polled import Polled
from transport.repository import ISSUED, catalogue, retyped


def reissued(days: int) -> Catalogue:
    return replace(catalogue(), issued=ISSUED + timedelta(days=days))


def test_the_catalogue_with_the_highest_number_holds(polled: Polled) -> None:
    polled.repository.add_catalogue(9, reissued(1))
    polled.repository.add_catalogue(10, reissued(2))
    polled.repository.publish()
    assert polled.feed().poll() == reissued(2)


def test_a_new_catalogue_is_found_by_the_next_poll(polled: Polled) -> None:
    feed = polled.feed()
    assert feed.poll() == catalogue()
    polled.repository.add_catalogue(2, reissued(1))
    polled.repository.publish()
    assert feed.poll() == reissued(1)


def test_a_poll_that_finds_nothing_new_costs_one_request(polled: Polled) -> None:
    polled.feed().poll()
    polled.site.asked.clear()
    assert polled.feed().poll() == catalogue()
    assert polled.site.paths() == ["metadata/timestamp.json"]


def test_a_damaged_copy_of_the_catalogue_is_fetched_again(polled: Polled) -> None:
    polled.feed().poll()
    (polled.folder / "northstar" / "catalogue.json").write_bytes(b"{}")
    assert polled.feed().poll() == catalogue()


def test_polls_at_the_same_time_all_succeed(polled: Polled) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: polled.feed().poll(), range(8)))
    assert found == [catalogue()] * 8


def test_a_signed_return_to_an_older_catalogue_is_refused(polled: Polled) -> None:
    polled.repository.add_catalogue(2, reissued(1))
    polled.repository.publish()
    polled.feed().poll()
    del polled.repository.targets.targets["catalogue/2.json"]
    polled.repository.publish()
    with pytest.raises(TrustError, match="goes back behind catalogue 2"):
        polled.feed().poll()


def test_a_higher_number_with_an_older_day_is_refused(polled: Polled) -> None:
    polled.feed().poll()
    polled.repository.add_catalogue(2, reissued(-1))
    polled.repository.publish()
    with pytest.raises(TrustError, match="catalogue 2 of 2026-02-28 12:00 UTC goes back"):
        polled.feed().poll()


def test_another_catalogue_under_a_number_that_was_seen_is_refused(polled: Polled) -> None:
    polled.feed().poll()
    polled.repository.add_catalogue(1, reissued(1))
    polled.repository.publish()
    with pytest.raises(TrustError, match="catalogue 1 is another"):
        polled.feed().poll()


def test_after_a_refusal_the_next_good_catalogue_is_taken(polled: Polled) -> None:
    polled.feed().poll()
    polled.repository.add_catalogue(2, reissued(-1))
    polled.repository.publish()
    with pytest.raises(TrustError):
        polled.feed().poll()
    polled.repository.add_catalogue(3, reissued(3))
    polled.repository.publish()
    assert polled.feed().poll() == reissued(3)


def test_a_damaged_memory_of_what_was_seen_is_said_and_not_passed_over(polled: Polled) -> None:
    polled.feed().poll()
    (polled.folder / "northstar" / "seen.json").write_bytes(b"{")
    with pytest.raises(StateUnusable, match=r"seen\.json is damaged"):
        polled.feed().poll()


def test_a_site_without_a_catalogue_is_said(polled: Polled) -> None:
    polled.repository.targets.targets.clear()
    polled.repository.publish()
    with pytest.raises(InvalidCatalogue, match="no catalogue"):
        polled.feed().poll()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (catalogue(publisher="elsewhere"), "signed in the name of elsewhere"),
        (replace(catalogue(), kind=PublisherKind.OEM, families=(), releases=()), "kind platform, but .* oem"),
    ],
)
def test_a_catalogue_in_another_name_is_refused(polled: Polled, said: Catalogue, message: str) -> None:
    polled.repository.add_catalogue(2, said)
    polled.repository.publish()
    with pytest.raises(WrongPublisher, match=message):
        polled.feed().poll()


def test_a_type_that_the_source_may_not_publish_is_refused_by_name(polled: Polled) -> None:
    polled.source = replace(polled.source, types=frozenset({PackageType.FULL}))
    polled.repository.add_catalogue(2, retyped(catalogue(), "Northstar1.2402.0.8", PackageType.EXPRESS))
    polled.repository.publish()
    with pytest.raises(WrongPublisher, match=r"type Express, but has .*1\.2402\.0\.8") as refused:
        polled.feed().poll()
    assert "Full" in refused.value.message


def test_a_catalogue_that_does_not_hold_together_is_refused(polled: Polled) -> None:
    document = json.loads(write_catalogue(catalogue()))
    document["families"][1]["predecessor"] = "2310"
    polled.repository.add_catalogue(2, json.dumps(document).encode())
    polled.repository.publish()
    with pytest.raises(InvalidCatalogue, match="2310"):
        polled.feed().poll()


def test_a_catalogue_of_a_newer_format_is_refused(polled: Polled) -> None:
    document = json.loads(write_catalogue(catalogue()))
    polled.repository.add_catalogue(2, json.dumps({**document, "format": 99}).encode())
    polled.repository.publish()
    with pytest.raises(InvalidCatalogue, match="format 99"):
        polled.feed().poll()
