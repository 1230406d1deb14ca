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

from pitstop.model.errors import TrustError, Unreachable
from pitstop.transport.link import Interruption, Link

CHUNK = 1 << 18
"""Bytes asked for at once."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a server said of the state of a file, to be asked later whether it is still so.

    Attributes:
        address: the URL that it said it of: another server's marks mean nothing to it.
        etag, last_modified: as they came, "" where it said none.
    """

    address: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that has begun to come.

    Attributes:
        start: where in the file the first chunk lies; 0 if the site does not serve parts.
        total: bytes of the whole file as the site says; None: it does not say.
        mark: what to ask with the next time; None: the site does not say.
        unchanged: it is as it was under the mark that was asked with, and nothing comes.
    """

    start: int
    total: int | None
    chunks: Iterator[bytes]
    mark: Mark | None = None
    unchanged: bool = False


class SiteFetcher(FetcherInterface):
    """Files of one site by URL.

    Attributes:
        asked: the URL that was asked for last; errors of python-tuf do not always say what they are about.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.asked = ""

    @abstractmethod
    def opened(
        self, url: str, start: int = 0, known: Mark | None = None, stop: int | None = None
    ) -> AbstractContextManager[Opened]:
        """Begin to read the file, from byte ``start``, and up to byte ``stop`` (exclusive), if the site can.
        With a mark that the site gave before, only if the file has changed since.

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
        content, _ = self.read_if_changed(url, at_most, None)
        if content is None:
            raise Unreachable(f"{url}: the site says that it is unchanged, and was not asked that")
        return content

    def read_if_changed(self, url: str, at_most: int, known: Mark | None) -> tuple[bytes | None, Mark | None]:
        """The whole file and its new mark; no content where it is still as it was under ``known``.

        Raises:
            As ``read``.
        """
        self.asked = url
        failures = 0
        while True:
            try:
                return self._read_once(url, at_most, known)
            except Interruption as error:
                failures += 1
                self.link.again(failures, error)

    @property
    def choices(self) -> int:
        """In how many places the same files lie."""
        return 1

    def turn(self) -> None:
        """Turn to the next place, since what came from here was wrong."""

    def _read_once(self, url: str, at_most: int, known: Mark | None) -> tuple[bytes | None, Mark | None]:
        content = bytearray()
        with self.opened(url, 0, known) as file:
            if file.unchanged:
                return None, known
            for chunk in self.link.paced(file.chunks, url):
                content += chunk
                if len(content) > at_most:
                    raise TrustError(f"{url} is longer than the {at_most} bytes it may have")
        return bytes(content), file.mark

    # python-tuf's interface, on top of the above

    def _fetch(self, url: str) -> Iterator[bytes]:
        with self.opened(url) as file:
            yield from self.link.paced(file.chunks, url)

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """The whole file in memory: python-tuf gets only metadata this way."""
        yield io.BytesIO(self.read(url, max_length))
