"""Several places with the same files: what fails at one is had from the next, and all are judged alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import DigestMismatch, MetadataExpired, TrustError, Unreachable
from pitstop.transport.feed import TufFeed
from transport.http_site import HttpSite, answers, cuts, drips, never_ends, stalls
from transport.polled import Polled, link_for_tests
from transport.repository import NOW, PACKAGE, VOLUME, catalogue, small_repository

CONTENT = random.Random(11).randbytes(900_000)
AT = f"targets/packages/{PACKAGE}/{VOLUME}"
TIMESTAMP = "metadata/timestamp.json"


@pytest.fixture
def mirror(polled: Polled) -> Iterator[HttpSite]:
    """A second server with the same files; the source knows both."""
    polled.repository.add_package({VOLUME: CONTENT})
    polled.repository.publish()
    with HttpSite(dict(polled.site.files)) as site:
        polled.source = replace(polled.source, mirrors=(site.url,))
        yield site


def impatient(polled: Polled) -> TufFeed:
    link = replace(link_for_tests(polled.waits), tries=3, silence=0.25, slowest=1000, grace=0.25)
    return type(polled.feeds)(polled.folder, link=link).open(polled.source)


def fetched(feed: TufFeed, to: Path) -> bytes:
    feed.fetch_volume(PACKAGE, VOLUME, to, lambda _done, _of: None)
    return to.read_bytes()


def test_while_the_first_place_is_well_the_others_are_not_asked(
    polled: Polled, mirror: HttpSite, tmp_path: Path
) -> None:
    feed = polled.feed()
    assert feed.poll() == catalogue()
    assert fetched(feed, tmp_path / VOLUME) == CONTENT
    assert mirror.asked == []


def test_a_place_that_is_gone_is_passed_over_without_a_wait(
    polled: Polled, mirror: HttpSite, tmp_path: Path
) -> None:
    with HttpSite({}) as gone:
        polled.source = replace(polled.source, url=gone.url)
    feed = polled.feed()
    assert feed.poll() == catalogue()
    assert fetched(feed, tmp_path / VOLUME) == CONTENT
    assert polled.waits == []


@pytest.mark.parametrize("code", [403, 404, 500, 503])
def test_a_place_that_does_not_give_a_file_is_passed_over(
    polled: Polled, mirror: HttpSite, tmp_path: Path, code: int
) -> None:
    for path in (TIMESTAMP, AT):
        polled.site.troubles[path] = answers(code)
    feed = polled.feed()
    assert feed.poll() == catalogue()
    assert fetched(feed, tmp_path / VOLUME) == CONTENT
    assert polled.waits == []


def test_that_there_is_no_newer_root_is_not_asked_everywhere(polled: Polled, mirror: HttpSite) -> None:
    polled.feed().poll()
    assert polled.site.paths().count("metadata/2.root.json") == 1
    assert mirror.asked == []


@pytest.mark.parametrize("trouble", [stalls, drips], ids=["stalls", "drips"])
def test_a_place_that_falls_silent_is_left_for_the_next(
    polled: Polled, mirror: HttpSite, tmp_path: Path, trouble: object
) -> None:
    polled.site.troubles[AT] = stalls if trouble is stalls else drips
    assert fetched(impatient(polled), tmp_path / VOLUME) == CONTENT


def test_what_one_place_began_the_next_one_ends(polled: Polled, mirror: HttpSite, tmp_path: Path) -> None:
    polled.site.troubles[AT] = cuts(times=1, after=300_000)
    assert fetched(polled.feed(), tmp_path / VOLUME) == CONTENT
    assert [asked.start for asked in mirror.asked if asked.path == AT] == [300_000]


def test_wrong_bytes_of_one_place_are_had_right_from_the_next(
    polled: Polled, mirror: HttpSite, tmp_path: Path
) -> None:
    polled.site.files[AT] = CONTENT[:-1] + b"x"
    assert fetched(polled.feed(), tmp_path / VOLUME) == CONTENT


def test_another_length_at_one_place_is_passed_over(polled: Polled, mirror: HttpSite, tmp_path: Path) -> None:
    polled.site.files[AT] = CONTENT + b"x"
    assert fetched(polled.feed(), tmp_path / VOLUME) == CONTENT


def test_a_wrong_catalogue_of_one_place_is_had_right_from_the_next(polled: Polled, mirror: HttpSite) -> None:
    path = "targets/catalogue/1.json"
    polled.site.files[path] = polled.site.files[path][:-1] + b" "
    assert polled.feed().poll() == catalogue()


def test_a_place_with_old_metadata_is_passed_over(polled: Polled, mirror: HttpSite) -> None:
    old = polled.repository.copy_of_files()
    polled.repository.publish()
    mirror.files = polled.repository.copy_of_files()
    polled.site.files = mirror.files
    polled.feed().poll()
    polled.site.files = old
    assert polled.feed().poll() == catalogue()


def test_a_place_whose_metadata_has_expired_is_passed_over(polled: Polled, mirror: HttpSite) -> None:
    repository = polled.repository
    good = repository.copy_of_files()
    repository.timestamp.expires = NOW - timedelta(hours=1)
    repository.publish_timestamp()
    polled.site.files, mirror.files = repository.copy_of_files(), good
    with pytest.raises(MetadataExpired):
        polled.feeds.open(replace(polled.source, mirrors=())).poll()
    assert impatient(polled).poll() == catalogue()


def test_a_hostile_place_is_passed_over(polled: Polled, mirror: HttpSite) -> None:
    polled.site.files = small_repository().files
    assert polled.feed().poll() == catalogue()


def test_a_file_without_end_at_one_place_is_passed_over(polled: Polled, mirror: HttpSite) -> None:
    polled.site.troubles[TIMESTAMP] = never_ends
    assert polled.feed().poll() == catalogue()


def test_when_all_places_are_hostile_that_is_said_of_all(polled: Polled, mirror: HttpSite) -> None:
    polled.site.files = mirror.files = small_repository().files
    with pytest.raises(TrustError, match="is not signed") as refused:
        polled.feed().poll()
    assert any("at another place" in note for note in refused.value.__notes__)


def test_when_all_places_have_wrong_bytes_that_is_said(
    polled: Polled, mirror: HttpSite, tmp_path: Path
) -> None:
    polled.site.files[AT] = mirror.files[AT] = CONTENT[:-1] + b"x"
    with pytest.raises(DigestMismatch):
        fetched(polled.feed(), tmp_path / VOLUME)
    assert not (tmp_path / VOLUME).exists()


def test_when_no_place_answers_all_are_named(polled: Polled, mirror: HttpSite) -> None:
    polled.site.troubles[TIMESTAMP] = mirror.troubles[TIMESTAMP] = answers(503)
    with pytest.raises(Unreachable, match="none of 2 places") as failed:
        polled.feed().poll()
    assert polled.site.url in failed.value.message
    assert mirror.url in failed.value.message
    assert polled.waits == [1.0, 2.0]


def test_a_folder_may_stand_in_for_a_site(polled: Polled, mirror: HttpSite, tmp_path: Path) -> None:
    polled.repository.lay_out(tmp_path / "copy")
    with HttpSite({}) as gone:
        polled.source = replace(polled.source, url=gone.url, mirrors=((tmp_path / "copy").as_uri(),))
    feed = polled.feed()
    assert feed.poll() == catalogue()
    assert fetched(feed, tmp_path / VOLUME) == CONTENT
