"""Runs and steps to rows and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from pitstop.model.errors import NotFound, RecordDamaged
from pitstop.model.releases import ReleaseId
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import OCCUPYING, Run, RunState, Step
from pitstop.store import tables
from pitstop.store.columns import beside, read

Values = dict[str, Any]


def run_head(run: Run) -> Values:
    """What of a run changes with its events, by column."""
    return {
        "state": run.state,
        "phase": run.phase,
        "epoch": run.epoch,
        "attempt": run.attempt,
        "revision": run.revision,
        "ended": run.ended,
        "finding": run.finding,
        "occupies": True if run.state in OCCUPYING else None,
        "goes_on": run.goes_on,
        "now": run.now,
    }


def run_values(run: Run) -> Values:
    """A run's whole row, without its number."""
    return run_head(run) | {
        "id": run.id,
        "update_name": run.update,
        "publisher": run.release.publisher,
        "product": run.release.product,
        "version": run.release.version,
        "purpose": run.purpose,
        "created": run.created,
        "requested_by": run.requested_by,
        "from_version": run.from_version,
        "to_version": run.to_version,
        "plan_sha256": run.plan_sha256,
        "package_sha256": run.package_sha256,
        "riders": run.riders,
        "windows": run.windows,
    }


def run_of(kept: Row[Any]) -> Run:
    row, unread = read(kept)
    return Run(
        id=row.id,
        update=row.update_name,
        release=ReleaseId(row.publisher, row.product, row.version),
        purpose=row.purpose,
        state=row.state,
        created=row.created,
        requested_by=row.requested_by,
        from_version=row.from_version,
        to_version=row.to_version,
        plan_sha256=row.plan_sha256,
        package_sha256=row.package_sha256,
        phase=row.phase,
        epoch=row.epoch,
        attempt=row.attempt,
        revision=row.revision,
        ended=row.ended,
        finding=beside(unread, row.finding),
        riders=row.riders,
        windows=row.windows,
        goes_on=row.goes_on,
        now=row.now,
    )


def step_progress(step: Step) -> Values:
    """What of a step changes with its events, by column."""
    return {
        "status": step.status,
        "attempt": step.attempt,
        "failures": step.failures,
        "started": step.started,
        "ended": step.ended,
        "waiting": step.waiting,
        "output": step.output,
        "record": step.record,
        "finding": step.finding,
        "found_done": step.found_done,
        "inner_steps": step.inner,
    }


def step_values(run_id: str, number: int, step: Step) -> Values:
    """A step's whole row."""
    return step_progress(step) | {
        "run_id": run_id,
        "place": step.index,
        "number": number,
        "name": step.name,
        "description": step.description,
        "mode": step.mode,
        "at_once": step.limit,
        "phase": step.phase,
        "kind": step.kind,
        "args": step.args,
        "node": step.node,
        "expected": step.expected,
        "deadline": step.deadline,
        "retry": step.retry,
        "package": step.package,
        "whole": step.whole,
        "may_fail": step.may_fail,
        "bandwidth": step.bandwidth,
        "undo": step.undo,
        "undoes": step.undoes,
        "no_return": step.no_return,
    }


def step_of(kept: Row[Any]) -> Step:
    row, unread = read(kept)
    return Step(
        index=row.place,
        name=row.name,
        description=row.description,
        mode=row.mode,
        limit=row.at_once,
        phase=row.phase,
        kind=row.kind,
        args=row.args,
        node=row.node,
        expected=row.expected,
        deadline=row.deadline,
        retry=row.retry,
        status=row.status,
        attempt=row.attempt,
        failures=row.failures,
        started=row.started,
        ended=row.ended,
        waiting=row.waiting,
        output=row.output,
        record=row.record,
        finding=beside(unread, row.finding),
        found_done=row.found_done,
        inner=row.inner_steps,
        package=row.package,
        whole=row.whole,
        may_fail=row.may_fail,
        bandwidth=row.bandwidth,
        undo=row.undo,
        undoes=row.undoes,
        no_return=row.no_return,
    )


def find_run(
    connection: Connection, run_id: str, *, to_write: bool = False, to_end: bool = False
) -> Run | None:
    """The run's head; arguments and errors as those of :func:`load_tree`."""
    query = select(tables.runs).where(tables.runs.c.id == run_id)
    row = connection.execute(query.with_for_update() if to_write else query).one_or_none()
    if row is None:
        return None
    run = run_of(row)
    if to_write and not _ends(run, to_end):
        _require_read(row, f"run {run_id}")
    return run


def require_run(connection: Connection, run_id: str, *, to_write: bool = False, to_end: bool = False) -> Run:
    """The run's head; arguments and errors as those of :func:`load_tree`."""
    run = find_run(connection, run_id, to_write=to_write, to_end=to_end)
    if run is None:
        raise NotFound(f"there is no run {run_id!r}", hint="List the runs with `pitstop run list`.")
    return run


def load_tree(
    connection: Connection, run_id: str, *, to_write: bool = False, to_end: bool = False
) -> RunTree:
    """The run with its steps.

    Args:
        to_write: keep others from changing it until the transaction ends.
        to_end: it is to be cancelled: so a run can be ended of which not everything can be read.

    Raises:
        NotFound: there is no such run.
        RecordDamaged: it is to be written, not to be cancelled, and not everything of it can be read.
    """
    run = require_run(connection, run_id, to_write=to_write, to_end=to_end)
    query = select(tables.steps).where(tables.steps.c.run_id == run_id).order_by(tables.steps.c.number)
    rows = connection.execute(query).all()
    if to_write and not _ends(run, to_end):
        for row in rows:
            _require_read(row, f"step {row.place} of run {run_id}")
    return RunTree(run, map(step_of, rows))


def _ends(run: Run, to_end: bool) -> bool:
    return to_end or run.state is RunState.CANCELLING


def _require_read(row: Row[Any], subject: str) -> None:
    """To show what stands for a damaged value is one thing; to act on it would be a guess.

    Raises:
        RecordDamaged: it cannot be read as it was written.
    """
    _, unread = read(row)
    if unread is not None:
        error = RecordDamaged(
            f"{subject}: {unread.what}",
            hint="Restore the database from a backup, or end the run: `pitstop run cancel`.",
        )
        error.add_note(unread.detail)
        raise error
