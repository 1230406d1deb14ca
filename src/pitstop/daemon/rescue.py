"""The way in when portal and API are down: the state itself, on the machine that it lies on.

The state is opened beside the service, if there is one. What is asked of a run is written into its journal,
as the service would; who works finds it there within seconds. Where nobody does, the run is driven from here,
under the state lock: a service that is started meanwhile does not begin. Where the database can only be read,
what there is to see is shown, and what was done goes to the machine's system log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from pitstop.daemon.clock import MachineClock
from pitstop.daemon.driving_here import DrivingHere
from pitstop.daemon.logs import log_collector
from pitstop.daemon.own_log import OwnLogLines
from pitstop.daemon.settings import Settings, read_settings
from pitstop.daemon.stored import Stored, open_state_beside
from pitstop.daemon.system_log import LastingAuditLog
from pitstop.engine.progress import Progress
from pitstop.model.accounts import Actor, Permission, Role
from pitstop.model.errors import StateUnusable
from pitstop.model.logs import Bundle, BundleState, Wanted, Why
from pitstop.model.run_actions import RunVerb
from pitstop.model.runs import DRIVEN
from pitstop.model.system import NodeVersion, SystemDescription
from pitstop.nodes.declared import DeclaredSystem, read_system
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.logs import FILE
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.alerts import AlertsService
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.runs import RunsService
from pitstop.service.step_sizes import StepSizes
from pitstop.store.lock import lock_holder
from pitstop.wire.alert_views import AlertView
from pitstop.wire.rescue_views import RescueStatus
from pitstop.wire.views import RunReport

TAKEN_WITHIN_SECONDS = 15.0
"""So soon whoever works has taken up what is to be driven."""
_LOOK_SECONDS = 0.5
_ANSWERS_WITHIN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Rescue:
    """What can be done from here."""

    settings: Settings
    stored: Stored
    actor: Actor
    audit: LastingAuditLog
    audited: Audited
    runs: RunsService
    alerts: AlertsService
    systems: _Systems
    only_readable: str

    def status(self) -> RescueStatus:
        with self._seen("rescue status"):
            newest = next(iter(self.stored.runs.runs()), None)
            return RescueStatus(
                service=lock_holder(self.stored.folder) or "",
                faces=_unanswered(self.settings),
                database=self.only_readable,
                alerts=len(self.alerts.list(self.actor, active_only=True)),
                run=self.runs.show(self.actor, newest.id) if newest else None,
            )

    def findings(self) -> tuple[AlertView, ...]:
        with self._seen("rescue findings"):
            return self.alerts.list(self.actor, active_only=True)

    def resume(self, run_id: str, again_on: frozenset[str]) -> None:
        self._require_writable()
        self.runs.resume(self.actor, run_id, again_on)

    def stop(self, run_id: str, reason: str, *, now: bool) -> None:
        self._require_writable()
        self.runs.ask(self.actor, run_id, RunVerb.STOP, reason, now=now)

    def _require_writable(self) -> None:
        if self.only_readable:
            raise StateUnusable(
                f"nothing can be asked of a run: {self.only_readable}",
                hint="Make room, or make the file system of the state folder writable again; then the same "
                "again.",
            )

    def reports(self, run_id: str, say: Callable[[str], None]) -> Iterator[RunReport]:
        """The run as it is and at each change, until it is driven no longer. Where nobody drives it within
        :data:`TAKEN_WITHIN_SECONDS`, it is driven here; ``say`` hears of it.

        Raises:
            StateUnusable: the service holds the state and does not take it up.
        """
        untaken = self.stored.runs.run(run_id).epoch
        began, seen, here = time.monotonic(), -1, None
        try:
            while True:
                run = self.stored.runs.run(run_id)
                if run.revision != seen:
                    seen = run.revision
                    yield self.runs.show(self.actor, run_id)
                if run.state not in DRIVEN:
                    return
                waited = time.monotonic() - began
                if here is None and run.epoch == untaken and self._is_left(waited):
                    here = self._drive_here(run_id, say)
                if here is not None:
                    here.require_working()
                time.sleep(_LOOK_SECONDS)
        finally:
            if here is not None:
                here.end()

    def _is_left(self, waited: float) -> bool:
        """Nobody will drive it: there is no service here, and no worker elsewhere has taken it."""
        holder = lock_holder(self.stored.folder)
        if holder is None and self.settings.database is None:
            return True
        return waited > TAKEN_WITHIN_SECONDS

    def _drive_here(self, run_id: str, say: Callable[[str], None]) -> DrivingHere:
        holder = lock_holder(self.stored.folder)
        if holder is not None:
            raise StateUnusable(
                f"the service (pid {holder}) has not taken the run up within {TAKEN_WITHIN_SECONDS:.0f} s",
                hint="What was asked is written down. Restart the service, such as by `systemctl restart "
                "pitstop`: it goes on with it then.",
            )
        say("No service is running here: the run is driven by this command until it ends, or until Ctrl-C.")
        return DrivingHere(self.settings, run_id)

    def collect_logs(self, hours: float, run_id: str | None, nodes: tuple[str, ...], folder: Path) -> Path:
        """Collect logs in this process; the file, in ``folder``.

        Raises:
            InvalidInput: there is no such node. NoSpace: there is no room. NotFound: there is no such run.
        """
        with self._seen("rescue logs"):
            if run_id is not None:
                self.stored.runs.run(run_id)
            now = self.audited.clock.now()
            wanted = Wanted(now - timedelta(hours=hours), now, nodes=nodes, run=run_id)
            bundle = Bundle(str(uuid4()), self.actor.name, Why.ASKED, wanted, BundleState.COLLECTING, now)
            asyncio.run(self._collect(bundle, folder))
        return (folder / FILE).rename(folder / bundle.file_name)

    async def _collect(self, bundle: Bundle, folder: Path) -> None:
        streams = SshStreams(self.stored.host_keys, self.settings.logs.bandwidth)
        collector = log_collector(self.settings.logs, self.stored, streams, self.audited.clock, self.systems)
        try:
            collector.require(bundle)
            await collector.collect(bundle, folder, lambda _done, _whole: None)
        finally:
            await streams.close()

    @contextmanager
    def _seen(self, what: str) -> Iterator[None]:
        with self.audited.change(self.actor, Permission.SEE, what, "this system"):
            yield


@contextmanager
def rescue(settings_file: Path, who: str, origin: str) -> Iterator[Rescue]:
    """Open what there is.

    Raises:
        NotFound, InvalidInput: the settings are missing or wrong.
        StateUnusable: the state cannot be read.
    """
    settings = read_settings(settings_file)
    clock = MachineClock()
    with open_state_beside(settings.state, settings.database) as (stored, only_readable):
        audit = LastingAuditLog(stored.audit, only_readable)
        audited = Audited(audit, clock)
        systems = _Systems(settings.system_file, stored)
        knowledge = Knowledge(
            stored.catalogues, stored.ledger, stored.runs, stored.declarations, systems, clock
        )
        outlooks = Outlooks(stored.runs, stored.journal, StepSizes(stored.payloads))
        lines = OwnLogLines(stored.folder)
        offers = Offers(ListedIssues(stored.known_issues), knowledge, lines)
        progress = Progress(stored.board)
        runs = RunsService(
            stored.journal, stored.runs, knowledge, _Nobody(), progress, audited, outlooks, offers
        )
        actor = Actor(who, Role.OPERATOR, origin)
        messages = AlertMessages(stored.runs, "", settings.alerts.portal, runs.offered)
        alerts = AlertsService(stored.alerts, messages, audited)
        yield Rescue(settings, stored, actor, audit, audited, runs, alerts, systems, only_readable)


class _Nobody:
    """Implements :class:`pitstop.ports.jobs.Jobs`: the journal has it, for who looks there."""

    def submit(self, job: str, key: str) -> None:
        """Nothing."""


class _Systems:
    """Implements :class:`pitstop.ports.systems.Systems`. The nodes file is read only where it is asked for:
    what can be shown without it is shown though it be broken."""

    def __init__(self, file: Path, stored: Stored) -> None:
        self._file, self._stored = file, stored

    def now(self) -> SystemDescription:
        return DeclaredSystem(read_system(self._file), self._stored.nodes).now()

    def said(self) -> Sequence[NodeVersion]:
        return DeclaredSystem(read_system(self._file), self._stored.nodes).said()


def _unanswered(settings: Settings) -> str:
    """Why portal and API do not answer; "" where they do."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}/sign-in"
    try:
        answer = httpx.get(url, timeout=_ANSWERS_WITHIN_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        return f"{url}: {str(error) or type(error).__name__}"
    return "" if answer.is_success else f"{url}: status {answer.status_code}"
