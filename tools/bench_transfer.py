"""``make bench-transfer``: bytes to carry to a system that has the release before, or the one before that.

Three consecutive releases of a kernel image and of a large wheel (:mod:`tools.transfer_corpora`). For each:
``full`` is the newest as zstd packs it at level 19; ``one_hop`` what Pitstop fetches where the release before
is here; ``two_hops`` where only the one before that is: a delta over both, or two one after the other,
whichever is less. Beside it the other tools (:mod:`tools.transfer_tools`) on the same files, each with its
two values. Seconds are of the whole machine, for making; ``apply`` for making the content out of the delta.

The last line is one JSON object: bytes, by corpus; null where a tool is not on this machine. With ``--check``
it ends with status 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.delta_format import DeltaReader, Listed
from pitstop.package.delta_route import Delta, cheapest_route
from pitstop.publish.delta_base import Base
from pitstop.publish.delta_making import Hop, write_delta
from tools.transfer_corpora import FETCHERS, Corpus, Unavailable, corpus
from tools.transfer_tools import TOOLS, Release, full, pack

WITHIN = 1.05
"""Of the best other tool's bytes."""

HOPS = ("one_hop", "two_hops")


@dataclass
class Measured:
    """Bytes and seconds, by what was measured: ``full``, ``one_hop``, ``two_hops``, and ``<tool> <hop>``."""

    payload: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    apply: dict[str, float] = field(default_factory=dict)

    def result(self) -> dict[str, object]:
        """What the last line says of a corpus."""
        ours = {name: self.sizes[name] for name in ("full", *HOPS)}
        others = {
            tool.name: [self.sizes[f"{tool.name} {hop}"] for hop in HOPS]
            if f"{tool.name} {HOPS[1]}" in self.sizes
            else None
            for tool in TOOLS
        }
        return {**ours, **others}

    def missed(self) -> Iterator[str]:
        """The aims that were missed."""
        for hop in HOPS:
            ours = self.sizes[hop]
            others = {name: size for name, size in self.sizes.items() if name.endswith(f" {hop}")}
            for name in ("full", f"xdelta3 {hop}"):
                if ours > self.sizes.get(name, ours):
                    yield f"{hop} is {ours}, {name} {self.sizes[name]}"
            best = min(others.values(), default=ours)
            if ours > WITHIN * best:
                yield f"{hop} is {ours}, the best other tool {best}"


def measure(found: Corpus, work: Path) -> Measured:
    """Everything, on one corpus."""
    releases = []
    for number, folder in enumerate(found.folders, start=1):
        archive = work / f"{number}.tar"
        pack(folder, archive)
        releases.append(Release(listed(f"{found.name.title()}{number}", folder), folder, archive))
    oldest, before, newest = releases
    measured = Measured(newest.archive.stat().st_size)
    _ours(measured, releases, work)
    _timed(measured, work, "full", partial(full, newest))
    for tool in TOOLS:
        if tool.missing:
            say(f"  {tool.name}: {', '.join(tool.missing)} is not installed here")
            continue
        for hop, old in zip(HOPS, (before, oldest), strict=True):
            _timed(measured, work, f"{tool.name} {hop}", partial(tool.carry, old, newest))
    return measured


def _timed(measured: Measured, work: Path, name: str, carry: Callable[[Path], int]) -> None:
    began = monotonic()
    with TemporaryDirectory(dir=work) as folder:
        measured.sizes[name] = carry(Path(folder))
    measured.seconds[name] = monotonic() - began
    say(f"  {name}: {measured.sizes[name]:,} bytes, {measured.seconds[name]:.0f} s")


