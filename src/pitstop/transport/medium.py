"""A medium, judged: is it this source's, how old is it, and how does it stand to what is known already.

Its metadata is verified by python-tuf from the pinned root on, in a cache of its own that is thrown away, so
that a refused medium leaves nothing behind. A copy of a whole site has two timestamps (decision 0006): the
wire's counts while it holds, then the one for media. The age of the latter is judged against the operator's
bounds. Then it is held against the newest state that is known:

* newer, or the same: verified once more on top of what is known (python-tuf then refuses what would lead any
  part back), its catalogue judged like one that came by wire, and remembered;
* older: an honest medium that took its time. It advances nothing, and its payloads are judged by what is
  known. Older in one part and newer in another is no medium that a publisher ever made: refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tuf.api.exceptions import (
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
    UnsignedMetadataError,
)

from pitstop.model.errors import MetadataExpired, TrustError
from pitstop.model.releases import Catalogue
from pitstop.package.site_layout import MEDIA_TIMESTAMP, METADATA_FOLDER
from pitstop.ports.feeds import Source
from pitstop.ports.media import Bounds, Standing
from pitstop.transport import durable, trusted
from pitstop.transport.fetcher import Mark, Opened, SiteFetcher
from pitstop.transport.newest import accepted
from pitstop.transport.refresh import TIMESTAMP, refreshed
from pitstop.transport.session import MEDIA, Session, caches, known, verified
from pitstop.transport.trusted import ROOT_HISTORY, Trusted
from pitstop.transport.use import media_made

_SNAPSHOT = "snapshot.json"


@dataclass(frozen=True, slots=True)
class Medium:
    """Where a repository lies that was carried here: the address of its root, and what reads it."""

    url: str
    fetcher: SiteFetcher


@dataclass(frozen=True, slots=True)
class Judged:
    """A medium's own metadata, verified.

    Attributes:
        made: when it was signed for media; None: it carries the timestamp of the wire.
        files: the verified metadata, by name in a cache.
    """

    state: Trusted
    made: datetime | None
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a medium: how it stands, its newest catalogue unless it is older, and a session that
    judges what lies on it."""

    standing: Standing
    made: datetime | None
    catalogue: Catalogue | None
    session: Session


def take(source: Source, folder: Path, medium: Medium, bounds: Bounds, now: datetime) -> Taken:
    """Judge a medium for this source and remember what is newer on it; inside of ``session.alone``.

    Raises:
        TrustError (and those below it), InvalidCatalogue: it is refused.
        What python-tuf, the fetcher and the disk raise: wrap it in :func:`trust.translated`.
    """
    before = known(folder)
    judged, medium = _judged(folder, medium, before)
    require_young(judged.made, bounds, now)
    if before is not None and judged.state.root.version > before.root.version:
        before = known(
            folder, judged.state.root
        )  # what was signed with keys that are taken back counts no more
    standing = _standing(source, judged.state, before)
    if standing is Standing.OLDER and before is not None:
        return Taken(standing, judged.made, None, Session(before, medium.url, medium.fetcher))
    if before is not None:
        judged = _verified(folder, medium, _snapshot_of(folder, before))
    session = Session(judged.state, medium.url, medium.fetcher)
    catalogue = accepted(source, folder, session)
    _remember(folder / MEDIA, judged)
    return Taken(standing, judged.made, catalogue, session)


def require_young(made: datetime | None, bounds: Bounds, now: datetime) -> None:
    """Raises MetadataExpired when a medium of this age is not to be used any more."""
    if made is not None and now - made >= bounds.refuse:
        raise MetadataExpired(
            f"the medium was made on {made:%Y-%m-%d}, {_days(now - made)} days ago; "
            f"one of {_days(bounds.refuse)} days or more is refused",
            hint="Bring a newer one: somebody may be holding back what was published since. "
            "The bound is the setting medium_refuse_days.",
        )


def _judged(folder: Path, medium: Medium, before: Trusted | None) -> tuple[Judged, Medium]:
    """The medium's own metadata, by the timestamp that holds; and the medium as it is read by that."""
    try:
        return _by_its_roots(folder, medium, before), medium
    except (ExpiredMetadataError, DownloadHTTPError):
        stamped = _MediaStamped(medium)
        if not stamped.is_there():
            raise
    other = Medium(medium.url, stamped)
    return _by_its_roots(folder, other, before), other


