"""Bringing a source's metadata up to date with python-tuf, at the least cost.

The timestamp is asked for first, conditionally: it names all the rest, so while it is the one that is here,
nothing else can be new, and nothing else is asked for. The cached metadata is verified all the same, from
the pinned root on, with its expiry judged by the present time. (A new root without a new timestamp is then
seen with the next timestamp, which is at most one expiry away.) Whatever is refused this way is asked for
once more in python-tuf's own order, root first: the timestamp may have been from before a new root.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError, RepositoryError
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from pitstop.model.errors import TrustError
from pitstop.package.site_layout import METADATA_FOLDER
from pitstop.transport import marks
from pitstop.transport.fetcher import Mark, Opened, SiteFetcher

PINNED = "pinned.root.json"
"""The root of trust as it was handed in, in a source's folder."""

TIMESTAMP = "timestamp.json"
_CONFIG = UpdaterConfig(prefix_targets_with_hash=False)
_NEXT_ROOT = re.compile(r"/metadata/[0-9]+\.root\.json\Z")


Check = Callable[[bytes], None]
"""Told the bytes of a timestamp before python-tuf sees them; raises TrustError where it is not for here."""


class _Given(SiteFetcher):
    """A site whose timestamp may have been read already.

    Args:
        timestamp: where it is.
        content: what it is; None: it is still to be read.
        no_roots: the next root is not asked for.
    """

    def __init__(
        self, site: SiteFetcher, timestamp: str, content: bytes | None, check: Check, *, no_roots: bool
    ) -> None:
        super().__init__(site.link)
        self._site = site
        self._timestamp = timestamp
        self._content = content
        self._check = check
        self._no_roots = no_roots

    @contextmanager
    def opened(
        self, url: str, start: int = 0, known: Mark | None = None, stop: int | None = None
    ) -> Iterator[Opened]:
        self._site.asked = url
        if url == self._timestamp:
            content = self._content
            if content is None:
                content = self._site.read(url, _CONFIG.timestamp_max_length)
            self._check(content)
            yield Opened(0, len(content), iter((content,)))
            return
        if self._no_roots and _NEXT_ROOT.search(url):
            raise DownloadHTTPError(f"{url} is not asked for", 404)
        with self._site.opened(url, start, known, stop) as file:
            yield file


def refreshed(folder: Path, cache: Path, url: str, fetcher: SiteFetcher, check: Check) -> Updater:
    """An updater with the newest metadata of the site at ``url``, verified, which is then in ``cache``.

    Args:
        folder: of the source; holds the pinned root.

    Raises:
        What python-tuf, the fetcher, ``check`` and the disk raise.
    """
    at = f"{url}/{METADATA_FOLDER}/{TIMESTAMP}"
    before = _bytes(cache / TIMESTAMP)
    mark_file = cache.with_name(f"{cache.name}.mark.json")
    known = marks.load(mark_file, before) if before is not None else None
    content, mark = fetcher.read_if_changed(at, _CONFIG.timestamp_max_length, known)
    found = content if content is not None else before or b""
    pinned = (folder / PINNED).read_bytes()
    fetcher.asked = ""
    try:
        given = _Given(fetcher, at, found, check, no_roots=found == before)
        updater = _refreshed(cache, url, given, pinned)
    except (RepositoryError, TrustError):
        given = _Given(fetcher, at, None, check, no_roots=False)
        return _refreshed(cache, url, given, pinned)
    marks.store(mark_file, mark, found)
    return updater


def _refreshed(cache: Path, url: str, fetcher: SiteFetcher, pinned: bytes) -> Updater:
    updater = Updater(
        str(cache), f"{url}/{METADATA_FOLDER}", fetcher=fetcher, config=_CONFIG, bootstrap=pinned
    )
    updater.refresh()
    return updater


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
