"""Whether this machine can drive a run: it has the content, or a source to bring it from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitstop.model.errors import NotFound
from pitstop.model.findings import Finding, Severity
from pitstop.model.run_events import RunFailed
from pitstop.model.runs import Run, RunPurpose, RunState
from pitstop.model.updates import UpdateState
from pitstop.service.supply import Supply
from pitstop.store.journal import SqlJournal
from pitstop.store.runs import SqlRuns
from service.conftest import World
from service.test_sources import NORTH, catalogue, declared, release_of
from simulators.clock import SimulatedClock
from store.packages import package

STAR = package()
RUN = Run(
    id="run-1",
    update=STAR.name,
    release=release_of(STAR).id,
    purpose=RunPurpose.APPLY,
    state=RunState.IN_PROGRESS,
    created=SimulatedClock().now(),
    requested_by="ada",
)


def supply(world: World, url: str, *, documents: bool = True) -> Supply:
    """Of a machine that has the documents of the run's package, and no content."""
    sources = declared(world, replace(NORTH, url=url))
    world.catalogues.checked(NORTH.name, catalogue(release_of(STAR)), world.clock.now())
    if documents:
        world.payloads.put_documents(STAR.name, STAR.documents)
    SqlJournal(world.database).create(RUN, (), expected=UpdateState.READY)
    return Supply(SqlRuns(world.database), world.payloads, sources)


def test_a_connected_source_brings_what_lacks(world: World) -> None:
    supply(world, "https://north.example").require(RUN.id)


def test_what_came_on_a_medium_to_another_machine_is_left_to_that_one(world: World) -> None:
    with pytest.raises(NotFound, match=f"3 files of {STAR.name} are not on this machine") as refused:
        supply(world, "").require(RUN.id)
    assert "where the package was imported" in refused.value.hint


def test_who_has_the_content_drives(world: World) -> None:
    checked = supply(world, "")
    for name, raw in STAR.volumes.items():
        world.payloads.volume(STAR.name, name).write_bytes(raw)
    world.payloads.unpack(STAR.name, lambda _done, _of: None)
    checked.require(RUN.id)


def test_what_no_machine_knows_is_said_by_the_run_itself(world: World) -> None:
    supply(world, "", documents=False).require(RUN.id)


def test_a_run_that_has_ended_needs_nothing(world: World) -> None:
    checked, journal, now = supply(world, ""), SqlJournal(world.database), world.clock.now()
    finding = Finding("step-failed", Severity.CRITICAL, "step 1", "it broke", "mend it")
    journal.append(journal.take(RUN.id, "worker", now), RunFailed(now, finding))
    checked.require(RUN.id)