class _MediaStamped(SiteFetcher):
    """A copy of a site, read with its timestamp for media in the place of the wire's."""

    def __init__(self, medium: Medium) -> None:
        super().__init__(medium.fetcher.link)
        self._site = medium.fetcher
        self._timestamp = f"{medium.url}/{METADATA_FOLDER}/{TIMESTAMP}"
        self._for_media = f"{medium.url}/{METADATA_FOLDER}/{MEDIA_TIMESTAMP}"

    @contextmanager
    def opened(
        self, url: str, start: int = 0, known: Mark | None = None, stop: int | None = None
    ) -> Iterator[Opened]:
        at = self._for_media if url == self._timestamp else url
        with self._site.opened(at, start, known, stop) as file:
            yield file

    def is_there(self) -> bool:
        try:
            with self._site.opened(self._for_media):
                return True
        except DownloadHTTPError:
            return False


def _by_its_roots(folder: Path, medium: Medium, before: Trusted | None) -> Judged:
    """The medium's own metadata, under the newest root that is known or, where the medium is from before
    that, under the newest that it brings itself."""
    try:
        return _verified(folder, medium, None)
    except UnsignedMetadataError:
        if before is None:
            raise
    try:
        own = _verified(folder, medium, None, own_roots=True)
    except RepositoryError:
        own = None
    if own is None or own.state.root.version >= before.root.version:
        return _verified(folder, medium, None)  # says again what is wrong with it
    return own


def _verified(folder: Path, medium: Medium, snapshot: bytes | None, *, own_roots: bool = False) -> Judged:
    """The medium's metadata, verified from the pinned root on.

    Args:
        snapshot: what no part of it may go back behind.
        own_roots: with no roots but the pinned one and those that it brings.
    """
    with _cache(folder) as cache:
        if not own_roots:
            trusted.share_roots({**caches(folder), "mine": cache}, "mine")
        if snapshot is not None:
            (cache / _SNAPSHOT).write_bytes(snapshot)
        made: list[datetime | None] = []
        medium.fetcher.asked = ""
        updater = refreshed(
            folder, cache, medium.url, medium.fetcher, lambda raw: made.append(media_made(cache, raw))
        )
        state = verified(cache, updater)
        files = {
            str(file.relative_to(cache)): file.read_bytes()
            for file in (*cache.glob("*.json"), *cache.glob(f"{ROOT_HISTORY}/*.json"))
        }
        return Judged(state, made[-1] if made else None, files)


@contextmanager
def _cache(folder: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="medium-", dir=folder) as name:
        cache = Path(name) / "metadata"
        cache.mkdir()
        yield cache


def _snapshot_of(folder: Path, before: Trusted) -> bytes | None:
    """The bytes of the snapshot that is known, from whichever cache holds it."""
    for cache in caches(folder).values():
        state = trusted.load(cache, before.root)
        if state is not None and state.versions == before.versions:
            return (cache / _SNAPSHOT).read_bytes()
    return None


def _standing(source: Source, state: Trusted, before: Trusted | None) -> Standing:
    if before is None:
        return Standing.NEWER
    mine, theirs = state.versions, before.versions
    if mine.snapshot == theirs.snapshot:
        if state.snapshot.meta != before.snapshot.meta:
            raise TrustError(
                f"source {source.name}: the medium's snapshot {mine.snapshot} is another than the one that "
                "is known under this number",
                hint="Take nothing from this medium, and tell the publisher.",
            )
        return Standing.OLDER if mine.root < theirs.root else Standing.SAME
    if mine.snapshot > theirs.snapshot:
        return Standing.NEWER
    if mine.targets > theirs.targets:
        raise TrustError(
            f"source {source.name}: the medium's parts do not belong together: its snapshot "
            f"({mine.snapshot}) is older than the one that is known ({theirs.snapshot}), its targets "
            f"({mine.targets}) are newer ({theirs.targets})",
            hint="Take nothing from this medium, and tell the publisher.",
        )
    return Standing.OLDER


def _remember(cache: Path, judged: Judged) -> None:
    """Keep the verified metadata as what came on media. The timestamp is last: it names the others."""
    (cache / ROOT_HISTORY).mkdir(parents=True, exist_ok=True)
    for name in sorted(judged.files, key=lambda name: name == TIMESTAMP):
        if name != "root.json":
            durable.write(cache / name, judged.files[name])
    durable.write(cache / "root.json", judged.files["root.json"])


def _days(span: timedelta) -> int:
    return int(span / timedelta(days=1))


def utc_now() -> datetime:
    return datetime.now(UTC)
