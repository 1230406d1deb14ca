"""What brings bytes from a site: one opening of one file, and reading small ones whole with retries.

Fetchers believe nothing and check nothing but lengths: bytes are judged by whoever asked. They raise
Pitstop's own errors, except for tuf's ``DownloadHTTPError`` for a file that the site refuses to give (4xx):
python-tuf learns from it that there is no newer root. The stock fetchers are not used: they spool into
TMPDIR, and let errors of urllib3 through.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import IO

from tuf.ngclient.fetcher import FetcherInterface

from pitstop.model.errors import TrustError
from pitstop.transport.link import Interruption, Link

CHUNK = 1 << 18
"""Bytes asked for at once."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that has begun to come.

    Attributes:
        start: where in the file the first chunk lies; 0 if the site does not serve parts.
        total: bytes of the whole file as the site says; None: it does not say.
    """

    start: int
    total: int | None
    chunks: Iterator[bytes]


class SiteFetcher(FetcherInterface):
    """Files of one site by URL.

    Attributes:
        asked: the URL that was asked for last; errors of python-tuf do not always say what they are about.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.asked = ""

    @abstractmethod
    def opened(self, url: str, start: int = 0) -> AbstractContextManager[Opened]:
        """Begin to read the file, from byte ``start`` if the site can.

        Raises:
            Interruption: the link broke, also while chunks are read; Unreachable: trying again is no use.
            TrustError: the file leads out of the site.
            DownloadHTTPError: the site does not give this file (4xx).
        """

    def read(self, url: str, at_most: int) -> bytes:
        """The whole file.

        Raises:
            TrustError: it is longer than ``at_most`` bytes.
            Unreachable, DownloadHTTPError: as ``opened``, once all tries have failed.
        """
        self.asked = url
        failures = 0
        while True:
            try:
                return self._read_once(url, at_most)
            except Interruption:
                failures += 1
                if failures >= self.link.tries:
                    raise
            self.link.back_off(failures)

    def _read_once(self, url: str, at_most: int) -> bytes:
        content = bytearray()
        with self.opened(url) as file:
            for chunk in self.link.paced(file.chunks, url):
                content += chunk
                if len(content) > at_most:
                    raise TrustError(f"{url} is longer than the {at_most} bytes it may have")
        return bytes(content)

    # python-tuf's interface, on top of the above

    def _fetch(self, url: str) -> Iterator[bytes]:
        with self.opened(url) as file:
            yield from self.link.paced(file.chunks, url)

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """The whole file in memory: python-tuf gets only metadata this way."""
        yield io.BytesIO(self.read(url, max_length))
