"""A source behind a real web server on loopback, and a system that polls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.transport.feeds import TufFeeds
from transport.http_site import HttpSite
from transport.polled import SOURCE, Polled, link_for_tests
from transport.repository import Repository, small_repository


@pytest.fixture
def repository() -> Repository:
    return small_repository()


@pytest.fixture
def polled(repository: Repository, tmp_path: Path) -> Iterator[Polled]:
    waits: list[float] = []
    with HttpSite(repository.files) as site:
        source = replace(SOURCE, url=site.url)
        feeds = TufFeeds(tmp_path / "sources", link=link_for_tests(waits))
        feeds.pin(source, repository.first_root)
        yield Polled(repository, site, feeds, source, tmp_path / "sources", waits)
