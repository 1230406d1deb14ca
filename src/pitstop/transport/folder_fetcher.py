"""A site in a folder: a mounted medium or a copy, with the same files as behind HTTP.

Invariant: nothing outside of the folder is ever read, whatever links a medium holds, and nothing but plain
files: a pipe or a device on a medium must not hang the service.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadHTTPError

from pitstop.model.errors import TrustError, Unreachable
from pitstop.transport.fetcher import CHUNK, Mark, Opened, SiteFetcher
from pitstop.transport.link import Interruption, Link


def folder_of(url: str) -> Path:
    """The path that a ``file://`` URL names."""
    return Path(unquote(urlsplit(url).path))


class FolderFetcher(SiteFetcher):
    """Files of a site in a folder, by ``file://`` URL."""

    def __init__(self, folder: Path, link: Link) -> None:
        super().__init__(link)
        self._folder = folder

    @contextmanager
    def opened(
        self,
        url: str,
        start: int = 0,
        known: Mark | None = None,  # noqa: ARG002  a folder knows no marks
        stop: int | None = None,
    ) -> Iterator[Opened]:
        path = self._inside(url)
        try:
            file = _plain_file(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DownloadHTTPError(f"{url}: there is no such file", 404) from error
        except OSError as error:
            raise Unreachable(f"{url}: {error.strerror or error}") from error
        with file:
            file.seek(start)
            yield Opened(start, os.fstat(file.fileno()).st_size, _chunks(url, file, start, stop))

    def _inside(self, url: str) -> Path:
        try:
            root = self._folder.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise Unreachable(
                f"the folder {self._folder} cannot be read",
                hint="Mount the medium, or check the source's address.",
            ) from error
        path = Path(os.path.realpath(folder_of(url)))
        if not path.is_relative_to(root):
            raise TrustError(f"{url} leads out of the folder {self._folder}, to {path}")
        return path


def _plain_file(path: Path) -> FileIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return FileIO(descriptor)
    os.close(descriptor)
    raise Unreachable(f"{path} is not a plain file")


def _chunks(url: str, file: FileIO, start: int, stop: int | None) -> Iterator[bytes]:
    while stop is None or start < stop:
        try:
            chunk = file.read(CHUNK if stop is None else min(CHUNK, stop - start))
        except OSError as error:
            raise Interruption(f"{url}: {error.strerror or error}") from error
        if not chunk:
            return
        start += len(chunk)
        yield chunk
