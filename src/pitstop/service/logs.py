"""Log bundles: collecting them, on demand and by itself, keeping them, sending them.

A bundle is collected in the background, one at a time, and beside runs, never in their way. One that the end
of the service cut short is collected anew at the next start. What keeps it from coming is its own finding;
what cannot be had from one place is in the bundle, with the reason. How long bundles stay is in
:mod:`pitstop.service.log_keeping`, how they are sent in :mod:`pitstop.service.log_sending`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import Conflict, InvalidInput, InvalidMove, NotFound, PitstopError
from pitstop.model.findings import Finding, Severity
from pitstop.model.logs import (
    DEFAULT_SPAN,
    Bundle,
    BundleEvent,
    BundleState,
    Wanted,
    Why,
    is_over,
    moved,
)
from pitstop.model.runs import RunState
from pitstop.ports.jobs import Jobs
from pitstop.ports.logs import Collector, Gathered, Shelf
from pitstop.ports.records import Alerts, Runs
from pitstop.ports.systems import Systems
from pitstop.service.audited import Audited
from pitstop.service.log_keeping import Keeping
from pitstop.service.log_reading import bundle_view
from pitstop.service.log_sending import LogSending
from pitstop.wire.formats import instant
from pitstop.wire.log_views import BundleView, LogsOffer, NewBundle, TargetView

log = logging.getLogger(__name__)

COLLECT = "collect-logs"
"""The job that collects a bundle; its key is the bundle's id."""

NOT_COLLECTED = "logs-not-collected"
MOST_ATTEMPTS = 3
"""So often a bundle is begun that is cut short each time."""
BEFORE_RUN = timedelta(minutes=10)
MOST_OF_A_RUN = timedelta(hours=24)
"""Of a failed run the last so many hours are collected, and what was right before it."""
ENDED_BADLY = frozenset({RunState.FAILED, RunState.UNDO_FAILED})
SOON_AFTER = timedelta(hours=1)
"""So soon after a run has ended its logs are collected at the service's start, where they were not before."""
LONGEST_SPAN = timedelta(days=31)
_ITSELF = "pitstop"


@dataclass(frozen=True, slots=True)
class LogHabits:
    """What the settings say.

    Attributes:
        automatic: whether logs are collected by themselves when a run has failed.
        pseudonyms: whether that is so unless somebody says otherwise.
        limit: after this a collection is ended, whatever it does.
    """

    automatic: bool = True
    pseudonyms: bool = False
    limit: timedelta = timedelta(minutes=40)


