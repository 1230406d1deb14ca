"""One worker's walk over the tree of one run.

Forwards, the walk begins one place after the other; once something was asked of the run it begins nothing
more and goes where that leads: a stop waits until the batch of nodes that has begun is done (a *safe point*);
an abort takes back from where it stands; a cancel ends at a safe point, puts nodes back into service and lets
go. What is under way comes to its end first, unless it only waits, changes nothing on the system yet, or the
request said *now*: then it is ended, on its node too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from pitstop.engine.failures import LeafFailed
from pitstop.engine.journal_thread import journaled
from pitstop.engine.leaf import Kinds, LeafWork
from pitstop.engine.letting_go import cancelled_finding
from pitstop.engine.progress import Progress
from pitstop.engine.windows import WindowGuard
from pitstop.model.errors import EpochLost, InvalidMove, PitstopError
from pitstop.model.findings import Finding
from pitstop.model.plans import GroupMode
from pitstop.model.run_events import (
    PhaseEntered,
    RunAborted,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunMended,
    RunStopped,
    RunSucceeded,
    StepsAdded,
)
from pitstop.model.run_moves import run_move
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import DRIVEN, Phase, RunState, Step, StepStatus, parent_of
from pitstop.model.undoing import PUT_BACK, UNDO, added_place, is_added, put_back_steps, undo_steps
from pitstop.ports.journal import Journal
from pitstop.steps.kind import World

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.5
"""Between two looks at what was asked of the run."""

StepsOf = Callable[[RunTree], tuple[Step, ...]]

_UNDER_WAY = (StepStatus.IN_PROGRESS, StepStatus.WAITING)


class _Halted(Exception):
    """Nothing more is begun in this direction."""


class Walk:
    """Drives ``tree`` until nothing about it is to be driven any more."""

    def __init__(
        self, journal: Journal, kinds: Kinds, world: World, progress: Progress, tree: RunTree
    ) -> None:
        self._journal, self._kinds, self._world = journal, kinds, world
        self._progress, self._tree = progress, tree
        self._aim = RunState.IN_PROGRESS
        self._working: dict[str, asyncio.Task[None]] = {}
        self._window = WindowGuard(world, tree)

    async def run(self) -> None:
        """Raises EpochLost, and what the journal cannot be written for."""
        walking = asyncio.ensure_future(self._walk())
        watching = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait({walking, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (walking, watching):
                if not task.done():
                    task.cancel()
            await asyncio.wait({walking, watching})
        for task in (watching, walking):
            if not task.cancelled():
                task.result()

    # --- where to -----------------------------------------------------------------------------------------

    async def _walk(self) -> None:
        while self._state in DRIVEN:
            if self._state is RunState.UNDOING:
                await self._backwards()
            elif self._state is RunState.CANCELLING:
                await self._let_go()
            elif self._state is RunState.MENDING:
                await self._mend()
            else:
                await self._forwards()

    async def _forwards(self) -> None:
        self._aim = RunState.IN_PROGRESS
        try:
            await self._sequence(
                [place for place in self._tree.children() if not is_added(self._tree, place)]
            )
        except _Halted:
            if self._state is RunState.STOPPING:
                await self._end(RunStopped(self._now()))
        except LeafFailed as failure:
            await self._end(RunFailed(self._now(), failure.finding))
        else:
            await self._end(RunSucceeded(self._now()))

    async def _backwards(self) -> None:
        self._aim = RunState.UNDOING
        try:
            await self._end_what_is_under_way(but=UNDO)
            await self._added(UNDO, undo_steps)
        except _Halted:
            return
        except LeafFailed as failure:
            await self._end(RunFailed(self._now(), failure.finding))
        else:
            await self._end(RunAborted(self._now()))

    async def _mend(self) -> None:
        """Do the places that were added last; what comes of it, the run is as failed as before."""
        self._aim = RunState.MENDING
        try:
            await self._place(self._tree.children()[-1], held=False)
        except _Halted:
            return
        except LeafFailed as failure:
            await self._end(RunMended(self._now(), failure.finding))
        else:
            await self._end(RunMended(self._now()))

    async def _let_go(self) -> None:
        self._aim = RunState.CANCELLING
        troubles: list[Finding] = []
        for part in (self._end_what_is_under_way(but=PUT_BACK), self._added(PUT_BACK, put_back_steps)):
            try:
                await part
            except LeafFailed as failure:
                troubles.append(failure.finding)
        await self._end(RunCancelled(self._now(), cancelled_finding(self._tree, troubles)))

    async def _added(self, name: str, steps_of: StepsOf) -> None:
        """Do the places of this name that the way back consists of; they are added the first time."""
        place = added_place(self._tree, name)
        if place is None and (steps := steps_of(self._tree)):
            await self._write(StepsAdded(self._now(), steps))
            place = added_place(self._tree, name)
        if place is not None:
            await self._place(place, held=False)

    async def _end(self, event: RunEvent) -> None:
        """Write what the walk has come to, unless something else was asked of the run in the meantime: that
        is gone after next."""
        if run_move(self._state, type(event)) is None:
            return
        try:
            await self._write(event)
        except InvalidMove:
            await journaled(self._journal.refresh, self._tree)
            if run_move(self._state, type(event)) is not None:
                raise

    # --- the tree -----------------------------------------------------------------------------------------

    async def _place(self, place: Step, *, held: bool) -> None:
        """``held``: inside something that is brought to its end before the run stops."""
        if self._tree.status(place.index) is StepStatus.SUCCEEDED:
            await self._enter(place.phase)
            return
        held = held or (place.whole and self._tree.begun(place.index))
        await self._require_on(place, held=held)
        await self._enter(place.phase)
        if place.is_leaf:
            await self._leaf(place)
        elif place.mode is GroupMode.PARALLEL:
            await self._parallel(place, held=held or place.whole)
        else:
            await self._sequence(self._tree.children(place.index), place.may_fail, held=held or place.whole)

    async def _require_on(self, place: Step, *, held: bool) -> None:
        """Raises _Halted: this place is not begun any more."""
        if not held and self._state is RunState.IN_PROGRESS:
            stop = self._window.stop_before(place)
            if stop is not None:
                await self._write(stop)
        if self._state is self._aim:
            return
        if self._tree.run.now or self._state is RunState.UNDOING or not held:
            raise _Halted

    async def _enter(self, phase: Phase | None) -> None:
        """Enter the phase that begins here, unless the run is in it or past it; also where it is empty."""
        order = list(Phase)
        present = self._tree.run.phase
        if phase is not None and (present is None or order.index(phase) > order.index(present)):
            await self._write(PhaseEntered(self._now(), phase))

    async def _sequence(self, places: Sequence[Step], may_fail: int = 0, *, held: bool = False) -> None:
        """One after the other. Where nodes may fail, it goes on after them, and has failed at its end."""
        failures: list[LeafFailed] = []
        for place in places:
            try:
                await self._place(place, held=held)
            except LeafFailed as failure:
                failures.append(failure)
                if self._failed_nodes(places) > may_fail:
                    raise
        if failures:
            raise failures[0]

    def _failed_nodes(self, places: Sequence[Step]) -> int:
        """Nodes that a leaf has failed on; one without a node counts as more than may ever fail."""
        failed = {
            leaf.node
            for place in places
            for leaf in self._tree.leaves(place.index)
            if leaf.status is StepStatus.FAILED
        }
        return len(failed) if None not in failed else len(self._world.system.nodes) + 1

    async def _parallel(self, group: Step, *, held: bool) -> None:
        """All at once, or ``limit`` at a time. After a failure (or as many as may be) none is begun; those
        under way end, also those that an earlier worker had begun."""
        places = self._tree.children(group.index)
        free = asyncio.Semaphore(group.limit or max(1, len(places)))
        ends: list[LeafFailed | _Halted] = []

        async def one(place: Step) -> None:
            async with free:
                if len(ends) > group.may_fail and not self._is_under_way(place):
                    return
                try:
                    await self._place(place, held=held)
                except (LeafFailed, _Halted) as end:
                    ends.append(end)

        async with asyncio.TaskGroup() as tasks:
            for place in places:
                tasks.create_task(one(place))
        # A failure says more than that the rest was not begun.
        for end in sorted(ends, key=lambda end: isinstance(end, _Halted)):
            raise end

    def _is_under_way(self, place: Step) -> bool:
        return any(leaf.status in _UNDER_WAY for leaf in self._tree.leaves(place.index))

    # --- leaves -------------------------------------------------------------------------------------------

    async def _leaf(self, place: Step) -> None:
        work = asyncio.ensure_future(self._work(place).do())
        self._working[place.index] = work
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if not work.cancelled():  # it is this walk that is to end, not the one leaf
                work.cancel()
                with suppress(Exception, asyncio.CancelledError):
                    await work
                raise
            raise _Halted from None
        finally:
            del self._working[place.index]

    def _work(self, place: Step) -> LeafWork:
        return LeafWork(self._journal, self._kinds, self._world, self._progress, self._tree, place.index)

    async def _end_what_is_under_way(self, but: str) -> None:
        """What another way, or an earlier worker on it, has left in the middle: end it where it is.

        Args:
            but: what the way that is gone now has added: what an earlier worker has left of that goes on.

        Raises:
            LeafFailed: a node cannot be reached for it: it may still act.
        """
        let_go, failures = self._aim is RunState.CANCELLING, list[LeafFailed]()
        own = added_place(self._tree, but)
        goes_on = {leaf.index for leaf in self._tree.leaves(own.index)} if own is not None else set()
        for leaf in self._tree.leaves():
            if leaf.status in _UNDER_WAY and leaf.index not in goes_on:
                try:
                    await self._work(leaf).cut_short(let_go=let_go)
                except LeafFailed as failure:
                    failures.append(failure)
        if failures:
            raise failures[0]

    async def _watch(self) -> None:
        """See what is asked of the run, for as long as it is driven."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await journaled(self._journal.refresh, self._tree)
            except EpochLost:
                raise
            except PitstopError as error:
                log.warning("what is asked of run %s cannot be seen: %s", self._tree.run.id, error)
            for index, work in list(self._working.items()):
                if self._is_interrupted(self._tree.steps[index]):
                    work.cancel()

    def _is_interrupted(self, leaf: Step) -> bool:
        run = self._tree.run
        if run.state is self._aim:
            return False
        if run.now:
            return True
        if run.state is not RunState.UNDOING and self._is_held(leaf.index):
            return False
        early = self._tree.phase_of(leaf.index) not in (Phase.INSTALL, None)
        return early or leaf.status is StepStatus.WAITING

    def _is_held(self, index: str) -> bool:
        while index:
            if self._tree.steps[index].whole:
                return True
            index = parent_of(index)
        return False

    # --- what is asked and written ------------------------------------------------------------------------

    @property
    def _state(self) -> RunState:
        return self._tree.run.state

    def _now(self) -> datetime:
        return self._world.clock.now()

    async def _write(self, event: RunEvent) -> None:
        await journaled(self._journal.append, self._tree, event)
