"""A package's content, gathered from its source: each file with its path, mode, size and digest.

Modes are 0755 for what its owner may execute and 0644 for the rest, whatever the machine's umask: the same
source gives the same package everywhere. A later part of the content replaces a file of an earlier one, so
that a release can overlay what it shares with others. Links and special files are refused.
"""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest
from pitstop.publish.package_source import ContentSource

Bytes = Path | bytes
Fill = Callable[[str], str]
"""Puts values in the place of ``@VERSION@`` and ``@NAME@``."""

EXECUTABLE, PLAIN = 0o755, 0o644


@dataclass(frozen=True)
class Content:
    """The manifest, and where the bytes of each of its files come from."""

    manifest: Manifest
    sources: Mapping[str, Bytes]

    def open(self, file: ContentFile) -> IO[bytes]:
        source = self.sources[file.path]
        return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def gather(folder: Path, parts: list[ContentSource], fill: Fill) -> Content:
    """All content of the source in ``folder``.

    Raises:
        InvalidPackage: a part is not there, or is no plain file or folder.
    """
    found: dict[str, tuple[Bytes, int]] = {}
    for part in parts:
        for path, source, mode in _of_part(folder, part, fill):
            found[path] = (source, int(part.mode, 8) if part.mode else mode)
    files = (_file(path, *found[path]) for path in sorted(found))
    return Content(Manifest(tuple(files)), {path: source for path, (source, _) in found.items()})


def _of_part(folder: Path, part: ContentSource, fill: Fill) -> Iterator[tuple[str, Bytes, int]]:
    if part.from_ is None:
        yield part.to, fill(part.text or "").encode(), PLAIN
        return
    source = folder / part.from_
    if source.is_dir() and not source.is_symlink():
        below = f"{part.to.rstrip('/')}/" if part.to else ""
        for path in sorted(source.rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield f"{below}{path.relative_to(source).as_posix()}", path, _mode(path)
    else:
        yield part.to or source.name, source, _mode(source)


def _mode(path: Path) -> int:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        raise InvalidPackage(
            f"the content {path} is not there", hint="Correct 'content' in package.toml, or add the file."
        ) from None
    if not stat.S_ISREG(mode):
        raise InvalidPackage(
            f"the content {path} is no plain file", hint="Links and special files cannot be shipped."
        )
    return EXECUTABLE if mode & stat.S_IXUSR else PLAIN


def _file(path: str, source: Bytes, mode: int) -> ContentFile:
    if isinstance(source, bytes):
        return ContentFile(path, mode, len(source), hashlib.sha256(source).hexdigest())
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return ContentFile(path, mode, stream.tell(), digest)
