"""Content files by digest, as ``ab/abcdef...``: each was checked and on disk before it got its name."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

from pitstop.model.packages import ContentFile
from pitstop.store.durable import sync_folder

_READ_ONLY = 0o444
_GONE_OR_BROKEN = (errno.ENOENT, errno.EIO)


class ContentFolder:
    """The content that this system holds, of all packages together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, file: ContentFile) -> Path:
        """Where this content lies or is to lie."""
        return self._path(file.sha256)

    def has(self, file: ContentFile) -> bool:
        path = self.path(file)
        return path.is_file() and path.stat().st_size == file.size

    def adopt(self, checked: Path, file: ContentFile) -> None:
        """Take over a file that was checked and is on disk. Its name may be lost in a crash, until ``sync``
        is called."""
        checked.chmod(_READ_ONLY)
        path = self.path(file)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        checked.replace(path)

    def is_whole(self, file: ContentFile) -> bool:
        """Whether it is here, can be read, and is byte for byte what was signed."""
        try:
            with self.path(file).open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
        except OSError as error:
            if error.errno in _GONE_OR_BROKEN:
                return False
            raise

    def sync(self, digests: Iterator[str]) -> None:
        """See to it that these files' names are on disk."""
        for folder in {self._path(digest).parent for digest in digests}:
            sync_folder(folder)
        sync_folder(self.folder)

    def remove(self, digest: str) -> None:
        self._path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """Of all content that is here."""
        for path in self.folder.glob("??/*"):
            yield path.name

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest
