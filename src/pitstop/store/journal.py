"""The journal of runs in the database.

Invariants:
    * A write names the epoch and the revision that it builds on; if the row has others, nothing is written.
      Where only the revision is another (somebody has asked something of the run), what is to be written is
      worked out anew on the head as it is now: steps have one writer, who holds the epoch.
    * A run's events, its steps, its head, its update's state, the ledger and the alerts are one transaction.
    * A tree in memory changes only after the commit.
    * Epochs come from one counter over all runs: a run that is taken has a higher one than any before.
    * An alert of a failed run is closed when it is resumed, when a new run of its update begins, and when
      one succeeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from sqlalchemy import Connection, bindparam, func, insert, select, update

from pitstop.model.alerts import QUIET
from pitstop.model.errors import Conflict, EpochLost, InvalidMove, NotFound
from pitstop.model.findings import Finding
from pitstop.model.run_effects import update_events
from pitstop.model.run_events import (
    AbortRequested,
    CancelRequested,
    MendRequested,
    RunAborted,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunRequest,
    RunResumed,
    RunSucceeded,
    RunTaken,
    StepReset,
    StepVoided,
)
from pitstop.model.run_tree import RunTree, to_reset
from pitstop.model.runs import DRIVEN, OCCUPYING, Run, RunPurpose, RunState, Step
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.updates import UpdateEvent, UpdateState, move
from pitstop.ports.journal import Recorded
from pitstop.store.advance import Advance, advanced
from pitstop.store.alerts import close_of_update, raise_in
from pitstop.store.database import Database
from pitstop.store.events import encode, index_of, kind_of, text_of
from pitstop.store.leaves import require_no_leave
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
            require_no_leave(connection, run.created)
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
        if not events:
            return
        while True:
            advance = advanced(tree, events)
            try:
                with self._database.writing() as connection:
                    _write(connection, advance)
            except _HeadMoved as moved:
                tree.run = moved.now
            else:
                break
        advance.take_into(tree)

    def refresh(self, tree: RunTree) -> None:
        with self._database.reading() as connection:
            now = require_run(connection, tree.run.id)
            if now.revision != tree.run.revision:
                _require_only_asked(connection, tree.run, now)
        tree.run = now

    def resume(self, run_id: str, by: str, at: datetime, void: Sequence[str] = ()) -> None:
        with self._database.writing() as connection:
            tree = load_tree(connection, run_id, to_write=True)
            resets = [StepReset(index, at) for index in to_reset(tree)]
            voided = [StepVoided(index, at) for index in void]
            advance = advanced(tree, [RunResumed(at, by), *resets, *voided])
            require_no_leave(connection, at)
            _require_none_in_progress(connection, but=run_id)
            _require_newest(connection, tree.run)
            _write(connection, advance)

    def request(self, run_id: str, wanted: RunRequest) -> Run:
        with self._database.writing() as connection:
            cancels = isinstance(wanted, CancelRequested)
            tree = load_tree(connection, run_id, to_write=True, to_end=cancels)
            before = tree.run.state
            if isinstance(wanted, MendRequested):
                require_no_leave(connection, wanted.at)
            if before is RunState.FAILED:
                _require_none_in_progress(connection, but=run_id)
                _require_newest(connection, tree.run)
            advance = advanced(tree, [wanted])
            _write(connection, advance)
        return advance.run

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
        query = select(runs.c.id).where(runs.c.state.in_(DRIVEN)).order_by(runs.c.number)
        with self._database.reading() as connection:
            return connection.execute(query).scalars().all()

    def history(self, run_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        wanted = select(events).where(events.c.run_id == run_id, events.c.sequence > after)
        query = wanted.order_by(events.c.sequence).limit(limit)
        with self._database.reading() as connection:
            require_run(connection, run_id)
            rows = connection.execute(query).all()
        return [Recorded(row.sequence, row.at, row.epoch, row.kind, row.place, row.text) for row in rows]


def _insert(connection: Connection, run: Run, places: Sequence[Step]) -> None:
    connection.execute(insert(runs).values(run_values(run)))
    _insert_steps(connection, run.id, places, 0)


def _insert_steps(connection: Connection, run_id: str, places: Sequence[Step], first: int) -> None:
    rows = [step_values(run_id, number, step) for number, step in enumerate(places, start=first)]
    if rows:
        connection.execute(insert(steps), rows)


class _HeadMoved(Exception):
    """The run's head is another now, under the same epoch."""

    def __init__(self, now: Run) -> None:
        super().__init__()
        self.now = now