@dataclass(frozen=True, slots=True)
class LogsService:
    """Implements :class:`pitstop.service.desk.LogsDesk`."""

    shelf: Shelf
    collector: Collector
    sending: LogSending
    keeping: Keeping
    jobs: Jobs
    runs: Runs
    alerts: Alerts
    audited: Audited
    systems: Systems
    habits: LogHabits = field(default_factory=LogHabits)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Task[Gathered]]] = field(default_factory=dict)
    _parts: dict[str, tuple[int, int]] = field(default_factory=dict)

    # --- seeing ------------------------------------------------------------------------------------------

    def list(self, actor: Actor) -> tuple[BundleView, ...]:
        actor.require(Permission.READ_LOGS)
        return tuple(msgspec.structs.replace(self._view(each), collected=()) for each in self.shelf.all())

    def show(self, actor: Actor, bundle_id: str) -> BundleView:
        actor.require(Permission.READ_LOGS)
        return self._view(self.shelf.get(bundle_id))

    def offer(self, actor: Actor) -> LogsOffer:
        actor.require(Permission.READ_LOGS)
        nodes = self.systems.now().nodes
        return LogsOffer(
            nodes=tuple(node.name for node in nodes),
            roles=tuple(sorted({role for node in nodes for role in node.roles})),
            targets=tuple(
                TargetView(name=target.name, says=target.says, automatic=target.automatic)
                for target in self.sending.targets
            ),
            pseudonyms=self.habits.pseudonyms,
        )

    def file(self, actor: Actor, bundle_id: str) -> Path:
        bundle = self.shelf.get(bundle_id)
        with self.audited.change(actor, Permission.READ_LOGS, "fetch logs", bundle_id):
            self.sending.require_ready(bundle)
            return self.shelf.file(bundle)

    # --- asking ------------------------------------------------------------------------------------------

    def collect(self, actor: Actor, new: NewBundle) -> BundleView:
        said = ", ".join([*new.nodes, *new.roles]) or "all nodes"
        with self.audited.change(actor, Permission.COLLECT_LOGS, "collect logs", said[:200]):
            wanted = _wanted(new, self.audited.clock.now(), self.habits)
            if wanted.run is not None:
                self.runs.run(wanted.run)
            return self._view(self._begin(actor.name, Why.ASKED, wanted))

    def cancel(self, actor: Actor, bundle_id: str) -> BundleView:
        with self.audited.change(actor, Permission.COLLECT_LOGS, "cancel logs", bundle_id):
            with self.sending.changing:
                bundle = self.shelf.get(bundle_id)
                state = moved(bundle, BundleEvent.CALLED_OFF)
                bundle = replace(bundle, state=state, ended=self.audited.clock.now())
                self.shelf.put(bundle)
            running = self._tasks.get(bundle_id)
            if running is not None:
                running[0].call_soon_threadsafe(running[1].cancel)
            return self._view(bundle)

    def pin(self, actor: Actor, bundle_id: str, *, pinned: bool) -> BundleView:
        with self.audited.change(
            actor, Permission.COLLECT_LOGS, "pin logs" if pinned else "unpin logs", bundle_id
        ):
            with self.sending.changing:
                bundle = replace(self.shelf.get(bundle_id), pinned=pinned)
                self.shelf.put(bundle)
            return self._view(bundle)

    def send(self, actor: Actor, bundle_id: str, target: str) -> BundleView:
        with self.audited.change(actor, Permission.COLLECT_LOGS, f"send logs to {target}", bundle_id):
            with self.sending.changing:
                bundle = self.sending.begin(self.shelf.get(bundle_id), target, actor.name)
            return self._view(bundle)

    def remove(self, actor: Actor, bundle_id: str) -> None:
        with self.audited.change(actor, Permission.OPERATE, "remove logs", bundle_id):
            bundle = self.shelf.get(bundle_id)
            if not is_over(bundle):
                raise Conflict(f"log bundle {bundle_id} is {bundle.state}", hint="Cancel it first.")
            if bundle.pinned:
                raise Conflict(f"log bundle {bundle_id} is pinned", hint="Unpin it first.")
            self.shelf.remove(bundle)

    def after_run(self, run_id: str) -> None:
        """Collect by itself for a run that has ended badly; once for each of its ends. Never raises."""
        try:
            run = self.runs.run(run_id)
            if run.state not in ENDED_BADLY or run.ended is None or not self.habits.automatic:
                return
            known = (bundle for bundle in self.shelf.all() if bundle.why is Why.RUN_FAILED)
            if any(bundle.wanted.run == run_id and bundle.created >= run.ended for bundle in known):
                return
            now = self.audited.clock.now()
            since = max(run.created - BEFORE_RUN, run.ended - MOST_OF_A_RUN)
            wanted = Wanted(since, max(run.ended, now), run=run_id, pseudonyms=self.habits.pseudonyms)
            with self.audited.act(_ITSELF, "collect logs", f"run {run_id}", "run failed"):
                self._begin(_ITSELF, Why.RUN_FAILED, wanted)
        except Exception:
            log.exception("logs of run %s cannot be collected", run_id)

    def _begin(self, by: str, why: Why, wanted: Wanted) -> Bundle:
        bundle = Bundle(str(uuid4()), by, why, wanted, BundleState.WAITING, self.audited.clock.now())
        self.collector.require(bundle)
        self.shelf.put(bundle)
        self.jobs.submit(COLLECT, bundle.id)
        return bundle

    def unfinished(self) -> tuple[str, ...]:
        """The bundles that are still to be collected."""
        return tuple(bundle.id for bundle in self.shelf.all() if not is_over(bundle))

    def catch_up(self) -> None:
        """At the service's start: collect for a run that has ended badly right before the last end of it."""
        newest = next(iter(self.runs.runs(limit=1)), None)
        if newest and newest.ended and self.audited.clock.now() - newest.ended <= SOON_AFTER:
            self.after_run(newest.id)

    # --- doing -------------------------------------------------------------------------------------------

    async def work(self, bundle_id: str) -> None:
        """The job: collects the bundle. Whatever it ends with is written down, and never raised."""
        async with self._one:
            try:
                bundle = await asyncio.to_thread(self._begun, bundle_id)
            except (NotFound, InvalidMove) as error:
                log.info("log bundle %s is not collected: %s", bundle_id, error)
                return
            await self._collect(bundle)
        await asyncio.to_thread(self.keeping.make_room)

    def _begun(self, bundle_id: str) -> Bundle:
        with self.sending.changing:
            bundle = self.shelf.get(bundle_id)
            state = moved(bundle, BundleEvent.BEGUN)
            bundle = replace(bundle, state=state, attempts=bundle.attempts + 1)
            self.shelf.put(bundle)
            return bundle

    async def _collect(self, bundle: Bundle) -> None:
        try:
            gathered = await self._gathered(bundle)
            await asyncio.to_thread(self._ended_well, bundle, gathered)
        except asyncio.CancelledError:
            if not self._is_called_off(bundle):
                raise  # the service ends: it is taken up at the next start
            self.shelf.drop_work(bundle)
        except PitstopError as error:
            await asyncio.to_thread(self._ended_badly, bundle, error)
        except TimeoutError:
            late = PitstopError(f"it was not done after {self.habits.limit}", hint="Ask for a shorter span.")
            await asyncio.to_thread(self._ended_badly, bundle, late)
        except Exception as error:
            log.exception("collecting log bundle %s broke", bundle.id)
            broken = PitstopError(f"it broke: {type(error).__name__}: {error}")
            await asyncio.to_thread(self._ended_badly, bundle, broken)
        finally:
            self._tasks.pop(bundle.id, None)
            self._parts.pop(bundle.id, None)

    async def _gathered(self, bundle: Bundle) -> Gathered:
        if bundle.attempts > MOST_ATTEMPTS:
            raise PitstopError(f"it was begun {MOST_ATTEMPTS} times, and each time the service ended before")
        folder = await asyncio.to_thread(self.shelf.work, bundle)

        def report(done: int, whole: int) -> None:
            self._parts[bundle.id] = (done, whole)

        async with asyncio.timeout(self.habits.limit.total_seconds()):
            task = asyncio.ensure_future(self.collector.collect(bundle, folder, report))
            self._tasks[bundle.id] = (asyncio.get_running_loop(), task)
            if self._is_called_off(bundle):  # right before
                task.cancel()
            return await task

    def _is_called_off(self, bundle: Bundle) -> bool:
        """Also where it was removed right after that."""
        try:
            return self.shelf.get(bundle.id).state is BundleState.CANCELLED
        except NotFound:
            return True

    def _ended_well(self, bundle: Bundle, gathered: Gathered) -> None:
        with self.sending.changing:
            now = self.shelf.get(bundle.id)
            state = moved(now, BundleEvent.ENDED_WELL)
            size, digest = self.shelf.seal(bundle)
            ended = replace(
                now,
                state=state,
                ended=self.audited.clock.now(),
                size=size,
                sha256=digest,
                collected=gathered.collected,
                removed=gathered.removed,
            )
            self.shelf.put(ended)
            if bundle.why is Why.RUN_FAILED:
                self.sending.begin_automatic(ended)
        if bundle.wanted.run is not None:
            self.alerts.close_alerts(NOT_COLLECTED, _subject(bundle), _ITSELF, self.audited.clock.now())

    def _ended_badly(self, bundle: Bundle, error: PitstopError) -> None:
        self.shelf.drop_work(bundle)
        finding = _not_collected(bundle, error)
        with self.sending.changing:
            now = self.shelf.get(bundle.id)
            if is_over(now):
                return
            state = moved(now, BundleEvent.ENDED_BADLY)
            self.shelf.put(replace(now, state=state, ended=self.audited.clock.now(), findings=(finding,)))
        if bundle.why is Why.RUN_FAILED:
            self.alerts.raise_alert(finding, self.audited.clock.now())

    def _view(self, bundle: Bundle) -> BundleView:
        return bundle_view(bundle, self._parts.get(bundle.id, (0, 0)), self.keeping.until(bundle))


