"""A desk without a service behind it: canned read models, and the refusals that a real one gives.

Refusals come from the same tables as the real ones (:mod:`pitstop.model`). What a test wants to see change
it changes in the :class:`Scene`; each change of a run raises its revision.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast
from uuid import uuid4

import msgspec

from pitstop.model.accounts import Actor, Permission, Role
from pitstop.model.alerts import AlertState
from pitstop.model.audit import BEGUN, AuditEntry
from pitstop.model.errors import (
    Conflict,
    InvalidInput,
    InvalidMove,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PitstopError,
)
from pitstop.model.findings import Finding, Severity
from pitstop.model.known_issues import Failure
from pitstop.model.run_actions import RunVerb, run_action
from pitstop.model.runs import RunState, WindowUse
from pitstop.model.updates import UpdateState, Verb, actions_for, require_open
from pitstop.service.audited import Audited
from pitstop.service.desk import (
    RUNS_LISTED,
    CasesDesk,
    ChecklistsDesk,
    ChecksDesk,
    Desk,
    ImportsDesk,
    LogsDesk,
)
from pitstop.service.findings import action_view
from pitstop.service.nodes import NodesService
from pitstop.service.policy import PolicyService
from pitstop.service.question import PathQuestion
from pitstop.wire.alert_views import AlertView, ChannelView
from pitstop.wire.issue_views import IssueView, OfferView
from pitstop.wire.node_views import (
    KeyTrust,
    NewNode,
    NodeChange,
    NodeDeclared,
    NodeDetail,
    NodeReport,
    OtherKey,
)
from pitstop.wire.policy_views import (
    CalendarView,
    ContractChange,
    ContractView,
    Explanation,
    FactView,
    PathView,
    ReleaseView,
    RiskView,
    SupportReport,
    TimelineView,
    WindowsChange,
    WindowsView,
)
from pitstop.wire.views import (
    AccountView,
    AuditView,
    EventView,
    FindingView,
    ImportView,
    NewImport,
    RehearsalView,
    RunReport,
    RunView,
    Session,
    SourceView,
    StepView,
    SystemView,
    UpdateView,
)
from simulators import scenes
from simulators.aurora import AuroraRecords
from simulators.cases import SimulatedCases
from simulators.checklists import SimulatedChecklists
from simulators.checks import SimulatedChecks, some_checks
from simulators.clock import SimulatedClock
from simulators.imports import SimulatedImports, SimulatedTransfers
from simulators.logs import SimulatedLogs, some_bundles
from simulators.rack import SimulatedRack
from simulators.records import MemoryAlerts
from simulators.scenes import NOW

PASSWORD = "correct horse battery"
"""Every account's."""

_ANY_PATH = PathQuestion()
_BUSY = {
    Verb.APPLY: UpdateState.INSTALLING,
    Verb.PREPARE: UpdateState.PREPARING,
    Verb.CHECK_HEALTH: UpdateState.HEALTH_CHECKING,
}


