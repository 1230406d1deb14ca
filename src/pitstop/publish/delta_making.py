"""Making a delta: the patches in several threads, the file in one, read back before it counts.

The same packages give the same bytes, however many threads there are. What takes its time, sorting and
compressing, happens outside of the interpreter's lock. Memory: about 1.3 GiB for each thread at the most,
where files of 64 MiB are patched, and a quarter of a GiB for what is made ahead.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile
from pitstop.package.delta_format import DeltaReader, DeltaWriter, Listed, Stretch
from pitstop.package.delta_names import delta_ends, delta_name
from pitstop.package.delta_patches import Frame, Steps, make_patch
from pitstop.publish.delta_base import Base
from pitstop.publish.delta_pairing import is_of_large, planned

DELTAS_FOLDER = "deltas"
"""In the folder of a built package."""

_AHEAD = 256 * 1024 * 1024
_LONGEST_NAME = 200

Progress = Callable[[int, int], None]
"""Told bytes of content made, and bytes in all."""


@dataclass(frozen=True)
class Hop:
    """What a delta leads over: from the base to the package.

    Attributes:
        content: opens a file of the package, to be read from any place in it.
    """

    base: Base
    package: Listed
    content: Callable[[ContentFile], IO[bytes]]

    def patch(self, stretch: Stretch) -> Steps | Frame:
        with self.content(stretch.file) as source:
            source.seek(stretch.start)
            new = source.read(stretch.size)
        return make_patch(self.base.read(stretch), new, stretch_of_large=is_of_large(stretch))


def write_delta(
    folder: Path,
    hop: Hop,
    progress: Progress = lambda _done, _in_all: None,
    threads: int | None = None,
) -> Path:
    """Write the delta into the folder, which is made if need be.

    Raises:
        InvalidPackage: the content is not that of the manifest, or the two names give none for a delta.
    """
    path = folder / delta_name(hop.package.package, hop.base.listed.package)
    if len(path.name) > _LONGEST_NAME or delta_ends(path.name) is None:
        raise InvalidPackage(f"a delta cannot be called {path.name}", hint="Choose a shorter prefix.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x+b") as to:
            _write(to, hop, progress, threads or os.cpu_count() or 1)
            to.seek(0)
            _read_back(to, hop)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _write(to: IO[bytes], hop: Hop, progress: Progress, threads: int) -> None:
    stretches = list(planned(hop.package.manifest, hop.base.listed.manifest))
    in_all, done = sum(stretch.size for stretch in stretches), 0
    with ExitStack() as stack:

        def scratch() -> IO[bytes]:
            return stack.enter_context(TemporaryFile(dir=Path(to.name).parent))

        writer = DeltaWriter(hop.package, hop.base.listed, scratch)
        executor = stack.enter_context(ThreadPoolExecutor(threads))
        for stretch, made in _in_order(executor, hop.patch, stretches):
            writer.add(stretch, made)
            done += stretch.size
            progress(done, in_all)
        writer.finish(to)


def _in_order(
    executor: ThreadPoolExecutor, patch: Callable[[Stretch], Steps | Frame], stretches: Iterable[Stretch]
) -> Iterator[tuple[Stretch, Steps | Frame]]:
    """The patches one after another, while those that follow are made."""
    ahead: deque[tuple[Stretch, Future[Steps | Frame]]] = deque()
    try:
        for stretch in stretches:
            ahead.append((stretch, executor.submit(patch, stretch)))
            while sum(waiting.size for waiting, _ in ahead) > _AHEAD:
                first, future = ahead.popleft()
                yield first, future.result()
        while ahead:
            first, future = ahead.popleft()
            yield first, future.result()
    finally:
        executor.shutdown(cancel_futures=True)


def _read_back(source: IO[bytes], hop: Hop) -> None:
    """See to it that the delta makes what was signed, read as a system will read it."""
    digest = hashlib.sha256()
    reader = DeltaReader(source, hop.package, hop.base.listed)
    for stretch, made in reader.made(hop.base.read, lambda _file: True):
        digest.update(made)
        if stretch.is_last:
            if digest.hexdigest() != stretch.file.sha256:
                raise InvalidPackage(
                    f"{stretch.file.path} was changed while the delta was made",
                    hint="Build the package again, from content that rests.",
                )
            digest = hashlib.sha256()
