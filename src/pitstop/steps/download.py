"""``download``: bring the update's payload volumes onto this system; what is here and right is kept."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

from pitstop.model.packages import Volume
from pitstop.ports.payloads import Progress
from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.nothing import NoArgs

_HERE = Done("all content is here already")


async def _probe(context: StepContext, _args: NoArgs) -> Done | None:
    context.require_package()
    missing = await asyncio.to_thread(context.world.payloads.missing_content, context.run.update)
    return None if missing else _HERE


async def _act(context: StepContext, args: NoArgs) -> Done:
    here = await _probe(context, args)
    return here if here is not None else await asyncio.to_thread(_download, context, context.report)


def _download(context: StepContext, progress: Progress) -> Done:
    """Fetch what lacks, volume by volume. Blocks."""
    payloads, package = context.world.payloads, context.run.update
    volumes = payloads.metadata(package).volumes
    in_all = sum(volume.size for volume in volumes)
    feed = None
    before = fetched = 0
    for volume in volumes:
        path = payloads.volume(package, volume.name)
        if not is_right(path, volume):
            feed = feed or context.world.feed(package)
            feed.fetch_volume(package, volume.name, path, _shifted(progress, before, in_all))
            fetched += 1
        before += volume.size
        progress(before, in_all)
    return Done(f"{fetched} fetched, {len(volumes) - fetched} here already, {in_all} bytes in all")


def is_right(path: Path, volume: Volume) -> bool:
    """Whether the whole volume lies there, byte for byte."""
    try:
        if path.stat().st_size != volume.size:
            return False
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == volume.sha256
    except FileNotFoundError:
        return False


def _shifted(progress: Progress, before: int, in_all: int) -> Callable[[int, int], None]:
    """One volume's progress as part of all of them."""
    return lambda done, _of_volume: progress(before + done, in_all)


DOWNLOAD = StepKind("download", NoArgs, _act, _probe, on_node=False, in_plans=False)