@dataclass
class Scene:
    """What the simulated desk knows, open to a test's hands.

    Attributes:
        accounts: ``ada`` (operator), ``rea`` (reader), ``admin`` (administrator).
        calls: how often each use case was asked for, such as ``runs.revision``.
        failing: raised by every counted use case, if set: for errors that canned data cannot show.
        records: what the real policy is asked about: the same system, as its records know it.
    """

    system: SystemView
    updates: dict[str, UpdateView]
    reports: dict[str, RunReport]
    alerts: dict[str, AlertView] = field(default_factory=dict)
    channels: dict[str, ChannelView] = field(default_factory=dict)
    sources: tuple[SourceView, ...] = field(default_factory=scenes.sources)
    issues: dict[str, IssueView] = field(default_factory=scenes.issues)
    accounts: dict[str, Role] = field(
        default_factory=lambda: {"ada": Role.OPERATOR, "rea": Role.READER, "admin": Role.ADMINISTRATOR}
    )
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    entries: list[AuditView] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    failing: Exception | None = None
    records: AuroraRecords = field(default_factory=AuroraRecords)
    imports: ImportsDesk = field(default_factory=SimulatedImports)
    nodes: SimulatedRack = field(default_factory=SimulatedRack)
    logs: SimulatedLogs = field(default_factory=some_bundles)
    cases: SimulatedCases = field(default_factory=SimulatedCases)
    checklists: SimulatedChecklists = field(default_factory=SimulatedChecklists)
    checks: SimulatedChecks = field(default_factory=some_checks)

    @property
    def desk(self) -> Desk:
        return Desk(
            system=_System(self),
            nodes=_Nodes(self),
            updates=_Updates(self),
            runs=_Runs(self),
            issues=_Issues(self),
            alerts=_Alerts(self),
            channels=_Channels(self),
            metrics=_Accounts(self),
            sources=_Sources(self),
            accounts=_Accounts(self),
            audit=_Audit(self),
            policy=_Policy(self),
            imports=_Imports(self),
            logs=cast(LogsDesk, _Now(self, "logs")),
            cases=cast(CasesDesk, _Now(self, "cases")),
            checklists=cast(ChecklistsDesk, _Now(self, "checklists")),
            transfers=SimulatedTransfers(),
            rehearsals=_Rehearsals(self),
            checks=cast(ChecksDesk, _Checks(self)),
        )

    def become(self, other: Scene) -> None:
        """Be as the other is: so that one server can serve one test's scene after the other's."""
        vars(self).update(vars(other))

    def token(self, name: str) -> str:
        """A session of this account, without a sign-in."""
        token = f"token-{name}-{secrets.token_hex(4)}"
        self.tokens[token] = name
        return token

    def change_run(self, report: RunReport) -> None:
        """Put this report in its run's place, at a higher revision."""
        before = self.reports[report.run.id].run.revision
        run = msgspec.structs.replace(report.run, revision=before + 1)
        self.reports[run.id] = msgspec.structs.replace(report, run=run)

    def set_state(self, name: str, state: UpdateState, *, last_run: str | None = None) -> None:
        """Put an update into this state, with the actions that are open there."""
        update = self.updates[name]
        self.updates[name] = msgspec.structs.replace(
            update,
            state=state,
            actions=tuple(action_view(action) for action in actions_for(state)),
            last_run=last_run or update.last_run,
        )

    def count(self, use_case: str) -> None:
        self.calls[use_case] += 1
        if self.failing is not None:
            raise self.failing

    @contextmanager
    def change(self, actor: Actor, permission: Permission, what: str, subject: str) -> Iterator[None]:
        """A change that is written to the audit log, refused or done."""
        try:
            actor.require(permission)
            yield
        except PitstopError as error:
            self.write(actor, what, subject, f"refused: {error.code}")
            raise
        self.write(actor, what, subject, "done")

    def write(self, actor: Actor, what: str, subject: str, outcome: str) -> None:
        self.entries.insert(
            0,
            AuditView(
                at=NOW, who=actor.name, what=what, subject=subject, origin=actor.origin, outcome=outcome
            ),
        )


def quiet() -> Scene:
    """Updates are available, one run has succeeded long ago, nothing runs."""
    return Scene(
        system=scenes.quiet_system(),
        updates={update.name: update for update in scenes.quiet_updates()},
        reports={scenes.RUN_DONE: scenes.report_done()},
    )


def running() -> Scene:
    """The hotfix is being installed: two of four nodes are done, one is waited for."""
    scene = quiet()
    scene.reports = {scenes.RUN_NOW: scenes.report_now(), **scene.reports}
    _begin(scene, scenes.HOTFIX, scenes.RUN_NOW, UpdateState.INSTALLING)
    return scene


def late() -> Scene:
    """As running, but a step goes on for longer than it should."""
    scene = running()
    scene.reports[scenes.RUN_NOW] = scenes.report_late()
    return scene


def playing() -> Scene:
    """As running, but a playbook is being played."""
    scene = running()
    scene.reports[scenes.RUN_NOW] = scenes.report_playing()
    return scene


