"""Being a good guest: the bandwidth limit, and sites that ask to be left alone for a while."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pitstop.model.errors import Unreachable
from pitstop.transport.feeds import TufFeeds
from pitstop.transport.link import Link
from pitstop.transport.traffic import Traffic
from transport.http_site import answers
from transport.polled import Polled, link_for_tests
from transport.repository import PACKAGE, VOLUME, catalogue

TIMESTAMP = "metadata/timestamp.json"


class Time:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def traffic(self, limit: int | None = None) -> Traffic:
        return Traffic(limit, now=self, pause=self.pause)


def test_without_a_limit_nothing_waits() -> None:
    at = Time()
    assert at.traffic().take(10**9) == 0.0
    assert at.waits == []


def test_bytes_beyond_the_limit_wait_for_their_turn() -> None:
    at = Time()
    traffic = at.traffic(1_000_000)
    for _ in range(100):
        traffic.take(100_000)
    assert at.now - 1000.0 == pytest.approx(10.0, abs=0.5)


def test_all_links_share_one_limit() -> None:
    traffic = Traffic(4_000_000)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [traffic.take(50_000) for _ in range(10)], range(4)))
    assert 0.2 < time.monotonic() - began < 1.5


def test_time_that_nobody_used_is_not_saved_up() -> None:
    at = Time()
    traffic = at.traffic(1000)
    traffic.take(1000)
    at.now += 3600
    assert traffic.take(10_000) > 9.0


def test_a_download_holds_to_the_limit_and_is_not_given_up_as_slow(polled: Polled, tmp_path: Path) -> None:
    content = random.Random(3).randbytes(600_000)
    polled.repository.add_package({VOLUME: content})
    polled.repository.publish()
    link = replace(link_for_tests(polled.waits), traffic=Traffic(1_000_000), slowest=900_000, grace=0.05)
    feed = TufFeeds(polled.folder, link=link).open(polled.source)
    feed.poll()
    began = time.monotonic()
    feed.fetch_volume(PACKAGE, VOLUME, tmp_path / VOLUME, lambda _done, _of: None)
    assert 0.3 < time.monotonic() - began < 3.0
    assert (tmp_path / VOLUME).read_bytes() == content
    assert polled.waits == []


# --- Retry-After


def patient(at: Time) -> Link:
    return Link(tries=3, worthwhile=1000, pause=at.pause, traffic=at.traffic())


def test_a_site_that_names_a_time_is_asked_after_it(polled: Polled) -> None:
    at = Time()
    polled.site.troubles[TIMESTAMP] = answers(503, times=2, headers={"Retry-After": "20"})
    feed = TufFeeds(polled.folder, link=patient(at)).open(polled.source)
    assert feed.poll() == catalogue()
    assert at.waits == [20.0, 20.0]
    assert polled.site.paths().count(TIMESTAMP) == 3


def test_the_time_may_be_said_as_a_date(polled: Polled) -> None:
    at = Time()
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    polled.site.troubles[TIMESTAMP] = answers(429, times=1, headers={"Retry-After": until})
    TufFeeds(polled.folder, link=patient(at)).open(polled.source).poll()
    assert at.waits == [pytest.approx(90, abs=5)]


@pytest.mark.parametrize("said", ["", "soon", "-5", "1e9", "Sat, 21 Nov 2020 10:00:00 GMT", "9" * 40])
def test_a_time_that_is_none_leaves_the_usual_wait(polled: Polled, said: str) -> None:
    at = Time()
    polled.site.troubles[TIMESTAMP] = answers(503, times=1, headers={"Retry-After": said})
    TufFeeds(polled.folder, link=patient(at)).open(polled.source).poll()
    assert at.waits == [1.0]


def test_a_site_that_wants_peace_for_long_is_given_up_and_not_asked_before(polled: Polled) -> None:
    at = Time()
    polled.site.troubles[TIMESTAMP] = answers(503, times=1, headers={"Retry-After": "3600"})
    feeds = TufFeeds(polled.folder, link=patient(at))
    with pytest.raises(Unreachable, match="503"):
        feeds.open(polled.source).poll()
    at.now += 3000
    with pytest.raises(Unreachable, match="asked not to be asked for 600 seconds"):
        feeds.open(polled.source).poll()
    assert polled.site.paths() == [TIMESTAMP]
    at.now += 601
    assert feeds.open(polled.source).poll() == catalogue()
    assert at.waits == []
