"""A publisher, its site on loopback, and clients that trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from pitstop.model.releases import PublisherKind
from pitstop.publish.founding import found
from pitstop.publish.serving import serving
from pitstop.publish.settings import PublisherSettings, RootKeys
from publish.press import PASSPHRASE, Press, a_moment_ago

Client = Callable[[], Updater]


@pytest.fixture
def press(tmp_path: Path) -> Press:
    settings = PublisherSettings(
        tmp_path / "northstar",
        "northstar",
        "Northstar Systems",
        "Northstar",
        PublisherKind.PLATFORM,
        "lantern",
        root=RootKeys(keys=3, threshold=2),
    )
    return Press(found(settings, PASSPHRASE, a_moment_ago()), tmp_path)


@pytest.fixture
def site(press: Press) -> Iterator[str]:
    """The address of the publisher's site."""
    with serving(press.settings.site_folder) as server:
        yield server.url


@pytest.fixture
def client(press: Press, site: str, tmp_path: Path) -> Client:
    """Makes TUF clients that trust the publisher's root and share one cache, as one system would."""
    cache, downloads = tmp_path / "cache", tmp_path / "downloads"
    cache.mkdir()
    downloads.mkdir()

    def make() -> Updater:
        return Updater(
            str(cache),
            f"{site}metadata/",
            str(downloads),
            f"{site}targets/",
            config=UpdaterConfig(prefix_targets_with_hash=False),
            bootstrap=press.settings.root_file.read_bytes(),
        )

    return make