def _wanted(new: NewBundle, now: datetime, habits: LogHabits) -> Wanted:
    """Raises InvalidInput: it is no span."""
    if new.hours is not None and new.since is not None:
        raise InvalidInput("a span is said by its hours or by its begin, not by both")
    if new.hours is not None and not 0 < new.hours <= LONGEST_SPAN / timedelta(hours=1):
        raise InvalidInput(f"{new.hours} hours are no span of up to {LONGEST_SPAN.days} days")
    span = DEFAULT_SPAN if new.hours is None else timedelta(hours=new.hours)
    until = min(new.until or now, now)
    since = new.since or until - span
    if since.tzinfo is None or until.tzinfo is None:
        raise InvalidInput("a span is said with its zone", hint="Such as 2026-03-14T03:00:00Z.")
    if not timedelta(0) < until - since <= LONGEST_SPAN:
        raise InvalidInput(
            f"from {instant(since)} to {instant(until)} is no span of up to {LONGEST_SPAN.days} days"
        )
    pseudonyms = habits.pseudonyms if new.pseudonyms is None else new.pseudonyms
    return Wanted(since, until, new.nodes, new.roles, new.run, pseudonyms, new.sos)


def _not_collected(bundle: Bundle, error: PitstopError) -> Finding:
    return Finding(
        NOT_COLLECTED,
        Severity.WARNING,
        _subject(bundle),
        f"The logs were not collected: {error.message}",
        error.hint,
        impact="What the nodes have logged is still there, until they remove it themselves.",
    )


def _subject(bundle: Bundle) -> str:
    """What the finding is about: logs of the same run that are collected later close the alert."""
    return f"run {bundle.wanted.run}" if bundle.wanted.run else f"logs {bundle.id}"
