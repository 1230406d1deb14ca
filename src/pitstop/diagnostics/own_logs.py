"""The service's own part of a bundle: its log, and what the journal has about runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from pitstop.diagnostics.disk import in_thread
from pitstop.diagnostics.work import Work
from pitstop.model.errors import NotFound, PitstopError
from pitstop.model.logs import Collected, Outcome, Wanted
from pitstop.wire.formats import size

SERVICE, RUNS = "service", "runs"
_PIECE = 512 << 10


class Evidence(Protocol):
    """What the journal has about runs, as texts."""

    def runs(self, wanted: Wanted) -> Sequence[str]:
        """The ids of the runs that a bundle is about."""

    def of(self, run_id: str) -> Iterable[tuple[str, str]]:
        """Name and text of each piece of evidence about a run. Raises NotFound."""


async def service_log(work: Work, folder: Path, wanted: Wanted) -> list[Collected]:
    """Its log files that were written to in the span or later."""
    files = await in_thread(partial(_changed_since, folder, wanted.since.timestamp()))
    if not files:
        note = f"there is no log file in {work.shown(str(folder))} that was written to in this span"
        return [Collected(SERVICE, "log", Outcome.COLLECTED, note=note)]
    return [await _file(work, path) for path in files]


def _changed_since(folder: Path, since: float) -> list[Path]:
    found = folder.glob("*.log*") if folder.is_dir() else ()
    return sorted(path for path in found if path.is_file() and path.stat().st_mtime >= since)


async def _file(work: Work, path: Path) -> Collected:
    try:
        whole = (await in_thread(path.stat)).st_size
        start = max(0, whole - work.bounds.thing)
        intake = work.intake(work.purse, most=work.bounds.thing, from_middle=start > 0)
        with path.open("rb") as file:
            file.seek(start)
            while piece := await in_thread(partial(file.read, _PIECE)):
                if not await intake.take(piece):
                    break
    except OSError as error:  # of reading; what is written says so in our words
        return Collected(SERVICE, path.name, Outcome.FAILED, note=f"it cannot be read: {error.strerror}")
    note = f"the newest {size(work.bounds.thing)} of {size(whole)}" if start else ""
    return await work.put(SERVICE, path.name, ("service", path.name), intake, note)


async def runs(work: Work, evidence: Evidence, wanted: Wanted) -> list[Collected]:
    """The runs of the span: tree, events, outputs of steps."""
    try:
        ids = await in_thread(partial(evidence.runs, wanted))
    except PitstopError as error:
        return [Collected(RUNS, "runs", Outcome.FAILED, note=work.shown(error.message))]
    if not ids:
        return [Collected(RUNS, "runs", Outcome.COLLECTED, note="there was no run in this span")]
    collected = []
    for run_id in ids:
        try:
            texts = await in_thread(partial(_texts, evidence, run_id))
        except NotFound as error:
            collected.append(Collected(RUNS, run_id, Outcome.FAILED, note=error.message))
            continue
        for name, text in texts:
            collected.append(await work.put_text(RUNS, f"{run_id}: {name}", ("runs", run_id, name), text))
    return collected


def _texts(evidence: Evidence, run_id: str) -> list[tuple[str, str]]:
    return list(evidence.of(run_id))
