"""One look at a source: its metadata refreshed and verified once, and what that signs.

A python-tuf ``Updater`` is for one refresh, and one at a time may use a cache folder: sessions on one folder
are begun under a file lock, over threads and processes. Always bootstrapped from the pinned root, never from
the cache.

What came by wire and what came on media have caches of their own, for their timestamps are of two uses; of
both together, nothing goes back behind the newer one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Root  # type: ignore[attr-defined]  # tuf's documented names, without __all__
from tuf.ngclient.updater import Updater

from pitstop.model.errors import DigestMismatch, InvalidPackage, TrustError
from pitstop.package.pieces import Pieces, has_pieces, pieces_size, pieces_target, read_pieces
from pitstop.package.site_layout import TARGETS_FOLDER
from pitstop.transport import durable, trusted
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.refresh import refreshed
from pitstop.transport.trusted import Trusted
from pitstop.transport.volume import Wanted

WIRE = "metadata"
"""The cache of what came by wire, in a source's folder."""

MEDIA = "media"
"""The cache of what came on media."""

_LOCK = "lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """For one session at a time in this source's folder."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def caches(folder: Path) -> dict[str, Path]:
    """The caches of a source, by name."""
    return {name: folder / name for name in (WIRE, MEDIA)}


def known(folder: Path, root: Root | None = None) -> Trusted | None:
    """The newest state that this source is known to have signed, by wire or on a medium; None: none yet.

    Args:
        root: under which it must hold, where there is a newer one than those that are kept.
    """
    both = caches(folder)
    root = root or trusted.newest_root(*both.values())
    if root is None:
        return None
    states = [state for cache in both.values() if (state := trusted.load(cache, root)) is not None]
    return max(states, key=lambda state: (state.versions.snapshot, state.versions.timestamp), default=None)


class Session:
    """What a source signs, and its files.

    Attributes:
        state: the signed metadata.
        paths: all signed target paths.
    """

    def __init__(self, state: Trusted, url: str, fetcher: SiteFetcher) -> None:
        self.state = state
        self.paths = frozenset(state.files())
        self._targets_url = f"{url}/{TARGETS_FOLDER}"
        self._fetcher = fetcher

    def wanted(self, path: str) -> Wanted:
        """How the file of this target path was signed.

        Raises:
            TrustError: it was not, or without a SHA-256.
        """
        file = self.state.find(path)
        if file is None:
            raise TrustError(
                f"{path} is not signed by this source's publisher",
                hint="It is not taken. Poll the source; if the file should be there, tell the publisher.",
            )
        sha256 = file.hashes.get("sha256")
        if sha256 is None:
            raise TrustError(f"{path} is signed without a SHA-256 digest")
        return Wanted(f"{self._targets_url}/{path}", file.length, sha256.lower())

    def read(self, path: str, at_most: int) -> bytes:
        """The small file of this target path, verified.

        Raises:
            TrustError: it is not signed, or larger than ``at_most`` bytes.
            DigestMismatch: it is not what was signed.
        """
        wanted = self.wanted(path)
        if wanted.size > at_most:
            raise TrustError(f"{path} has {wanted.size} bytes, and such a file may have {at_most}")
        for _ in range(self._fetcher.choices):
            content = self._fetcher.read(wanted.url, wanted.size)
            if hashlib.sha256(content).hexdigest() == wanted.sha256:
                return content
            self._fetcher.turn()
        raise DigestMismatch(f"{wanted.url} is not the file that was signed: its SHA-256 differs")

    def pieces(self, path: str) -> Pieces | None:
        """The list of the pieces of this target path's file; None where the publisher gives none, or it is
        not to be had: it only saves bytes."""
        wanted, at = self.wanted(path), pieces_target(path)
        if not has_pieces(wanted.size) or at not in self.paths:
            return None
        try:
            return read_pieces(self.read(at, pieces_size(wanted.size)), wanted.size)
        except (DownloadHTTPError, TrustError, InvalidPackage):
            return None


def begun(folder: Path, url: str, fetcher: SiteFetcher, check: Callable[[Path, bytes], None]) -> Session:
    """Refresh from a connected source, inside of ``alone``.

    Args:
        check: told the cache and the bytes of the timestamp; raises TrustError where it is not for here.

    Raises:
        TrustError: what it says goes back behind what a medium has brought.
        What python-tuf, the fetcher and the disk raise: wrap it in :func:`trust.translated`.
    """
    both = caches(folder)
    cache = both[WIRE]
    fetcher.asked = ""
    trusted.share_roots(both, WIRE)
    updater = refreshed(folder, cache, url, fetcher, partial(check, cache))
    state = verified(cache, updater)
    _require_not_behind(state, trusted.load(both[MEDIA], state.root))
    return Session(state, url, fetcher)


def verified(cache: Path, updater: Updater) -> Trusted:
    """What a refreshed updater has put into its cache, on disk now, with what the teams have signed.

    Raises:
        What python-tuf raises; TrustError: the cache was changed meanwhile.
    """
    for path in trusted.paths_of_teams(cache):
        updater.get_targetinfo(path)
    _on_disk(cache)
    root = trusted.newest_root(cache)
    state = trusted.load(cache, root) if root is not None else None
    if state is None:
        raise TrustError("the cache of verified metadata was changed while it was written")
    return state


def _require_not_behind(state: Trusted, other: Trusted | None) -> None:
    if other is None:
        return
    mine, theirs = state.versions, other.versions
    if mine.snapshot < theirs.snapshot or mine.targets < theirs.targets:
        raise TrustError(
            f"what the source says (snapshot {mine.snapshot}, targets {mine.targets}) goes back behind what "
            f"a medium has brought (snapshot {theirs.snapshot}, targets {theirs.targets})",
            hint="An old copy of the site, or an attack: ask again later; if it stays, tell the publisher.",
        )


def _on_disk(cache: Path) -> None:
    """python-tuf renames its files into place but does not sync them: after a loss of power they could be
    empty, and with them the memory of what was seen."""
    for file in (*cache.glob("*.json"), *cache.glob("root_history/*.json")):
        durable.sync(file)
    durable.sync(cache)