def failed() -> Scene:
    """The install of the hotfix has failed on the third of four nodes; an alert is active."""
    scene = quiet()
    scene.reports = {scenes.RUN_FAILED: scenes.report_failed(), **scene.reports}
    scene.set_state(scenes.HOTFIX, UpdateState.INSTALLATION_FAILED, last_run=scenes.RUN_FAILED)
    scene.updates[scenes.HOTFIX] = msgspec.structs.replace(
        scene.updates[scenes.HOTFIX], reasons=(scenes.STEP_FAILED,)
    )
    scene.system = msgspec.structs.replace(scene.system, state="UpdateFailed")
    scene.alerts = {scenes.ALERT_FAILED: scenes.alert_failed()}
    return scene


def _begin(scene: Scene, name: str, run_id: str, state: UpdateState) -> None:
    for other in scene.updates.values():
        if other.name != name and other.state == UpdateState.READY:
            scene.set_state(other.name, UpdateState.ANOTHER_IN_PROGRESS)
    scene.set_state(name, state, last_run=run_id)
    scene.system = msgspec.structs.replace(scene.system, state="UpdateInProgress", active_run=run_id)


@dataclass
class _System:
    scene: Scene

    def show(self, actor: Actor) -> SystemView:
        self.scene.count("system.show")
        actor.require(Permission.SEE)
        return self.scene.system

    def adopt(self, actor: Actor, baseline: Mapping[str, str]) -> SystemView:
        self.scene.count("system.adopt")
        with self.scene.change(actor, Permission.ADMINISTER, "adopt the system", str(dict(baseline))):
            if self.scene.system.package_versions:
                raise Conflict("this system was adopted before")
            self.scene.system = msgspec.structs.replace(
                self.scene.system, current_version=baseline.get("Lantern", "")
            )
            return self.scene.system


@dataclass
class _Now:
    """A part of the scene that is shown now."""

    scene: Scene
    part: str

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(self.scene, self.part), name)


@dataclass
class _Checks:
    """The real service, over what the checks of the scene have found."""

    scene: Scene

    def __getattr__(self, name: str) -> Any:
        self.scene.count(f"checks.{name}")
        return getattr(self.scene.checks.service(_ScenesLog(self.scene), SimulatedClock(NOW)), name)


@dataclass
class _Updates:
    scene: Scene

    def list(self, actor: Actor) -> tuple[UpdateView, ...]:
        self.scene.count("updates.list")
        actor.require(Permission.SEE)
        return tuple(self.scene.updates.values())

    def show(self, actor: Actor, name: str) -> UpdateView:
        self.scene.count("updates.show")
        actor.require(Permission.SEE)
        if name not in self.scene.updates:
            raise NotFound(f"there is no update {name}")
        return self.scene.updates[name]

    def notes(self, actor: Actor, name: str) -> str:
        return scenes.NOTES if self.show(actor, name).package_type == "Hotfix" else ""

    def start(self, actor: Actor, name: str, verb: Verb, windows: WindowUse = WindowUse.NONE) -> RunView:
        self.scene.count("updates.start")
        with self.scene.change(actor, Permission.OPERATE, f"start {verb}", name):
            update = self.show(actor, name)
            if update.reasons and update.state == UpdateState.HAS_PREREQUISITE:
                refused = NotAllowed(f"update {name} cannot go on yet: {update.reasons[0].what}")
                refused.findings = tuple(_finding(reason) for reason in update.reasons)
                raise refused
            if verb is Verb.RESUME:
                raise InvalidMove(f"update {name} has no run to resume")
            require_open(name, UpdateState(update.state), verb)
            return self._begin(update, verb, actor)

    def _begin(self, update: UpdateView, verb: Verb, actor: Actor) -> RunView:
        report = scenes.a_report(
            str(uuid4()),
            update.name,
            "in-progress",
            started=NOW,
            stops=("pending", "pending", "pending", "pending"),
            revision=1,
            percent=0,
        )
        purpose = "health-check" if verb is Verb.CHECK_HEALTH else str(verb)
        run = msgspec.structs.replace(report.run, requested_by=actor.name, purpose=purpose)
        self.scene.reports = {run.id: msgspec.structs.replace(report, run=run), **self.scene.reports}
        _begin(self.scene, update.name, run.id, _BUSY[verb])
        return run