def _write(connection: Connection, advance: Advance) -> None:
    """Everything that these events mean; nothing, if the run is not as they found it."""
    before = advance.before
    _write_head(connection, before, advance.run)
    if advance.added:
        count = select(func.count()).where(steps.c.run_id == before.id)
        _insert_steps(connection, before.id, advance.added, connection.execute(count).scalar_one())
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
        now = require_run(connection, before.id)
        _require_only_asked(connection, before, now)
        raise _HeadMoved(now)


def _require_only_asked(connection: Connection, known: Run, now: Run) -> None:
    """What has happened since is that somebody asked something of the run.

    Raises:
        EpochLost: another worker has taken it. Conflict: it was changed otherwise.
    """
    if now.epoch != known.epoch:
        raise EpochLost(f"run {now.id} was taken over: its epoch is {now.epoch}, no longer {known.epoch}")
    others = select(func.count()).where(
        events.c.run_id == now.id,
        events.c.sequence > known.revision,
        events.c.kind.not_in([kind_of(event) for event in get_args(RunRequest)]),
    )
    if now.revision < known.revision or connection.execute(others).scalar_one():
        raise Conflict(f"run {now.id} was changed meanwhile: revision {now.revision}, not {known.revision}")


def _follow(connection: Connection, before: Run, event: RunEvent) -> None:
    """What a run's event means beside the run."""
    _move_update(connection, before, event)
    match event:
        case RunFailed():
            raise_in(connection, event.finding, event.at, before.update, quiet_until=event.at + QUIET)
        case RunResumed() | AbortRequested() | CancelRequested():
            close_of_update(connection, before.update, event.by, event.at)
        case RunCancelled(finding=Finding() as finding):
            raise_in(connection, finding, event.at, before.update, quiet_until=event.at + QUIET)
        case RunAborted():
            close_of_update(connection, before.update, f"run {before.id}", event.at)
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
    """What went on, into the ledger: the run's own release, and what went along with it."""
    for name, release in [
        (run.update, run.release),
        *((rider.update, rider.release) for rider in run.riders),
    ]:
        kind = connection.execute(
            select(updates.c.type, updates.c.family).where(updates.c.name == name)
        ).one()
        record_in(connection, Installed(release, kind.type, kind.family, event.at, InstalledBy.RUN, run.id))
    for rider in run.riders:
        state = move(rider.update, _state_of(connection, rider.update), UpdateEvent.WENT_ALONG)
        connection.execute(update(updates).where(updates.c.name == rider.update).values(state=state))


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


def _require_none_in_progress(connection: Connection, but: str = "") -> None:
    query = select(runs.c.id, runs.c.update_name, runs.c.state).where(
        runs.c.state.in_(OCCUPYING), runs.c.id != but
    )
    other = connection.execute(query).first()
    if other is not None:
        said = "in progress" if other.state is RunState.IN_PROGRESS else other.state
        raise Conflict(
            f"run {other.id} of {other.update_name} is {said}",
            hint="One update at a time: wait until it has ended, or end it.",
        )


def _require_newest(connection: Connection, run: Run) -> None:
    query = select(runs.c.id).where(runs.c.update_name == run.update).order_by(runs.c.number.desc()).limit(1)
    newest = connection.execute(query).scalar_one()
    if newest != run.id:
        raise InvalidMove(
            f"run {run.id} cannot be resumed: run {newest} of {run.update} came after it",
            hint=f"See `pitstop run show {newest}`.",
        )
