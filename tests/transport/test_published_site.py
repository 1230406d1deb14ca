"""From the publisher's own tools to a system: what ``pitstop.publish`` lays out, the transport believes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import DigestMismatch, MetadataExpired, TrustError
from pitstop.model.releases import PublisherKind
from pitstop.package.site_layout import notes_target, package_target
from pitstop.ports.feeds import Feed
from pitstop.publish.founding import found
from pitstop.publish.keys import KeyFolder
from pitstop.publish.repository import Repository
from pitstop.publish.serving import serving
from pitstop.publish.settings import PublisherSettings
from pitstop.transport.feeds import TufFeeds
from transport.polled import SOURCE, link_for_tests
from transport.repository import PACKAGE, VOLUME, catalogue

CONTENT = b"a volume's content " * 10_000
PASSPHRASE = "a passphrase for tests"


@dataclass(frozen=True)
class Publisher:
    """A publisher with one release on its site."""

    repository: Repository
    keys: KeyFolder

    def release(self, at: datetime) -> None:
        now = self.repository.read()
        files = {
            package_target(PACKAGE, "plan.json"): b"{}",
            package_target(PACKAGE, VOLUME): CONTENT,
            notes_target(PACKAGE): b"# Notes\n",
        }
        self.repository.publish(self.keys, at, files, replace(catalogue(), issued=at), over=now.number)


def founded(folder: Path, at: datetime) -> Publisher:
    settings = found(
        PublisherSettings(folder, "northstar", "Northstar", "Northstar", PublisherKind.PLATFORM, "lantern"),
        PASSPHRASE,
        at,
    )
    return Publisher(Repository(settings), KeyFolder(settings.key_folder, PASSPHRASE))


NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return founded(tmp_path / "publisher", NOW - timedelta(minutes=2))


@contextmanager
def opened(publisher: Publisher, folder: Path) -> Iterator[Feed]:
    with serving(publisher.repository.settings.site_folder) as site:
        source = replace(SOURCE, url=site.url)
        feeds = TufFeeds(folder, link=link_for_tests([]))
        feeds.pin(source, publisher.repository.settings.root_file.read_bytes())
        yield feeds.open(source)


def test_a_release_is_found_and_brought_here(publisher: Publisher, tmp_path: Path) -> None:
    with opened(publisher, tmp_path / "sources") as feed:
        assert feed.poll().releases == ()
        publisher.release(NOW)
        assert feed.poll() == replace(catalogue(), issued=NOW)
        assert feed.document(PACKAGE, "plan.json") == b"{}"
        part = tmp_path / VOLUME
        feed.fetch_volume(PACKAGE, VOLUME, part, lambda _done, _of: None)
        assert part.read_bytes() == CONTENT


def test_a_byte_that_changes_on_the_site_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.release(NOW)
    volume = publisher.repository.settings.site_folder / "targets" / package_target(PACKAGE, VOLUME)
    volume.write_bytes(CONTENT[:-1] + b"x")
    with opened(publisher, tmp_path / "sources") as feed, pytest.raises(DigestMismatch):
        feed.fetch_volume(PACKAGE, VOLUME, tmp_path / VOLUME, lambda _done, _of: None)
    assert not (tmp_path / VOLUME).exists()


def test_a_site_that_nobody_renews_expires_until_it_is_renewed(tmp_path: Path) -> None:
    publisher = founded(tmp_path / "publisher", NOW - timedelta(days=300))
    with opened(publisher, tmp_path / "sources") as feed:
        with pytest.raises(MetadataExpired):
            feed.poll()
        publisher.repository.renew(publisher.keys, NOW)
        assert feed.poll().issued == NOW - timedelta(days=300)


def test_another_publishers_root_does_not_fit(publisher: Publisher, tmp_path: Path) -> None:
    other = founded(tmp_path / "other", NOW)
    settings = replace(publisher.repository.settings, site=str(other.repository.settings.site_folder))
    mixed = Publisher(Repository(settings), publisher.keys)
    with opened(mixed, tmp_path / "sources") as feed, pytest.raises(TrustError):
        feed.poll()
