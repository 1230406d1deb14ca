"""From the publisher's own tools over the downloader to a system without a link: what each lays down, the
next believes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import MetadataExpired, TrustError
from pitstop.ports.media import Bounds, Standing
from pitstop.publish.media import sign_for_media
from pitstop.publish.serving import serving
from pitstop.transport.feeds import TufFeeds
from transfers.conftest import Pitstop
from transport.polled import SOURCE
from transport.repository import PACKAGE, VOLUME
from transport.test_published_site import CONTENT, Publisher, founded

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    made = founded(tmp_path / "publisher", NOW - timedelta(days=120))
    made.release(NOW - timedelta(days=110))
    return made


@pytest.fixture
def feeds(publisher: Publisher, tmp_path: Path) -> TufFeeds:
    """A system that has pinned the publisher's first root."""
    made = TufFeeds(tmp_path / "sources", bounds=Bounds())
    made.pin(SOURCE, publisher.repository.settings.root_file.read_bytes())
    return made


def collected(publisher: Publisher, pitstop: Pitstop, to: Path) -> Path:
    settings = publisher.repository.settings
    with serving(settings.site_folder) as site:
        ended = pitstop("download", site.url, "--root", settings.root_file, "--to", to, "--everything")
    assert ended.status == 0, ended.err
    return to / "northstar"


def test_a_transfer_is_made_from_the_site_and_believed_by_the_system(
    publisher: Publisher, feeds: TufFeeds, pitstop: Pitstop, tmp_path: Path
) -> None:
    publisher.repository.renew(publisher.keys, NOW)
    stamp = sign_for_media(publisher.repository, publisher.keys, NOW)
    examined = feeds.examine(SOURCE, collected(publisher, pitstop, tmp_path / "out"))
    assert (examined.standing, examined.made) == (Standing.NEWER, stamp.made)
    examined.feed.fetch_volume(PACKAGE, VOLUME, tmp_path / VOLUME, lambda _done, _of: None)
    assert (tmp_path / VOLUME).read_bytes() == CONTENT


def test_a_copied_site_is_a_medium_for_as_long_as_it_was_signed_for(
    publisher: Publisher, feeds: TufFeeds, tmp_path: Path
) -> None:
    """The wire's timestamp on it has long expired."""
    made = NOW - timedelta(days=100)
    sign_for_media(publisher.repository, publisher.keys, made)
    examined = feeds.examine(SOURCE, publisher.repository.settings.site_folder)
    assert examined.made == made
    stricter = TufFeeds(tmp_path / "sources", bounds=Bounds(refuse=timedelta(days=99)))
    with pytest.raises(MetadataExpired):
        stricter.examine(SOURCE, publisher.repository.settings.site_folder)


def test_what_was_signed_for_media_is_not_believed_on_the_wire(publisher: Publisher, feeds: TufFeeds) -> None:
    sign_for_media(publisher.repository, publisher.keys, NOW)
    metadata = publisher.repository.settings.site_folder / "metadata"
    (metadata / "timestamp.json").write_bytes((metadata / "media-timestamp.json").read_bytes())
    with serving(publisher.repository.settings.site_folder) as site:
        source = replace(SOURCE, url=site.url)
        with pytest.raises(TrustError, match="signed for media, not for a connected source"):
            feeds.open(source).poll()
