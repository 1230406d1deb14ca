"""The other tools that ``make bench-transfer`` measures beside, each as its users would run it.

They work on one archive for each release (sorted, without times and owners), except bsdiff4, which is given
the changed files one by one, paired as Pitstop pairs them. All are told to be thorough; what counts is the
bytes to carry to who has the old release.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import bsdiff4  # type: ignore[import-untyped]  # it ships no types

from pitstop.model.packages import ContentFile
from pitstop.package.delta_format import Listed
from pitstop.publish.delta_pairing import planned


@dataclass(frozen=True)
class Release:
    """One release of a corpus: its folder as a package's content, and all of it in one archive."""

    listed: Listed
    folder: Path
    archive: Path

    def content(self, file: ContentFile) -> bytes:
        return self.path_of(file).read_bytes()

    def open(self, file: ContentFile) -> IO[bytes]:
        return self.path_of(file).open("rb")

    def path_of(self, file: ContentFile) -> Path:
        return self.folder / file.path


@dataclass(frozen=True)
class Tool:
    """``carry``: from the old release to the new one, with a folder to work in, the bytes to carry."""

    name: str
    carry: Callable[[Release, Release, Path], int]
    needs: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> list[str]:
        return [program for program in self.needs if shutil.which(program) is None]


def pack(folder: Path, to: Path) -> None:
    """The folder as a tar archive that says nothing but names, modes and content."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.mtime = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(to, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, str(path.relative_to(folder)), recursive=False, filter=plain)


def full(release: Release, work: Path) -> int:
    """Without any old release: zstd at level 19."""
    to = work / "full.zst"
    _run("zstd", "-q", "-f", "-19", str(release.archive), "-o", str(to))
    return to.stat().st_size


def _casync(old: Release, new: Release, work: Path) -> int:
    """The new index, and the chunks that the old release did not leave in the store."""
    store, index = work / "store", work / "new.caibx"
    make = ("casync", "make", f"--store={store}")
    _run(*make, str(work / "old.caibx"), str(old.archive))
    before = _size_below(store)
    _run(*make, str(index), str(new.archive))
    return _size_below(store) - before + index.stat().st_size


def _xdelta3(old: Release, new: Release, work: Path) -> int:
    to = work / "xdelta"
    _run("xdelta3", "-9", "-e", "-f", "-s", str(old.archive), str(new.archive), str(to))
    return to.stat().st_size


def _zstd_patch(old: Release, new: Release, work: Path) -> int:
    """With a window that covers both."""
    to = work / "patch.zst"
    window = (old.archive.stat().st_size + new.archive.stat().st_size).bit_length()
    words = ("zstd", "-q", "-f", "-19", f"--long={window}", f"--patch-from={old.archive}")
    _run(*words, str(new.archive), "-o", str(to))
    return to.stat().st_size


def _bsdiff4(old: Release, new: Release, _work: Path) -> int:
    """The patches of all files that have changed; those without an old one as zstd makes them at level 19."""

    def one(pair: tuple[ContentFile, ContentFile | None]) -> int:
        file, base = pair
        if base is not None:
            return len(bsdiff4.diff(old.content(base), new.content(file)))
        words = ("zstd", "-q", "-19", "-c", str(new.path_of(file)))
        return len(subprocess.run(words, capture_output=True, check=True).stdout)

    pairs: Mapping[ContentFile, ContentFile | None] = {
        stretch.file: stretch.base for stretch in planned(new.listed.manifest, old.listed.manifest)
    }
    with ThreadPoolExecutor() as executor:
        return sum(executor.map(one, pairs.items()))


TOOLS = (
    Tool("casync", _casync, ("casync",)),
    Tool("xdelta3", _xdelta3, ("xdelta3",)),
    Tool("zstd_patch", _zstd_patch, ("zstd",)),
    Tool("bsdiff4", _bsdiff4, ("zstd",)),
)


def _size_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
