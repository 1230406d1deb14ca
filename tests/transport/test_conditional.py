"""Polling costs one small question while nothing is new, and what is here is judged all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pitstop.model.errors import MetadataExpired, TrustError
from transport.http_site import Answering
from transport.polled import Polled
from transport.repository import NOW, catalogue, new_key

TIMESTAMP = "metadata/timestamp.json"


@pytest.fixture
def marked(polled: Polled) -> Polled:
    """A site that says ETags; polled once."""
    polled.site.etags = True
    polled.feed().poll()
    polled.site.asked.clear()
    return polled


def test_the_second_poll_asks_whether_the_timestamp_has_changed_and_nothing_else(marked: Polled) -> None:
    assert marked.feed().poll() == catalogue()
    (asked,) = marked.site.asked
    assert (asked.path, asked.sent) == (TIMESTAMP, 0)
    assert "If-None-Match" in asked.headers


def test_a_server_that_says_only_when_it_changed_is_asked_with_that(polled: Polled) -> None:
    said = "Sat, 21 Nov 2026 10:00:00 GMT"

    def by_date(answering: Answering) -> bool:
        if answering.headers.get("If-Modified-Since") == said:
            answering.status(304)
            return True
        content = answering.site.files[TIMESTAMP]
        answering.send_response(200)
        answering.send_header("Last-Modified", said)
        answering.send_header("Content-Length", str(len(content)))
        answering.end_headers()
        answering.send(content)
        return True

    polled.site.troubles[TIMESTAMP] = by_date
    polled.feed().poll()
    polled.site.asked.clear()
    assert polled.feed().poll() == catalogue()
    assert [(asked.path, asked.sent) for asked in polled.site.asked] == [(TIMESTAMP, 0)]


def test_what_is_new_is_seen(marked: Polled) -> None:
    marked.repository.add("notes/Northstar1.2402.0.8.md", b"# Notes\n")
    marked.repository.publish()
    feed = marked.feed()
    feed.poll()
    assert feed.notes("Northstar1.2402.0.8") == b"# Notes\n"


def test_unchanged_metadata_expires_all_the_same(marked: Polled) -> None:
    """The site says 304 for ever; the timestamp here is put into the past, as time does."""
    marked.repository.timestamp.version = 0
    marked.repository.timestamp.expires = NOW - timedelta(hours=1)
    marked.repository.publish_timestamp()
    cache = marked.folder / "northstar" / "metadata"
    (cache / "timestamp.json").write_bytes(marked.repository.files[TIMESTAMP])
    with pytest.raises(MetadataExpired, match="the timestamp metadata has expired"):
        marked.feed().poll()


def test_a_mark_is_not_asked_with_once_the_copy_here_is_another(marked: Polled) -> None:
    (marked.folder / "northstar" / "metadata" / "timestamp.json").unlink()
    assert marked.feed().poll() == catalogue()
    assert "If-None-Match" not in marked.site.asked[0].headers


@pytest.mark.parametrize("junk", [b"", b"{", b"[]"])
def test_a_damaged_mark_costs_one_ordinary_poll(marked: Polled, junk: bytes) -> None:
    (marked.folder / "northstar" / "metadata.mark.json").write_bytes(junk)
    assert marked.feed().poll() == catalogue()
    assert "If-None-Match" not in marked.site.asked[0].headers
    marked.feed().poll()
    assert "If-None-Match" in marked.site.asked[-1].headers


def test_a_server_that_says_unchanged_without_being_asked_is_not_believed(polled: Polled) -> None:
    def unchanged(answering: Answering) -> bool:
        answering.status(304)
        return True

    polled.site.troubles[TIMESTAMP] = unchanged
    with pytest.raises(Exception, match="HTTP status 304") as failed:
        polled.feed().poll()
    assert failed.type.__name__ == "Unreachable"


def test_a_new_root_is_seen_with_the_next_timestamp(marked: Polled) -> None:
    marked.repository.rotate("timestamp")
    marked.repository.publish_timestamp()
    assert marked.feed().poll() == catalogue()
    stolen = marked.repository.signers["timestamp"] = [new_key()]
    assert stolen
    marked.repository.publish_timestamp()
    with pytest.raises(TrustError, match="the timestamp metadata is not signed"):
        marked.feed().poll()
