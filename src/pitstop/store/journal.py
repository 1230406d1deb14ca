"""The journal of runs in the database.

Invariants:
    * A write names the epoch and the revision that it builds on; if the row has others, nothing is written.
    * A run's events, its steps, its head, its update's state, the ledger and the alerts are one transaction.
    * A tree in memory changes only after the commit.
    * Epochs come from one counter over all runs: a run that is taken has a higher one than any before.
    * An alert of a failed run is closed when it is resumed, when a new run of its update begins, and when
      one succeeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from pitstop.model.errors import Conflict, EpochLost, InvalidMove, NotFound
from pitstop.model.runs import (
    Run,
    RunEvent,
    RunFailed,
    RunPurpose,
    RunResumed,
    RunState,
    RunSucceeded,
    RunTaken,
    RunTree,
    Step,
    StepReset,
    StepStatus,
    update_events,
)
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.updates import UpdateState, move
from pitstop.ports.journal import Recorded
from pitstop.store.advance import Advance, advanced
from pitstop.store.alerts import close_of_update, raise_in
from pitstop.store.database import Database
from pitstop.store.events import encode, index_of, kind_of, text_of
from pitstop.store.ledger import record_in
from pitstop.store.run_rows import (
    find_run,
    load_tree,
    require_run,
    run_head,
    run_values,
    step_progress,
    step_values,
)
from pitstop.store.tables import counters, events, runs, steps, updates

_HEAD = update(runs).where(
    runs.c.id == bindparam("of_run"),
    runs.c.epoch == bindparam("from_epoch"),
    runs.c.revision == bindparam("from_revision"),
)
_PROGRESS = update(steps).where(steps.c.run_id == bindparam("of_run"), steps.c.place == bindparam("of_place"))


class SqlJournal:
    """Implements :class:`pitstop.ports.journal.Journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, run: Run, steps: Sequence[Step], *, expected: UpdateState) -> None:
        with self._database.writing() as connection:
            _require_none_in_progress(connection)
            _require_state(connection, run.update, expected)
            if find_run(connection, run.id) is not None:
                raise Conflict(f"there is a run {run.id} already")
            _insert(connection, run, steps)
            close_of_update(connection, run.update, run.requested_by, run.created)

    def take(self, run_id: str, worker: str, at: datetime) -> RunTree:
        with self._database.writing() as connection:
            tree = load_tree(connection, run_id, to_write=True)
            advance = advanced(tree, [RunTaken(at, _next_epoch(connection), worker)])
            _write(connection, advance)
        advance.take_into(tree)
        return tree

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        if any(isinstance(event, RunTaken | RunResumed) for event in events):
            raise InvalidMove(f"run {tree.run.id} is taken and resumed by calls of their own")
        advance = advanced(tree, events)
        if advance.moves:
            with self._database.writing() as connection:
                _write(connection, advance)
        advance.take_into(tree)

    def resume(self, run_id: str, by: str, at: datetime) -> None:
        with self._database.writing() as connection:
            tree = load_tree(connection, run_id, to_write=True)
            failed = [leaf.index for leaf in tree.leaves() if leaf.status is StepStatus.FAILED]
            advance = advanced(tree, [RunResumed(at, by), *(StepReset(index, at) for index in failed)])
            _require_none_in_progress(connection)
            _require_newest(connection, tree.run)
            _write(connection, advance)

    def raise_epoch(self, above: int) -> int:
        """Let the next epoch be higher than ``above``; it is never lowered. The epoch counter's value now."""
        with self._database.writing() as connection:
            rise = update(counters).where(counters.c.name == "epoch", counters.c.value < above)
            connection.execute(rise.values(value=above))
            value: int = connection.execute(
                select(counters.c.value).where(counters.c.name == "epoch")
            ).scalar_one()
        return value

    def load(self, run_id: str) -> RunTree:
        with self._database.reading() as connection:
            return load_tree(connection, run_id)

    def unfinished(self) -> Sequence[str]:
        query = select(runs.c.id).where(runs.c.state == RunState.IN_PROGRESS).order_by(runs.c.number)
        with self._database.reading() as connection:
            return connection.execute(query).scalars().all()

    def history(self, run_id: str) -> Sequence[Recorded]:
        query = select(events).where(events.c.run_id == run_id).order_by(events.c.sequence)
        with self._database.reading() as connection:
            require_run(connection, run_id)
            rows = connection.execute(query).all()
        return [Recorded(row.sequence, row.at, row.epoch, row.kind, row.place, row.text) for row in rows]


def _insert(connection: Connection, run: Run, places: Sequence[Step]) -> None:
    connection.execute(insert(runs).values(run_values(run)))
    rows = [step_values(run.id, number, step) for number, step in enumerate(places)]
    if rows:
        connection.execute(insert(steps), rows)


def _write(connection: Connection, advance: Advance) -> None:
    """Everything that these events mean; nothing, if the run is not as they found it."""
    before = advance.before
    _write_head(connection, before, advance.run)
    if advance.steps:
        changes = [
            {"of_run": before.id, "of_place": step.index, **step_progress(step)}
            for step in advance.steps.values()
        ]
        connection.execute(_PROGRESS, changes)
    records = [
        {
            "run_id": before.id,
            "sequence": after.revision,
            "at": event.at,
            "epoch": after.epoch,
            "kind": kind_of(type(event)),
            "place": index_of(event),
            "text": text_of(event),
            "data": encode(event),
        }
        for event, _, after in advance.moves
    ]
    connection.execute(insert(events), records)
    for event, former, _ in advance.moves:
        _follow(connection, former, event)


def _write_head(connection: Connection, before: Run, after: Run) -> None:
    builds_on = {"of_run": before.id, "from_epoch": before.epoch, "from_revision": before.revision}
    written = connection.execute(_HEAD, builds_on | run_head(after))
    if written.rowcount != 1:
        raise _lost(connection, before)


def _lost(connection: Connection, before: Run) -> Conflict | NotFound:
    """Why the run is not as the writer knows it."""
    now = find_run(connection, before.id)
    if now is None:
        return NotFound(f"there is no run {before.id!r}")
    if now.epoch != before.epoch:
        return EpochLost(
            f"run {before.id} was taken over: its epoch is {now.epoch}, no longer {before.epoch}"
        )
    return Conflict(f"run {before.id} was changed meanwhile: revision {now.revision}, not {before.revision}")


def _follow(connection: Connection, before: Run, event: RunEvent) -> None:
    """What a run's event means beside the run."""
    _move_update(connection, before, event)
    match event:
        case RunFailed():
            raise_in(connection, event.finding, event.at, before.update)
        case RunResumed():
            close_of_update(connection, before.update, event.by, event.at)
        case RunSucceeded():
            close_of_update(connection, before.update, f"run {before.id}", event.at)
            if before.purpose is RunPurpose.APPLY:
                _enter(connection, before, event)
        case _:
            pass


def _move_update(connection: Connection, before: Run, event: RunEvent) -> None:
    moves = update_events(before, event)
    if not moves:
        return
    state = _state_of(connection, before.update)
    for happening in moves:
        state = move(before.update, state, happening)
    connection.execute(update(updates).where(updates.c.name == before.update).values(state=state))


def _enter(connection: Connection, run: Run, event: RunSucceeded) -> None:
    kind = connection.execute(
        select(updates.c.type, updates.c.family).where(updates.c.name == run.update)
    ).one()
    record_in(connection, Installed(run.release, kind.type, kind.family, event.at, InstalledBy.RUN, run.id))


def _next_epoch(connection: Connection) -> int:
    rise = (
        update(counters)
        .where(counters.c.name == "epoch")
        .values(value=counters.c.value + 1)
        .returning(counters.c.value)
    )
    epoch: int = connection.execute(rise).scalar_one()
    return epoch


def _state_of(connection: Connection, update_name: str) -> UpdateState:
    query = select(updates.c.state).where(updates.c.name == update_name).with_for_update()
    state: UpdateState | None = connection.execute(query).scalar_one_or_none()
    if state is None:
        raise NotFound(f"there is no update {update_name!r}", hint="List them with `pitstop update list`.")
    return state


def _require_state(connection: Connection, update_name: str, expected: UpdateState) -> None:
    state = _state_of(connection, update_name)
    if state is not expected:
        raise Conflict(f"update {update_name} is {state} now, no longer {expected}")


def _require_none_in_progress(connection: Connection) -> None:
    query = select(runs.c.id, runs.c.update_name).where(runs.c.state == RunState.IN_PROGRESS)
    other = connection.execute(query).first()
    if other is not None:
        raise Conflict(
            f"run {other.id} of {other.update_name} is in progress",
            hint="One update at a time: wait until it has ended.",
        )


def _require_newest(connection: Connection, run: Run) -> None:
    query = select(runs.c.id).where(runs.c.update_name == run.update).order_by(runs.c.number.desc()).limit(1)
    newest = connection.execute(query).scalar_one()
    if newest != run.id:
        raise InvalidMove(
            f"run {run.id} cannot be resumed: run {newest} of {run.update} came after it",
            hint=f"See `pitstop run show {newest}`.",
        )
