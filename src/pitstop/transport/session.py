"""One look at a source: its metadata refreshed and verified once, and what that signs.

A python-tuf ``Updater`` is for one refresh, and one at a time may use a cache folder: sessions on one folder
are begun under a file lock, over threads and processes. Always bootstrapped from the pinned root, never from
the cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tuf.api.metadata import Metadata, TargetFile, Targets  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import DigestMismatch, TrustError
from pitstop.package.site_layout import TARGETS_FOLDER
from pitstop.transport import durable
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.refresh import refreshed
from pitstop.transport.use import require_for_wire
from pitstop.transport.volume import Wanted

_METADATA = "metadata"
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


class Session:
    """What the source signs now.

    Attributes:
        paths: all signed target paths.
    """

    def __init__(self, folder: Path, url: str, fetcher: SiteFetcher) -> None:
        """Refresh, inside of ``alone``.

        Raises:
            What python-tuf, the fetcher and the disk raise: wrap it in :func:`trust.translated`.
        """
        cache = folder / _METADATA
        cache.mkdir(exist_ok=True)
        self._targets_url = f"{url}/{TARGETS_FOLDER}"
        self._fetcher = fetcher
        fetcher.asked = ""
        self._updater = refreshed(folder, cache, url, fetcher, partial(require_for_wire, cache))
        _on_disk(cache)
        verified = Metadata[Targets].from_bytes((cache / "targets.json").read_bytes())
        self.paths = frozenset(verified.signed.targets)

    def wanted(self, path: str) -> Wanted:
        """How the file of this target path was signed.

        Raises:
            TrustError: it was not, or without a SHA-256.
        """
        file = self._signed(path)
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

    def _signed(self, path: str) -> TargetFile:
        file = self._updater.get_targetinfo(path) if path in self.paths else None
        if file is None:
            raise TrustError(
                f"{path} is not signed by this source's publisher",
                hint="It is not taken. Poll the source; if the file should be there, tell the publisher.",
            )
        return file


def _on_disk(cache: Path) -> None:
    """python-tuf renames its files into place but does not sync them: after a loss of power they could be
    empty, and with them the memory of what was seen."""
    for file in (*cache.glob("*.json"), *cache.glob("root_history/*.json")):
        durable.sync(file)
    durable.sync(cache)
