"""The feeds, as a feed reader's parser takes them, and by the rules of RFC 4287 and RSS 2.0."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped] # it has no types
import pytest
from lxml import etree

from pitstop.model.errors import InvalidInput
from pitstop.model.versions import Version
from pitstop.publish.feeds import TIMES_FILE, missing_for_feeds
from pitstop.publish.founding import feed_authority
from pitstop.publish.pages import put_pages
from pitstop.publish.revising import withdraw
from pitstop.publish.settings import read_settings
from publish.press import Press, a_moment_ago

SITE = "https://updates.example/north/"
ATOM = "{http://www.w3.org/2005/Atom}"
HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]\ndescription = "Less <b>noise</b> & more."'
MONTH = 'type = "Express"\nfamily = "2"\npredecessor = "1"\nreleased_precision = "month"'
FILES = ("releases.atom", "releases.rss", "hotfixes.atom", "hotfixes.rss")


@pytest.fixture
def online(press: Press) -> Press:
    """A publisher whose site has an address, with three releases."""
    settings = replace(press.settings, site_url=SITE, feed_authority="updates.example,2026-11-21")
    press = Press(settings, press.work)
    for version, more in (
        ("1.1.0.1", 'type = "Full"\nfamily = "1"'),
        ("1.1.1.2", HOTFIX),
        ("1.2.0.3", MONTH),
    ):
        press.publish(version, more)
    put_pages(press.repository)
    return press


def feed_path(press: Press, name: str) -> Path:
    return press.settings.site_folder / "feeds" / f"{name}.xml"


def parsed(press: Press, name: str) -> Any:
    found = feedparser.parse(feed_path(press, name).read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_feed_reader_finds_what_was_released(online: Press, name: str) -> None:
    found = parsed(online, name)
    assert found.version == ("atom10" if name.endswith("atom") else "rss20")
    hotfix = "tag:updates.example,2026-11-21:northstar/lantern/1.1.1.2"
    ids = [entry.id for entry in found.entries]
    assert ids == ([hotfix] if name.startswith("hotfixes") else [ids[0], hotfix, ids[2]])
    entry = found.entries[ids.index(hotfix)]
    assert entry.title == "Release 1.1.1.2 (1.1.1.2)"
    assert entry.link == f"{SITE}releases/Northstar1.1.1.2.html"
    assert "Less" in entry.summary
    assert f"{SITE}articles/Northstar1.1.1.2.html" in entry.summary
    assert entry.published_parsed[:3] == (2026, 1, 20)
    own = [link.href for link in found.feed.links if link.rel == "self"]
    assert own == [f"{SITE}feeds/{name}.xml"]
    assert found.feed.link == SITE


def test_a_release_of_which_only_the_month_is_known_claims_no_day(online: Press) -> None:
    for name in FILES[:2]:
        entry = parsed(online, name).entries[0]
        assert entry.id.endswith("1.2.0.3")
        assert "published" not in entry
        assert "Released in 2026-01." in entry.summary


@pytest.mark.parametrize("name", ["releases.atom", "hotfixes.atom"])
def test_atom_holds_to_its_rfc(online: Press, name: str) -> None:
    feed = etree.fromstring(feed_path(online, name).read_bytes())
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for needed in ("id", "title", "updated"):  # 4.1.1, 4.1.2: exactly one of each
            assert len(element.findall(f"{ATOM}{needed}")) == 1, needed
        updated = element.findtext(f"{ATOM}updated") or ""
        assert datetime.fromisoformat(updated).tzinfo is not None  # 3.3: RFC 3339 with a zone
        assert re.match(r"tag:[a-z.]+,\d{4}-\d\d-\d\d:\S+$", element.findtext(f"{ATOM}id") or "")
        alternates = [
            link for link in element.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"
        ]
        assert len(alternates) == 1  # 4.1.2: one alternate of a type and language at most, and one needed
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None  # 4.1.1: an author for entries without one
    ids = [element.text for element in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["releases.rss", "hotfixes.rss"])
def test_rss_holds_to_its_specification(online: Press, name: str) -> None:
    rss = etree.fromstring(feed_path(online, name).read_bytes())
    assert rss.get("version") == "2.0"
    channel = rss.find("channel")
    assert channel is not None
    for needed in ("title", "link", "description", "lastBuildDate"):
        assert len(channel.findall(needed)) == 1, needed
    for item in channel.findall("item"):
        guid = item.find("guid")
        assert guid is not None
        assert guid.get("isPermaLink") == "false"
        assert item.find("title") is not None
        date = item.findtext("pubDate")
        assert date is None or parsedate_to_datetime(date).tzinfo is not None


def test_an_entry_is_updated_when_it_changes_and_keeps_its_id(online: Press) -> None:
    before = {entry.id: entry.updated for entry in parsed(online, "releases.atom").entries}
    now = datetime.now(UTC) + timedelta(minutes=3)
    withdraw(online.repository, online.keys, Version.parse("1.1.1.2"), "Too loud.", now)
    put_pages(online.repository)
    after = {entry.id: entry for entry in parsed(online, "releases.atom").entries}
    assert set(after) == set(before)
    changed = [id_ for id_, entry in after.items() if entry.updated != before[id_]]
    assert [id_.rpartition("/")[2] for id_ in changed] == ["1.1.1.2"]
    assert after[changed[0]].title == "Withdrawn: Release 1.1.1.2 (1.1.1.2)"
    assert "Too loud." in after[changed[0]].summary


def test_feeds_are_the_same_until_something_changes(online: Press) -> None:
    before = {name: feed_path(online, name).read_bytes() for name in FILES}
    online.repository.renew(online.keys, a_moment_ago())
    assert put_pages(online.repository) == 0
    assert {name: feed_path(online, name).read_bytes() for name in FILES} == before


def test_ids_outlive_a_move_of_the_site(online: Press) -> None:
    before = [entry.id for entry in parsed(online, "releases.rss").entries]
    moved = Press(replace(online.settings, site_url="https://elsewhere.example/"), online.work)
    put_pages(moved.repository)
    found = parsed(moved, "releases.rss")
    assert [entry.id for entry in found.entries] == before
    assert found.entries[0].link.startswith("https://elsewhere.example/")


def test_without_an_address_there_are_no_feeds_and_it_is_said(press: Press) -> None:
    press.publish("1.1.0.1")
    put_pages(press.repository)
    assert not (press.settings.site_folder / "feeds").exists()
    assert "feeds/" not in (press.settings.site_folder / "index.html").read_text(encoding="utf-8")
    assert "no site_url and no feed_authority" in (missing_for_feeds(press.settings) or "")
    half = replace(press.settings, site_url=SITE)
    assert "has no feed_authority" in (missing_for_feeds(half) or "")


def test_a_damaged_memory_of_entries_is_told(online: Press) -> None:
    path = online.settings.folder / TIMES_FILE
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is damaged"):
        put_pages(online.repository)
    path.unlink()
    put_pages(online.repository)
    assert len(parsed(online, "releases.atom").entries) == 3


def test_the_authority_is_the_sites_domain_and_the_day(press: Press) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert feed_authority("https://Updates.example:8443/x", now) == "updates.example,2026-11-21"
    assert feed_authority("", now) == ""
    path = press.settings.folder / "publisher.toml"
    for wrong in ('site_url = "updates.example"', 'site_url = "https://"', 'feed_authority = "me"'):
        name = wrong.partition(" ")[0]
        path.write_text(re.sub(f'{name} = ".*"', wrong, path.read_text(encoding="utf-8")), encoding="utf-8")
        with pytest.raises(InvalidInput, match=name):
            read_settings(press.settings.folder)
        path.write_text(
            re.sub(f'{name} = ".*"', f'{name} = ""', path.read_text(encoding="utf-8")), encoding="utf-8"
        )
