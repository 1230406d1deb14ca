"""RSS 2.0 and Atom 1.0: every release, and hotfixes alone.

An entry's id is a tag URI (RFC 4151) of the publisher's ``feed_authority`` and the release's identity: it
never changes, wherever the site moves. Its *published* date is the release's; where only the month is known
there is none, and the summary says the month. Its *updated* instant is when this revision of the entry was
first signed, kept in ``feed-entries.json`` beside ``publisher.toml``; without that file it is when the
catalogue was signed. Feeds need absolute addresses: a publisher without ``site_url`` has none.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import msgspec
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped] # it has no types

from pitstop.model.errors import InvalidInput
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, DatePrecision, Release, ReleaseStatus
from pitstop.package.strict_json import canonical_json
from pitstop.package.typed import from_json
from pitstop.publish.page_paths import article_page, feed_file, on_site, release_page
from pitstop.publish.repository import Repository
from pitstop.publish.settings import SETTINGS_FILE, PublisherSettings

TIMES_FILE = "feed-entries.json"
MOST_ENTRIES = 100
_MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}
_FORMS = {"atom": "Atom", "rss": "RSS"}
_WHAT = {"releases": "All releases", "hotfixes": "Hotfixes"}


@dataclass(frozen=True)
class SiteFeed:
    """A feed of the site: which releases, in which form."""

    what: str
    form: str

    @property
    def path(self) -> str:
        return feed_file(self.what, self.form)

    @property
    def title(self) -> str:
        return f"{_WHAT[self.what]} ({_FORMS[self.form]})"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self.form]


class _EntryTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    revision: int
    updated: datetime


@dataclass(frozen=True)
class FeedTimes:
    """When each entry, by the release's name, came to say what it says."""

    path: Path
    entries: dict[str, _EntryTime]

    def at(self, catalogue: Catalogue) -> FeedTimes:
        """With the entries that this catalogue has changed since."""
        now = {}
        for release in catalogue.releases:
            known = self.entries.get(release.name)
            same = known is not None and known.revision == release.revision
            now[release.name] = (
                known if known is not None and same else _EntryTime(release.revision, catalogue.issued)
            )
        return FeedTimes(self.path, now)

    def put(self, repository: Repository) -> None:
        repository.put(self.path, io.BytesIO(canonical_json(msgspec.to_builtins(self.entries))))


def read_feed_times(settings: PublisherSettings) -> FeedTimes:
    """What is remembered; nothing where nothing is.

    Raises:
        InvalidInput: the file is damaged.
    """
    path = settings.folder / TIMES_FILE
    try:
        return FeedTimes(path, from_json(path.read_bytes(), dict[str, _EntryTime]))
    except FileNotFoundError:
        return FeedTimes(path, {})
    except msgspec.DecodeError as error:
        raise InvalidInput(
            f"{path} is damaged: {error}", hint="Bring it back from a backup, or remove it."
        ) from error


def site_feeds(settings: PublisherSettings) -> Sequence[SiteFeed]:
    """The feeds that this site has."""
    if missing_for_feeds(settings):
        return ()
    return tuple(SiteFeed(what, form) for what in _WHAT for form in _FORMS)


def missing_for_feeds(settings: PublisherSettings) -> str | None:
    """What must be added to the settings before there can be feeds; None: nothing."""
    missing = [name for name in ("site_url", "feed_authority") if not getattr(settings, name)]
    if not missing:
        return None
    return (
        f"no feeds: {SETTINGS_FILE} has no {' and no '.join(missing)} "
        '(such as site_url = "https://updates.example/", feed_authority = "updates.example,2026-11-21")'
    )


def feeds(settings: PublisherSettings, catalogue: Catalogue, times: FeedTimes) -> dict[str, bytes]:
    """Each feed by its path on the site."""
    return {feed.path: _feed(feed, settings, catalogue, times) for feed in site_feeds(settings)}


def _feed(feed: SiteFeed, settings: PublisherSettings, catalogue: Catalogue, times: FeedTimes) -> bytes:
    made = FeedGenerator()
    made.id(f"tag:{settings.feed_authority}:{settings.publisher}/{settings.product}/{feed.what}")
    made.title(f"{settings.display_name} {settings.product}: {_WHAT[feed.what].lower()}")
    made.description(f"{_WHAT[feed.what]} of {settings.product} by {settings.display_name}")
    made.author({"name": settings.display_name})
    made.language("en")
    made.generator("Pitstop")
    made.docs("https://www.rssboard.org/rss-specification")
    made.link(href=on_site(settings.site_url, feed.path), rel="self", type=feed.media_type)
    # Last: feedgen takes the last link as an RSS channel's own.
    made.link(href=on_site(settings.site_url, ""), rel="alternate")
    wanted = [
        release
        for release in catalogue.releases
        if feed.what == "releases" or release.type is PackageType.HOTFIX
    ]
    newest = sorted(wanted, key=lambda release: times.entries[release.name].updated)[-MOST_ENTRIES:]
    updated = max((times.entries[release.name].updated for release in newest), default=catalogue.issued)
    made.updated(updated)
    made.lastBuildDate(updated)
    for release in sorted(newest, key=_by_date, reverse=True):
        _add(made, release, settings, times.entries[release.name].updated)
    raw: bytes = made.atom_str(pretty=True) if feed.form == "atom" else made.rss_str(pretty=True)
    return raw


def _by_date(release: Release) -> tuple[int, tuple[int, ...]]:
    return release.released.day.toordinal() if release.released else 0, release.version.numbers


def _add(made: FeedGenerator, release: Release, settings: PublisherSettings, updated: datetime) -> None:
    entry = made.add_entry(order="append")
    id_ = f"tag:{settings.feed_authority}:{settings.publisher}/{settings.product}/{release.version}"
    entry.id(id_)
    entry.guid(id_, permalink=False)
    entry.title(_title(release))
    entry.link(href=on_site(settings.site_url, release_page(release.name)))
    entry.updated(updated)
    if release.released is not None and release.released.precision is DatePrecision.DAY:
        entry.published(datetime.combine(release.released.day, time(), UTC))
    entry.category({"term": release.type.value})
    entry.summary(_summary(release, settings))


def _title(release: Release) -> str:
    withdrawn = "Withdrawn: " if release.status is ReleaseStatus.WITHDRAWN else ""
    return f"{withdrawn}{release.title} ({release.version})"


def _summary(release: Release, settings: PublisherSettings) -> str:
    told = []
    if release.status is ReleaseStatus.WITHDRAWN:
        told.append(f"Withdrawn: {release.status_reason}")
    told.append(release.description or release.title)
    if release.released is not None and release.released.precision is DatePrecision.MONTH:
        told.append(f"Released in {release.released.day:%Y-%m}.")
    if release.released is not None and release.released.precision is DatePrecision.NOT_BEFORE:
        told.append(f"Released not before {release.released.day.isoformat()}.")
    if release.type is PackageType.HOTFIX:
        told.append(
            f"Article: {release.article_link or on_site(settings.site_url, article_page(release.name))}"
        )
    return " ".join(told)