def _finding(view: FindingView) -> Finding:
    return Finding(
        view.code, Severity(view.severity), view.subject, view.what, view.remedy, view.impact, view.detail
    )


@dataclass
class _Rehearsals:
    """Lays one small plan over two nodes."""

    scene: Scene

    def rehearse(self, actor: Actor, name: str, *, ask_nodes: bool = False) -> RehearsalView:
        self.scene.count("rehearsals.rehearse")
        actor.require(Permission.OPERATE if ask_nodes else Permission.SEE)
        title = _Updates(self.scene).show(actor, name).title
        return scenes.rehearsal(name, title, ask_nodes=ask_nodes)


@dataclass
class _Runs:
    scene: Scene

    def list(
        self,
        actor: Actor,
        update: str | None = None,
        *,
        limit: int | None = RUNS_LISTED,
        before: str | None = None,
    ) -> tuple[RunView, ...]:
        self.scene.count("runs.list")
        actor.require(Permission.SEE)
        heads = [report.run for report in self.scene.reports.values()]
        if before is not None:
            ids = [run.id for run in heads]
            heads = heads[ids.index(before) + 1 :] if before in ids else []
        return tuple(run for run in heads if update is None or run.update == update)[:limit]

    def show(self, actor: Actor, run_id: str) -> RunReport:
        self.scene.count("runs.show")
        return self._report(actor, run_id)

    def step(self, actor: Actor, run_id: str, index: str) -> StepView:
        self.scene.count("runs.step")
        places = list(self._report(actor, run_id).steps)
        while places:
            place = places.pop()
            if place.index == index:
                return place
            places += place.steps
        raise NotFound(f"run {run_id} has no step {index}")

    def revision(self, actor: Actor, run_id: str) -> int:
        self.scene.count("runs.revision")
        return self._report(actor, run_id).run.revision

    def history(
        self, actor: Actor, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[EventView, ...]:
        self.scene.count("runs.history")
        events = scenes.events(self._report(actor, run_id))
        return tuple(event for event in events if event.sequence > after)[:limit]

    def resume(self, actor: Actor, run_id: str, again_on: frozenset[str] = frozenset()) -> RunView:
        self.scene.count("runs.resume")
        with self.scene.change(actor, Permission.OPERATE, "resume", run_id):
            report = self._report(actor, run_id)
            if report.run.state != "failed":
                raise InvalidMove(f"run {run_id} is {report.run.state} and cannot be resumed")
            run = msgspec.structs.replace(
                report.run, state="in-progress", attempt=2, finding=None, ended=None, actions=()
            )
            self.scene.change_run(msgspec.structs.replace(report, run=run))
            _begin(self.scene, run.update, run_id, UpdateState.INSTALLING)
            return self.scene.reports[run_id].run

    def ask(
        self, actor: Actor, run_id: str, verb: RunVerb, reason: str = "", *, now: bool = False
    ) -> RunView:
        states = {
            RunVerb.STOP: RunState.STOPPING,
            RunVerb.ABORT: RunState.UNDOING,
            RunVerb.CANCEL: RunState.CANCELLING,
        }
        self.scene.count(f"runs.{verb}")
        with self.scene.change(actor, Permission.OPERATE, f"{verb} run", run_id):
            report = self._report(actor, run_id)
            if report.run.state not in run_action(verb).states:
                raise InvalidMove(f"run {run_id} is {report.run.state}: {verb} is not open")
            run = msgspec.structs.replace(report.run, state=states[verb], actions=())
            self.scene.change_run(msgspec.structs.replace(report, run=run))
            return run

    def _report(self, actor: Actor, run_id: str) -> RunReport:
        actor.require(Permission.SEE)
        if run_id not in self.scene.reports:
            raise NotFound(f"there is no run {run_id}")
        return self.scene.reports[run_id]


@dataclass
class _Issues:
    scene: Scene

    def list(self, actor: Actor) -> tuple[IssueView, ...]:
        self.scene.count("issues.list")
        actor.require(Permission.SEE)
        return tuple(self.scene.issues.values())

    def show(self, actor: Actor, name: str) -> IssueView:
        actor.require(Permission.SEE)
        if name not in self.scene.issues:
            raise NotFound(f"there is no known issue {name}")
        return self.scene.issues[name]

    def match(self, actor: Actor, failure: Failure) -> tuple[OfferView, ...]:
        actor.require(Permission.SEE)
        return tuple(scenes.offer(issue) for issue in self.scene.issues.values() if issue.id in failure.error)

    def mend(self, actor: Actor, run_id: str, name: str) -> RunView:
        with self.scene.change(actor, Permission.OPERATE, f"mend {name}", run_id):
            self.show(actor, name)
            report = _Runs(self.scene).show(actor, run_id)
            if not any(offer.mend and offer.issue.name == name for offer in report.issues):
                raise NotAllowed(f"the mend of {name} is not offered for run {run_id}")
            run = msgspec.structs.replace(report.run, state="mending", actions=())
            self.scene.change_run(msgspec.structs.replace(report, run=run))
            return run

    def consent(self, actor: Actor, name: str, *, given: bool) -> IssueView:
        with self.scene.change(actor, Permission.OPERATE, "consent to mend", name):
            issue = self.show(actor, name)
            if issue.mend is None:
                raise NotAllowed(f"{name} has no mend")
            mend = msgspec.structs.replace(
                issue.mend, consent_by=actor.name if given else "", consent_at=NOW if given else None
            )
            self.scene.issues[name] = msgspec.structs.replace(issue, mend=mend)
            return self.scene.issues[name]


@dataclass
class _Alerts:
    scene: Scene

    def list(self, actor: Actor, *, active_only: bool = False) -> tuple[AlertView, ...]:
        self.scene.count("alerts.list")
        actor.require(Permission.SEE)
        return tuple(alert for alert in self.scene.alerts.values() if alert.closed is None or not active_only)

    def show(self, actor: Actor, alert_id: str) -> AlertView:
        self.scene.count("alerts.show")
        actor.require(Permission.SEE)
        if alert_id not in self.scene.alerts:
            raise NotFound(f"there is no alert {alert_id}")
        return self.scene.alerts[alert_id]

    def close(self, actor: Actor, alert_id: str, reason: str = "") -> AlertView:
        self.scene.count("alerts.close")
        with self.scene.change(actor, Permission.OPERATE, "close alert", alert_id):
            alert = self.scene.alerts.get(alert_id)
            if alert is None:
                raise NotFound(f"there is no alert {alert_id}")
            closed = msgspec.structs.replace(
                alert, closed=NOW, closed_by=actor.name, reason=reason, state=AlertState.CLOSED
            )
            self.scene.alerts[alert_id] = closed
            return closed


@dataclass
class _Channels:
    scene: Scene

    def list(self, actor: Actor) -> tuple[ChannelView, ...]:
        actor.require(Permission.SEE)
        return tuple(self.scene.channels.values())

    def test(self, actor: Actor, name: str) -> ChannelView:
        self.scene.count("channels.test")
        with self.scene.change(actor, Permission.OPERATE, "test alert channel", name):
            if name not in self.scene.channels:
                raise NotFound(f"there is no alert channel {name!r}")
            took = msgspec.structs.replace(self.scene.channels[name], failures=0, problem="", took=NOW)
            self.scene.channels[name] = took
            return took


@dataclass
class _Sources:
    scene: Scene

    def list(self, actor: Actor) -> tuple[SourceView, ...]:
        self.scene.count("sources.list")
        actor.require(Permission.SEE)
        return self.scene.sources

    def check(self, actor: Actor) -> tuple[SourceView, ...]:
        self.scene.count("sources.check")
        with self.scene.change(actor, Permission.OPERATE, "check sources", "all"):
            return self.scene.sources


@dataclass
class _Accounts:
    scene: Scene

    def sign_in(self, name: str, password: str, origin: str) -> Session:
        self.scene.count("accounts.sign_in")
        known = self.scene.passwords.get(name, PASSWORD)
        if name not in self.scene.accounts or password != known:
            raise NotSignedIn("name or password is wrong", hint="Check both.")
        self.scene.write(Actor(name, self.scene.accounts[name], origin), "sign in", name, "done")
        return Session(
            token=self.scene.token(name),
            name=name,
            role=self.scene.accounts[name],
            until=NOW + timedelta(hours=12),
        )

    def actor(self, token: str, origin: str) -> Actor:
        name = self.scene.tokens.get(token)
        if name is None:
            raise NotSignedIn("not signed in, or the session has ended")
        return Actor(name, self.scene.accounts[name], origin)

    def sign_out(self, token: str, origin: str = "") -> None:
        self.scene.tokens.pop(token, None)

    def list(self, actor: Actor) -> tuple[AccountView, ...]:
        self.scene.count("accounts.list")
        actor.require(Permission.ADMINISTER)
        return tuple(
            AccountView(name=name, role=role, created=NOW - timedelta(days=300))
            for name, role in self.scene.accounts.items()
        )

    def add(self, actor: Actor, name: str, role: Role, password: str) -> AccountView:
        with self.scene.change(actor, Permission.ADMINISTER, f"add account as {role}", name):
            if name in self.scene.accounts:
                raise Conflict(f"there is an account {name} already")
            _check(password)
            self.scene.accounts[name] = role
            self.scene.passwords[name] = password
            return AccountView(name=name, role=role, created=NOW)

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        with self.scene.change(actor, Permission.SEE, "change own password", actor.name):
            if old != self.scene.passwords.get(actor.name, PASSWORD):
                raise NotSignedIn("the old password is wrong", hint="Type the password you signed in with.")
            _check(new)
            self.scene.passwords[actor.name] = new


def _check(password: str) -> None:
    if len(password) < 12:
        raise InvalidInput("the password is too short: 12 characters at least")


@dataclass
class _Imports:
    """Whatever desk for imports the scene has now: a real one, too."""

    scene: Scene

    def list(self, actor: Actor) -> tuple[ImportView, ...]:
        return self.scene.imports.list(actor)

    def show(self, actor: Actor, import_id: str) -> ImportView:
        return self.scene.imports.show(actor, import_id)

    def begin(self, actor: Actor, wanted: NewImport) -> ImportView:
        return self.scene.imports.begin(actor, wanted)

    def receive(self, actor: Actor, import_id: str, file: int, offset: int, chunk: bytes) -> int:
        return self.scene.imports.receive(actor, import_id, file, offset, chunk)

    def begin_form(self, actor: Actor, name: str, most: int) -> ImportView:
        return self.scene.imports.begin_form(actor, name, most)

    def receive_named(self, actor: Actor, import_id: str, name: str, chunk: bytes) -> None:
        self.scene.imports.receive_named(actor, import_id, name, chunk)

    def finish(self, actor: Actor, import_id: str) -> ImportView:
        return self.scene.imports.finish(actor, import_id)

    def discard(self, actor: Actor, import_id: str) -> None:
        self.scene.imports.discard(actor, import_id)


@dataclass
class _Audit:
    scene: Scene

    def list(self, actor: Actor, limit: int = 200) -> tuple[AuditView, ...]:
        self.scene.count("audit.list")
        actor.require(Permission.SEE)
        return tuple(self.scene.entries[:limit])


@dataclass
class _ScenesLog:
    """Implements :class:`pitstop.ports.records.AuditLog` on the scene's entries, each act as one line."""

    scene: Scene

    def audit(self, entry: AuditEntry) -> int:
        if entry.outcome != BEGUN:
            self._show(entry)
        return len(self.scene.entries)

    def _show(self, entry: AuditEntry) -> None:
        self.scene.entries.insert(
            0,
            AuditView(
                at=entry.at,
                who=entry.who,
                what=entry.what,
                subject=entry.subject,
                origin=entry.origin,
                outcome=entry.outcome,
            ),
        )

    def entries(self, limit: int = 200) -> tuple[AuditEntry, ...]:
        said = self.scene.entries[:limit]
        return tuple(
            AuditEntry(item.at, item.who, item.what, item.subject, item.origin, item.outcome) for item in said
        )


@dataclass
class _Nodes:
    """The real service, over the nodes of whatever scene is shown."""

    scene: Scene

    def _real(self, use_case: str) -> NodesService:
        self.scene.count(f"nodes.{use_case}")
        self.scene.nodes.declared.run = self.scene.system.active_run
        audited = Audited(_ScenesLog(self.scene), SimulatedClock(NOW))
        return self.scene.nodes.service(audited, MemoryAlerts())

    def list(self, actor: Actor) -> tuple[NodeDetail, ...]:
        return self._real("list").list(actor)

    def show(self, actor: Actor, name: str) -> NodeDetail:
        return self._real("show").show(actor, name)

    def test(self, actor: Actor, name: str) -> NodeReport:
        return self._real("test").test(actor, name)

    def add(self, actor: Actor, wanted: NewNode) -> NodeDeclared:
        return self._real("add").add(actor, wanted)

    def change(self, actor: Actor, name: str, change: NodeChange) -> NodeDeclared:
        return self._real("change").change(actor, name, change)

    def replace(self, actor: Actor, name: str, change: NodeChange) -> NodeDeclared:
        return self._real("replace").replace(actor, name, change)

    def remove(self, actor: Actor, name: str) -> None:
        self._real("remove").remove(actor, name)

    def other_key(self, actor: Actor, name: str) -> OtherKey:
        return self._real("other_key").other_key(actor, name)

    def trust(self, actor: Actor, name: str, trust: KeyTrust) -> NodeDetail:
        return self._real("trust").trust(actor, name, trust)


@dataclass
class _Policy:
    """The real service, over the records of whatever scene is shown."""

    scene: Scene

    def _real(self, use_case: str) -> PolicyService:
        self.scene.count(f"policy.{use_case}")
        return self.scene.records.policy(_ScenesLog(self.scene))

    def support(self, actor: Actor, at: date | None = None) -> SupportReport:
        return self._real("support").support(actor, at)

    def timeline(self, actor: Actor) -> TimelineView:
        return self._real("timeline").timeline(actor)

    def releases(self, actor: Actor) -> tuple[ReleaseView, ...]:
        return self._real("releases").releases(actor)

    def explain(self, actor: Actor, release: str) -> Explanation:
        return self._real("explain").explain(actor, release)

    def path(self, actor: Actor, question: PathQuestion = _ANY_PATH) -> PathView:
        return self._real("path").path(actor, question)

    def calendar(
        self, actor: Actor, question: PathQuestion = _ANY_PATH, windows: WindowsChange | None = None
    ) -> CalendarView:
        return self._real("calendar").calendar(actor, question, windows)

    def windows(self, actor: Actor) -> WindowsView:
        return self._real("windows").windows(actor)

    def set_windows(self, actor: Actor, change: WindowsChange) -> WindowsView:
        return self._real("set_windows").set_windows(actor, change)

    def contract(self, actor: Actor) -> ContractView:
        return self._real("contract").contract(actor)

    def set_contract(self, actor: Actor, change: ContractChange) -> ContractView:
        return self._real("set_contract").set_contract(actor, change)

    def facts(self, actor: Actor) -> tuple[FactView, ...]:
        return self._real("facts").facts(actor)

    def set_facts(self, actor: Actor, values: Mapping[str, str | None]) -> tuple[FactView, ...]:
        return self._real("set_facts").set_facts(actor, values)

    def risks(self, actor: Actor) -> tuple[RiskView, ...]:
        return self._real("risks").risks(actor)

    def accept_risk(self, actor: Actor, name: str, reason: str) -> RiskView:
        return self._real("accept_risk").accept_risk(actor, name, reason)

    def revoke_risk(self, actor: Actor, name: str) -> RiskView:
        return self._real("revoke_risk").revoke_risk(actor, name)
