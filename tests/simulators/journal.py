"""A journal in memory: the same rules as the one in the database, written a second time.

It also answers for what follows from runs (update states, ledger, alerts), as
:class:`pitstop.ports.records.Ledger` and the others do, so that tests of the engine need no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import get_args

from pitstop.model.alerts import Alert
from pitstop.model.errors import Conflict, EpochLost, InvalidMove, NotFound
from pitstop.model.findings import Finding
from pitstop.model.releases import Release
from pitstop.model.run_effects import update_events
from pitstop.model.run_events import (
    AbortRequested,
    CancelRequested,
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
from pitstop.store.events import index_of, kind_of, text_of


class MemoryJournal:
    """Implements :class:`pitstop.ports.journal.Journal`.

    Args:
        releases: the releases whose updates this system knows.
        states: their stored states where they are not Ready, by update name.
    """

    def __init__(self, releases: Iterable[Release], states: Mapping[str, UpdateState] | None = None) -> None:
        self._releases = {release.name: release for release in releases}
        self._states = dict.fromkeys(self._releases, UpdateState.READY) | dict(states or {})
        self._trees: dict[str, RunTree] = {}
        self._records: dict[str, list[Recorded]] = {}
        self._ledger: list[Installed] = []
        self._alerts: list[Alert] = []
        self._raised_by: dict[str, str] = {}
        self._epoch = 0

    def create(self, run: Run, steps: Sequence[Step], *, expected: UpdateState) -> None:
        self._require_free()
        if run.update not in self._states:
            raise NotFound(f"there is no update {run.update!r}")
        if self._states[run.update] is not expected:
            raise Conflict(f"update {run.update} is {self._states[run.update]} now, no longer {expected}")
        if run.id in self._trees:
            raise Conflict(f"there is a run {run.id} already")
        self._trees[run.id] = RunTree(run, steps)
        self._records[run.id] = []
        self._close(run.update, run.requested_by, run.created)

    def take(self, run_id: str, worker: str, at: datetime) -> RunTree:
        tree = self._tree(run_id)
        self._write(tree, advanced(tree, [RunTaken(at, self._epoch + 1, worker)]))
        self._epoch += 1
        return self.load(run_id)

    def append(self, tree: RunTree, *events: RunEvent) -> None:
        if any(isinstance(event, RunTaken | RunResumed) for event in events):
            raise InvalidMove("a run is taken and resumed by calls of their own")
        advanced(tree, events)
        self.refresh(tree)
        advance = advanced(tree, events)
        self._write(self._tree(tree.run.id), advance)
        advance.take_into(tree)

    def resume(self, run_id: str, by: str, at: datetime, void: Sequence[str] = ()) -> None:
        tree = self._tree(run_id)
        resets = [StepReset(index, at) for index in to_reset(tree)]
        voided = [StepVoided(index, at) for index in void]
        advance = advanced(tree, [RunResumed(at, by), *resets, *voided])
        self._require_free(but=run_id)
        newest = self.runs(tree.run.update)[0]
        if newest.id != run_id:
            raise InvalidMove(f"run {run_id} cannot be resumed: run {newest.id} came after it")
        self._write(tree, advance)

    def refresh(self, tree: RunTree) -> None:
        kept = self._tree(tree.run.id)
        if kept.run.epoch != tree.run.epoch:
            raise EpochLost(f"run {tree.run.id} was taken over")
        since = self._records[tree.run.id][tree.run.revision :]
        asked = {kind_of(event) for event in get_args(RunRequest)}
        if any(record.kind not in asked for record in since) or kept.run.revision < tree.run.revision:
            raise Conflict(f"run {tree.run.id} was changed meanwhile")
        tree.run = kept.run

    def request(self, run_id: str, wanted: RunRequest) -> Run:
        tree = self._tree(run_id)
        if tree.run.state is RunState.FAILED:
            self._require_free(but=run_id)
        self._write(tree, advanced(tree, [wanted]))
        return tree.run

    def load(self, run_id: str) -> RunTree:
        tree = self._tree(run_id)
        return RunTree(tree.run, tree.steps.values())

    def unfinished(self) -> Sequence[str]:
        return [name for name, tree in self._trees.items() if tree.run.state in DRIVEN]

    def history(self, run_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        self._tree(run_id)
        return [record for record in self._records[run_id] if record.sequence > after][:limit]

    # --- what follows from runs, to be looked at ---------------------------------------------------------

    def update_states(self) -> Mapping[str, UpdateState]:
        return dict(self._states)

    def installed(self) -> Sequence[Installed]:
        return list(self._ledger)

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        return [alert for alert in reversed(self._alerts) if alert.active or not active_only]

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> Sequence[Run]:
        heads = [tree.run for tree in reversed(self._trees.values())]
        if before is not None:
            ids = [run.id for run in heads]
            heads = heads[ids.index(before) + 1 :] if before in ids else []
        return [run for run in heads if update in (None, run.update)][:limit]

    def run(self, run_id: str) -> Run:
        return self._tree(run_id).run

    # --- inside ------------------------------------------------------------------------------------------

    def _tree(self, run_id: str) -> RunTree:
        if run_id not in self._trees:
            raise NotFound(f"there is no run {run_id!r}")
        return self._trees[run_id]

    def _require_free(self, but: str = "") -> None:
        for name, tree in self._trees.items():
            if tree.run.state in OCCUPYING and name != but:
                raise Conflict(f"run {name} is {tree.run.state}")

    def _write(self, kept: RunTree, advance: Advance) -> None:
        """All or none: whatever can be refused comes before the first change."""
        update = kept.run.update
        state = self._states[update]
        for event, before, _ in advance.moves:
            for happening in update_events(before, event):
                state = move(update, state, happening)
        self._states[update] = state
        advance.take_into(kept)
        for event, before, after in advance.moves:
            self._records[after.id].append(
                Recorded(
                    after.revision,
                    event.at,
                    after.epoch,
                    kind_of(type(event)),
                    index_of(event),
                    text_of(event),
                )
            )
            self._follow(before, event)

    def _follow(self, before: Run, event: RunEvent) -> None:
        if isinstance(event, RunFailed | RunCancelled):
            if event.finding is not None:
                self._raise(before.update, event.finding, event.at)
        elif isinstance(event, RunResumed | AbortRequested | CancelRequested):
            self._close(before.update, event.by, event.at)
        elif isinstance(event, RunAborted):
            self._close(before.update, f"run {before.id}", event.at)
        elif isinstance(event, RunSucceeded):
            self._close(before.update, f"run {before.id}", event.at)
            if before.purpose is RunPurpose.APPLY:
                for name in [before.update, *(rider.update for rider in before.riders)]:
                    kind = self._releases[name]
                    self._ledger.append(
                        Installed(kind.id, kind.type, kind.family, event.at, InstalledBy.RUN, before.id)
                    )
                for rider in before.riders:
                    self._states[rider.update] = move(
                        rider.update, self._states[rider.update], UpdateEvent.WENT_ALONG
                    )

    def _raise(self, update: str, finding: Finding, at: datetime) -> None:
        for number, alert in enumerate(self._alerts):
            same = (alert.finding.code, alert.finding.subject) == (finding.code, finding.subject)
            if alert.active and same and self._raised_by[alert.id] == update:
                self._alerts[number] = replace(alert, finding=finding, refreshed=at)
                return
        alert = Alert(f"alert-{len(self._alerts) + 1}", finding, at, at)
        self._alerts.append(alert)
        self._raised_by[alert.id] = update

    def _close(self, update: str, by: str, at: datetime) -> None:
        for number, alert in enumerate(self._alerts):
            if alert.active and self._raised_by.get(alert.id) == update:
                self._alerts[number] = replace(alert, closed=at, closed_by=by)