def _ours(measured: Measured, releases: Sequence[Release], work: Path) -> None:
    oldest, before, newest = releases
    deltas: dict[Delta, float] = {}
    for old, new in ((before, newest), (oldest, newest), (oldest, before)):
        began = monotonic()
        path = write_delta(work, Hop(Base(old.listed, old.path_of), new.listed, new.open))
        ends = (new.listed.package, old.listed.package)
        deltas[Delta(*ends, path.name, path.stat().st_size)] = monotonic() - began
        say(f"  {path.name}: {path.stat().st_size:,} bytes, {monotonic() - began:.0f} s")
    for hop, held in zip(HOPS, (before, oldest), strict=True):
        route = cheapest_route(newest.listed.package, deltas, {held.listed.package}.__contains__)
        if route is None:
            raise Unavailable("no delta leads to the newest release")
        say(f"  {hop}: {' then '.join(delta.name for delta in route)}")
        measured.sizes[hop] = sum(delta.size for delta in route)
        measured.seconds[hop] = sum(deltas[delta] for delta in route)
        began = monotonic()
        for delta in route:
            _apply(work / delta.name, *(_of(releases, name) for name in (delta.base, delta.package)))
        measured.apply[hop] = monotonic() - began


def _of(releases: Sequence[Release], package: str) -> Release:
    return next(release for release in releases if release.listed.package == package)


def _apply(path: Path, old: Release, new: Release) -> None:
    """Make all that the delta makes, and hold it against the manifest."""
    digest = hashlib.sha256()
    base = Base(old.listed, old.path_of)
    with path.open("rb") as source:
        for stretch, made in DeltaReader(source, new.listed, old.listed).made(base.read, lambda _file: True):
            digest.update(made)
            if stretch.is_last:
                if digest.hexdigest() != stretch.file.sha256:
                    raise Unavailable(f"{path.name} does not make {stretch.file.path}")
                digest = hashlib.sha256()


def listed(package: str, folder: Path) -> Listed:
    """The folder's plain files as a package's content. Kernels have names that differ in case alone, which no
    manifest may have; for deltas that is no matter."""
    files = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            files.append(ContentFile(str(path.relative_to(folder)), 0o644, path.stat().st_size, digest))
    files.sort(key=lambda file: file.path)
    said = hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()
    return Listed(package, Manifest(tuple(files)), said)


def table(found: Corpus, measured: Measured) -> str:
    """The figures of a corpus as a table in Markdown."""
    whole = measured.sizes["full"]
    lines = [
        f"{found.name}: {', '.join(found.releases)}; {measured.payload / 1e6:.1f} MB unpacked",
        "",
        "| | one hop, MB | % of full | seconds | two hops, MB | % of full | seconds |",
        "|---|--:|--:|--:|--:|--:|--:|",
        f"| full (zstd -19) | {whole / 1e6:.1f} | 100 | {measured.seconds['full']:.0f} | | | |",
    ]
    rows = [("**Pitstop**", "{hop}"), *((tool.name, f"{tool.name} {{hop}}") for tool in TOOLS)]
    for name, key in rows:
        cells = []
        for hop in HOPS:
            size = measured.sizes.get(key.format(hop=hop))
            if size is None:
                cells += ["-", "", ""]
                continue
            took = f"{measured.seconds[key.format(hop=hop)]:.0f}"
            took += f" (apply {measured.apply[hop]:.0f})" if key == "{hop}" else ""
            cells += [f"{size / 1e6:.1f}", f"{100 * size / whole:.1f}", took]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "pitstop-bench" / "transfer"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-transfer ARGS=...", description="Bytes to carry.")
    parser.add_argument("--corpus", action="append", choices=tuple(FETCHERS), help="only this one")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where the corpora are kept")
    parser.add_argument("--fresh", action="store_true", help="fetch them anew")
    parser.add_argument("--check", action="store_true", help="end with status 1 where an aim is missed")
    options = parser.parse_args(arguments)
    results: dict[str, object] = {}
    missed = []
    for name in options.corpus or FETCHERS:
        say(f"{name}:")
        try:
            found = corpus(name, options.cache, fresh=options.fresh)
        except Unavailable as error:
            say(f"  left out: {error}")
            continue
        work = options.cache / "work"
        shutil.rmtree(work, ignore_errors=True)  # of a run that was cut short
        work.mkdir()
        measured = measure(found, work)
        shutil.rmtree(work)
        print(table(found, measured), end="\n\n", flush=True)
        missed += [f"{name}: {what}" for what in measured.missed()]
        results[name] = measured.result()
    for line in missed:
        print(f"missed: {line}")
    print(json.dumps(results))
    return 1 if (missed and options.check) or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
