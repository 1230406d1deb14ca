"""Sources: what may be pinned and opened, and what is refused before anything is asked of a site."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import InvalidInput, StateUnusable, TrustError, Unreachable
from pitstop.ports.feeds import Feeds
from pitstop.transport.feeds import TufFeeds
from transport.polled import SOURCE, Polled
from transport.repository import Repository, catalogue, new_key, small_repository

SITE = replace(SOURCE, url="https://updates.northstar.example")


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    return TufFeeds(tmp_path / "sources")


def test_a_source_without_a_pinned_root_is_not_opened(feeds: Feeds) -> None:
    with pytest.raises(TrustError, match="no pinned root"):
        feeds.open(SITE)


def test_the_same_root_may_be_pinned_again(feeds: Feeds, repository: Repository) -> None:
    feeds.pin(SITE, repository.first_root)
    feeds.pin(SITE, repository.first_root)
    feeds.open(SITE)


def test_another_root_is_refused_and_the_first_stays(polled: Polled) -> None:
    with pytest.raises(TrustError, match="trusts another root already"):
        polled.feeds.pin(polled.source, small_repository().first_root)
    assert polled.feed().poll() == catalogue()


def test_a_later_root_of_the_same_publisher_is_followed_and_not_pinned(polled: Polled) -> None:
    polled.repository.rotate("root")
    with pytest.raises(TrustError, match="trusts another root already"):
        polled.feeds.pin(polled.source, polled.repository.files["metadata/2.root.json"])


def wrongly_signed_root() -> bytes:
    repository = small_repository()
    repository.signers["root"] = [new_key()]
    repository.write_root()
    return repository.files["metadata/1.root.json"]


@pytest.mark.parametrize(
    "root",
    [
        b"",
        b"not JSON",
        b"{}",
        small_repository().first_root[:-20],
        small_repository().files["metadata/timestamp.json"],
        wrongly_signed_root(),
        b" " * 600_000,
    ],
    ids=["empty", "text", "empty object", "cut short", "another role", "another key", "too long"],
)
def test_what_is_no_root_is_not_pinned(feeds: Feeds, tmp_path: Path, root: bytes) -> None:
    with pytest.raises(TrustError, match="root"):
        feeds.pin(SITE, root)
    assert not (tmp_path / "sources").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "A b", "-a", "a\n", "ä", "x" * 65])
def test_names_that_could_lead_elsewhere_are_refused(feeds: Feeds, repository: Repository, name: str) -> None:
    with pytest.raises(InvalidInput):
        feeds.pin(replace(SITE, name=name), repository.first_root)


@pytest.mark.parametrize(
    "url",
    [
        "updates.example",
        "ftp://updates.example",
        "https://",
        "http:///path",
        "https://user@updates.example",
        "https://updates.example/?a",
        "https://updates.example/#a",
        "https://updates.example:port",
        "https://updates.example/a b",
        "https://updates.example/\n",
        "https://[::1",
        "file://elsewhere/folder",
        "file:folder",
        "file:///folder%00",
    ],
)
def test_what_is_no_address_is_refused(feeds: Feeds, repository: Repository, url: str) -> None:
    feeds.pin(SITE, repository.first_root)
    with pytest.raises(InvalidInput, match="source northstar"):
        feeds.open(replace(SITE, url=url))
    with pytest.raises(InvalidInput, match="source other"):
        feeds.pin(replace(SITE, url=url, name="other"), repository.first_root)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "sources").write_text("a file in the way")
    with pytest.raises(StateUnusable, match="sources"):
        TufFeeds(tmp_path / "sources").pin(SITE, repository.first_root)


def test_a_pinned_root_that_was_damaged_is_refused(polled: Polled) -> None:
    (polled.folder / "northstar" / "pinned.root.json").write_bytes(b"{")
    with pytest.raises(TrustError, match="root"):
        polled.feed().poll()


def test_sources_do_not_share_what_they_have_seen(polled: Polled) -> None:
    other, source = small_repository(), replace(polled.source, name="other")
    polled.feed().poll()
    polled.feeds.pin(source, other.first_root)
    polled.site.files = other.files
    assert polled.feeds.open(source).poll() == catalogue()


def test_a_source_that_is_not_connected_is_pinned_and_not_opened(
    feeds: Feeds, repository: Repository
) -> None:
    source = replace(SITE, url="")
    feeds.pin(source, repository.first_root)
    with pytest.raises(Unreachable, match="not connected") as refused:
        feeds.open(source)
    assert "pitstop import" in refused.value.hint


def test_a_mirror_that_is_no_address_is_refused(feeds: Feeds, repository: Repository) -> None:
    with pytest.raises(InvalidInput, match="ftp://"):
        feeds.pin(replace(SITE, mirrors=("ftp://mirror.example",)), repository.first_root)
