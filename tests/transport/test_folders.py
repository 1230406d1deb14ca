"""A folder or medium as a source: the same checks as by wire, and nothing outside of it is read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import MetadataExpired, TrustError, Unreachable
from pitstop.transport.feed import TufFeed
from transport.polled import Polled
from transport.repository import PACKAGE, VOLUME, catalogue, new_key


@pytest.fixture
def medium(polled: Polled, tmp_path: Path) -> Path:
    polled.repository.add_package({VOLUME: b"content", "plan.json": b"{}"})
    polled.repository.publish()
    folder = tmp_path / "a medium, 100% full"
    polled.repository.lay_out(folder)
    return folder


@pytest.fixture
def feed(polled: Polled, medium: Path) -> TufFeed:
    return polled.over_folder(medium)


def test_a_folder_is_polled_and_read_like_a_site(polled: Polled, feed: TufFeed, tmp_path: Path) -> None:
    assert feed.poll() == catalogue()
    assert feed.document(PACKAGE, "plan.json") == b"{}"
    feed.fetch_volume(PACKAGE, VOLUME, tmp_path / VOLUME, lambda _done, _of: None)
    assert (tmp_path / VOLUME).read_bytes() == b"content"
    assert polled.site.asked == []


def test_a_folder_with_an_older_state_than_the_site_is_refused(polled: Polled, feed: TufFeed) -> None:
    polled.repository.publish()
    polled.feed().poll()
    with pytest.raises(TrustError, match="goes back"):
        feed.poll()


def test_a_folder_with_a_newer_root_is_followed(polled: Polled, medium: Path, feed: TufFeed) -> None:
    polled.repository.rotate("root")
    polled.repository.publish()
    polled.repository.lay_out(medium)
    assert feed.poll() == catalogue()


def test_a_folder_signed_by_another_is_refused(polled: Polled, medium: Path, feed: TufFeed) -> None:
    polled.repository.signers["timestamp"] = [new_key()]
    polled.repository.publish()
    polled.repository.lay_out(medium)
    with pytest.raises(TrustError, match="timestamp metadata is not signed"):
        feed.poll()


def test_an_expired_folder_is_refused(polled: Polled, medium: Path, feed: TufFeed) -> None:
    polled.repository.timestamp.expires = polled.repository.timestamp.expires.replace(year=2020)
    polled.repository.publish()
    polled.repository.lay_out(medium)
    with pytest.raises(MetadataExpired):
        feed.poll()


def test_a_medium_that_is_not_mounted_is_unreachable(polled: Polled, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="nowhere") as failed:
        polled.over_folder(tmp_path / "nowhere").poll()
    assert "Mount" in failed.value.hint


def test_a_folder_without_a_repository_is_unreachable(polled: Polled, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Unreachable, match=r"timestamp\.json is not there"):
        polled.over_folder(tmp_path / "empty").poll()


@pytest.mark.parametrize(
    "path", ["metadata/timestamp.json", "metadata/2.targets.json", "targets/catalogue/1.json"]
)
def test_a_link_out_of_the_folder_is_refused_even_if_the_content_is_right(
    medium: Path, feed: TufFeed, tmp_path: Path, path: str
) -> None:
    (medium / path).rename(tmp_path / "outside")
    (medium / path).symlink_to(tmp_path / "outside")
    with pytest.raises(TrustError, match="leads out of the folder"):
        feed.poll()


def test_a_volume_behind_a_folder_that_is_a_link_out_is_refused(
    medium: Path, feed: TufFeed, tmp_path: Path
) -> None:
    (medium / "targets/packages").rename(tmp_path / "outside")
    (medium / "targets/packages").symlink_to(tmp_path / "outside")
    with pytest.raises(TrustError, match="leads out of the folder"):
        feed.fetch_volume(PACKAGE, VOLUME, tmp_path / VOLUME, lambda _done, _of: None)
    assert not (tmp_path / VOLUME).exists()


def test_a_link_inside_of_the_folder_is_followed(medium: Path, feed: TufFeed) -> None:
    (medium / "metadata").rename(medium / "signed")
    (medium / "metadata").symlink_to("signed")
    assert feed.poll() == catalogue()


def test_a_pipe_in_the_place_of_a_file_does_not_hang(medium: Path, feed: TufFeed) -> None:
    (medium / "metadata/timestamp.json").unlink()
    os.mkfifo(medium / "metadata/timestamp.json")
    with pytest.raises(Unreachable, match="not a plain file"):
        feed.poll()


def test_a_folder_in_the_place_of_a_file_is_said(medium: Path, feed: TufFeed) -> None:
    (medium / "metadata/timestamp.json").unlink()
    (medium / "metadata/timestamp.json").mkdir()
    with pytest.raises(Unreachable, match="not a plain file"):
        feed.poll()


def test_links_in_a_circle_are_said(medium: Path, feed: TufFeed) -> None:
    (medium / "metadata/timestamp.json").unlink()
    (medium / "metadata/timestamp.json").symlink_to("timestamp.json")
    with pytest.raises(Unreachable, match=r"timestamp\.json"):
        feed.poll()


def test_localhost_in_the_address_is_this_machine(polled: Polled, medium: Path) -> None:
    url = medium.as_uri().replace("file://", "file://localhost")
    assert polled.feeds.open(replace(polled.source, url=url)).poll() == catalogue()
