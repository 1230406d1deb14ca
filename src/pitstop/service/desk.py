"""All use cases in one place: what a face is handed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from pitstop.model.accounts import Actor, Role
from pitstop.model.known_issues import Failure
from pitstop.model.run_actions import RunVerb
from pitstop.model.runs import WindowUse
from pitstop.model.updates import Verb
from pitstop.service.question import PathQuestion
from pitstop.wire.alert_views import AlertView, ChannelView
from pitstop.wire.case_views import CaseKeyView, CaseOffer, CaseView, CaseWord, NewCase
from pitstop.wire.check_views import CheckRunAsked, ChecksView, CheckView, ReadinessView
from pitstop.wire.checklist_views import ChecklistTick, ChecklistView
from pitstop.wire.issue_views import IssueView, OfferView
from pitstop.wire.log_views import BundleView, LogsOffer, NewBundle
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
from pitstop.wire.transfers import TransferRequest
from pitstop.wire.views import (
    AccountView,
    AuditView,
    EventView,
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

RUNS_LISTED = 200
EVENTS_LISTED = 1_000
"""Unless somebody asks for more or fewer."""


class SystemDesk(Protocol):
    def show(self, actor: Actor) -> SystemView: ...

    def adopt(self, actor: Actor, baseline: Mapping[str, str]) -> SystemView:
        """Declare, once, what is installed (product → version); the nodes must say the same. Blocks.

        Raises NotPermitted, InvalidInput, NotFound, Conflict, NotAllowed, Unreachable.
        """


class NodesDesk(Protocol):
    """All but ``list`` and ``show`` connect to nodes, or wait for others that do. They block."""

    def list(self, actor: Actor) -> tuple[NodeDetail, ...]:
        """Those of the nodes file first."""

    def show(self, actor: Actor, name: str) -> NodeDetail:
        """Raises NotFound."""

    def test(self, actor: Actor, name: str) -> NodeReport:
        """Whether it can be worked on; operators may. Raises NotFound, NotPermitted."""

    def add(self, actor: Actor, wanted: NewNode) -> NodeDeclared:
        """Raises NotPermitted (administrators may), RunLasts, NodesChanging, InvalidInput, Conflict (the
        name is taken), NodeUnfit (with findings)."""

    def change(self, actor: Actor, name: str, change: NodeChange) -> NodeDeclared:
        """The same machine, declared otherwise. Raises as ``add``, and NotFound, DeclaredInFile."""

    def replace(self, actor: Actor, name: str, change: NodeChange) -> NodeDeclared:
        """Another machine under the same name. Raises as ``change``."""

    def remove(self, actor: Actor, name: str) -> None:
        """Raises as ``change``, and NotAllowed: it is the only one."""

    def other_key(self, actor: Actor, name: str) -> OtherKey:
        """Which host key on the way is not the pinned one; operators may. Raises NotFound, Unreachable."""

    def trust(self, actor: Actor, name: str, trust: KeyTrust) -> NodeDetail:
        """Pin the key that is shown now. Raises NotPermitted (administrators may), NotFound, Conflict (it is
        pinned already), HostKeyChanged (another one is shown), DeclaredInFile, Unreachable."""


class UpdatesDesk(Protocol):
    def list(self, actor: Actor) -> tuple[UpdateView, ...]:
        """Newest first, the platform's before the OEM's."""

    def show(self, actor: Actor, name: str) -> UpdateView:
        """Raises NotFound."""

    def notes(self, actor: Actor, name: str) -> str:
        """The release notes, Markdown; "" when there are none."""

    def start(self, actor: Actor, name: str, verb: Verb, windows: WindowUse = ...) -> RunView:
        """Begin a run, now or once a maintenance window opens.

        Raises NotFound, InvalidMove, NotAllowed (with findings), Conflict, NotPermitted.
        """


class RunsDesk(Protocol):
    def list(
        self,
        actor: Actor,
        update: str | None = None,
        *,
        limit: int | None = RUNS_LISTED,
        before: str | None = None,
    ) -> tuple[RunView, ...]:
        """Newest first, so many at most (None: all); ``before``: only those before the one of this id."""

    def show(self, actor: Actor, run_id: str) -> RunReport:
        """Of steps that have not failed, the end of the output. Raises NotFound."""

    def step(self, actor: Actor, run_id: str, index: str) -> StepView:
        """One place of the tree, with its whole output. Raises NotFound."""

    def revision(self, actor: Actor, run_id: str) -> int:
        """What a face that watches compares: it rises with every change. Cheap. Raises NotFound."""

    def history(
        self, actor: Actor, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[EventView, ...]:
        """Its events, oldest first: those behind number ``after``, so many at most (None: all). Raises
        NotFound."""

    def resume(self, actor: Actor, run_id: str, again_on: frozenset[str] = ...) -> RunView:
        """Go on with a run that failed or stopped. ``again_on``: the replaced nodes on which finished steps
        are to be done again. Raises NotFound, InvalidMove, Conflict, NotPermitted, NotAllowed (a node was
        replaced, and is not named).
        """

    def ask(
        self, actor: Actor, run_id: str, verb: RunVerb, reason: str = "", *, now: bool = False
    ) -> RunView:
        """Stop, abort or cancel it (:data:`pitstop.model.run_actions.ASKS`). ``now``: end what is under way.
        Raises as ``resume``; of an abort NotAllowed: it is past its point of no return."""


class IssuesDesk(Protocol):
    def list(self, actor: Actor) -> tuple[IssueView, ...]:
        """As their publishers list them."""

    def show(self, actor: Actor, name: str) -> IssueView:
        """By its name, or its id where that says which. Raises NotFound."""

    def match(self, actor: Actor, failure: Failure) -> tuple[OfferView, ...]:
        """What a failure may be, likeliest first; empty: none of what is known."""

    def mend(self, actor: Actor, run_id: str, name: str) -> RunView:
        """Do an issue's mend on the nodes where the run failed with it; then the run can be resumed.

        Raises NotFound, NotPermitted, InvalidMove (the run has not failed, or is not the newest), NotAllowed
        (the mend is not offered for it), Conflict (another run is in progress, or nodes are being changed).
        """

    def consent(self, actor: Actor, name: str, *, given: bool) -> IssueView:
        """Agree to a mend for whenever its issue is met, or no longer. Raises NotFound, NotPermitted,
        NotAllowed (it has none)."""


class AlertsDesk(Protocol):
    def list(self, actor: Actor, *, active_only: bool = False) -> tuple[AlertView, ...]:
        """Newest first; those too that are held back, or closed, unless ``active_only``."""

    def show(self, actor: Actor, alert_id: str) -> AlertView:
        """Raises NotFound."""

    def close(self, actor: Actor, alert_id: str, reason: str = "") -> AlertView:
        """Raises NotFound, NotPermitted."""


class ChannelsDesk(Protocol):
    """Where alerts are sent on to."""

    def list(self, actor: Actor) -> tuple[ChannelView, ...]:
        """As the settings name them."""

    def test(self, actor: Actor, name: str) -> ChannelView:
        """Send a message that says it is a test. Blocks, for half a minute at most.

        Raises NotFound, NotPermitted, and what the channel fails with: Unreachable, TrustError, InvalidInput.
        """


class MetricsDesk(Protocol):
    def actor(self, token: str, origin: str) -> Actor:
        """Who reads the metrics with this token: that of the settings, or a session's. Raises NotSignedIn."""


class SourcesDesk(Protocol):
    def list(self, actor: Actor) -> tuple[SourceView, ...]: ...

    def check(self, actor: Actor) -> tuple[SourceView, ...]:
        """Poll all sources now; what could not be reached is a finding of its source. Blocks."""


class ImportsDesk(Protocol):
    def list(self, actor: Actor) -> tuple[ImportView, ...]:
        """Newest first."""

    def show(self, actor: Actor, import_id: str) -> ImportView:
        """Raises NotFound."""

    def begin(self, actor: Actor, wanted: NewImport) -> ImportView:
        """Begin an upload, or import what lies at a path of the service's machine.

        Raises NotPermitted, InvalidInput, NoSpace (before the first byte), NotFound, Unreachable.
        """

    def receive(self, actor: Actor, import_id: str, file: int, offset: int, chunk: bytes) -> int:
        """Take in the next bytes of a file, by its number from 0; how many are here now.

        Raises NotPermitted, NotFound, Conflict (with where to go on), InvalidInput, NoSpace.
        """

    def begin_form(self, actor: Actor, name: str, most: int) -> ImportView:
        """Begin an upload by a plain form: what its files are called, and their sizes, is what comes, at most
        ``most`` bytes altogether. After a break it cannot go on.

        Raises NotPermitted, InvalidInput, NoSpace (before the first byte).
        """

    def receive_named(self, actor: Actor, import_id: str, name: str, chunk: bytes) -> None:
        """Take in the next bytes of a form's file; empty ones begin it.

        Raises NotPermitted, NotFound, Conflict, InvalidInput (the name cannot be), NoSpace.
        """

    def finish(self, actor: Actor, import_id: str) -> ImportView:
        """All files are here: import them. Answers at once. Raises NotFound, Conflict, InvalidMove."""

    def discard(self, actor: Actor, import_id: str) -> None:
        """Raises NotFound, Conflict."""


class RehearsalsDesk(Protocol):
    def rehearse(self, actor: Actor, name: str, *, ask_nodes: bool = False) -> RehearsalView:
        """What installing this update would do here. ``ask_nodes``: with what the probes say on the nodes,
        which changes nothing; blocks.

        Raises NotFound, InvalidPlan, FactMissing, NotPermitted.
        """


class LogsDesk(Protocol):
    """Log bundles; for operators, administrators and support."""

    def list(self, actor: Actor) -> tuple[BundleView, ...]:
        """Newest first, without what each of them holds."""

    def show(self, actor: Actor, bundle_id: str) -> BundleView:
        """Raises NotFound."""

    def offer(self, actor: Actor) -> LogsOffer:
        """What may be chosen."""

    def collect(self, actor: Actor, new: NewBundle) -> BundleView:
        """Begin to collect. Answers at once. Raises InvalidInput, NotFound (the run)."""

    def cancel(self, actor: Actor, bundle_id: str) -> BundleView:
        """Raises NotFound, InvalidMove: it has ended."""

    def pin(self, actor: Actor, bundle_id: str, *, pinned: bool) -> BundleView:
        """Keep it whatever its age, or no longer. Raises NotFound."""

    def file(self, actor: Actor, bundle_id: str) -> Path:
        """Where its file lies on the service's machine. Raises NotFound, Conflict: it is not ready."""

    def send(self, actor: Actor, bundle_id: str, target: str) -> BundleView:
        """Answers at once. Raises NotFound (bundle or target), Conflict."""

    def remove(self, actor: Actor, bundle_id: str) -> None:
        """Raises NotFound, Conflict: it is pinned, or still collected; NotPermitted (operators may)."""


class ChecksDesk(Protocol):
    def list(self, actor: Actor) -> ChecksView:
        """All that is known of the system's health."""

    def show(self, actor: Actor, name: str) -> CheckView:
        """Raises NotFound."""

    def run(self, actor: Actor, names: tuple[str, ...] = ()) -> CheckRunAsked:
        """Have checks run (none named: all). Answers at once. Raises NotFound, NotPermitted (operators
        may)."""

    def skip(self, actor: Actor, name: str, target: str, reason: str) -> CheckView:
        """Let its warnings, at this target or ("") at all, keep no update off. Raises NotFound, InvalidInput
        (no reason), NotPermitted (operators may)."""

    def unskip(self, actor: Actor, name: str, target: str = "") -> CheckView:
        """Raises NotFound: there is no such check, or it is not skipped; NotPermitted."""

    def readiness(self, actor: Actor, update: str) -> ReadinessView:
        """What is known of whether the system is ready for an update. Raises NotFound."""


class TransfersDesk(Protocol):
    def request(self, actor: Actor) -> TransferRequest:
        """What this system has and lacks, for the downloader."""


class AccountsDesk(Protocol):
    def sign_in(self, name: str, password: str, origin: str) -> Session:
        """Raises NotSignedIn: name or password is wrong, or there were too many tries."""

    def actor(self, token: str, origin: str) -> Actor:
        """Who holds this token. Raises NotSignedIn."""

    def sign_out(self, token: str, origin: str = "") -> None: ...

    def list(self, actor: Actor) -> tuple[AccountView, ...]: ...

    def add(self, actor: Actor, name: str, role: Role, password: str) -> AccountView:
        """Raises Conflict, InvalidInput (weak password), NotPermitted."""

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        """One's own. Raises NotSignedIn (old is wrong), InvalidInput."""


class AuditDesk(Protocol):
    def list(self, actor: Actor, limit: int = 200) -> tuple[AuditView, ...]: ...


class PolicyDesk(Protocol):
    """Questions to the servicing policy, and what is declared so that it can answer."""

    def support(self, actor: Actor, at: date | None = None) -> SupportReport:
        """On any day; None: today."""

    def timeline(self, actor: Actor) -> TimelineView: ...

    def releases(self, actor: Actor) -> tuple[ReleaseView, ...]:
        """Newest first, the platform's before the OEM's."""

    def explain(self, actor: Actor, release: str) -> Explanation:
        """By name or build. Raises NotFound."""

    def path(self, actor: Actor, question: PathQuestion = ...) -> PathView:
        """Raises NotFound: there is no release of the target's name or build."""

    def calendar(
        self, actor: Actor, question: PathQuestion = ..., windows: WindowsChange | None = None
    ) -> CalendarView:
        """In the declared windows, or in these instead. Raises NotFound, InvalidInput."""

    def windows(self, actor: Actor) -> WindowsView: ...

    def set_windows(self, actor: Actor, change: WindowsChange) -> WindowsView:
        """Replace all. Raises NotPermitted (operators may), InvalidInput, Conflict (another revision)."""

    def contract(self, actor: Actor) -> ContractView: ...

    def set_contract(self, actor: Actor, change: ContractChange) -> ContractView:
        """Raises NotPermitted (administrators may), InvalidInput."""

    def facts(self, actor: Actor) -> tuple[FactView, ...]:
        """All that is known, and all that a rule asks for, by name."""

    def set_facts(self, actor: Actor, values: Mapping[str, str | None]) -> tuple[FactView, ...]:
        """Record these, forget those that are None; the others stay. Raises NotPermitted (administrators
        may), InvalidInput."""

    def risks(self, actor: Actor) -> tuple[RiskView, ...]: ...

    def accept_risk(self, actor: Actor, name: str, reason: str) -> RiskView:
        """Raises NotFound, InvalidInput (no reason), NotPermitted (operators may)."""

    def revoke_risk(self, actor: Actor, name: str) -> RiskView:
        """Raises NotFound: there is no such risk, or it is not accepted; NotPermitted."""


class ChecklistsDesk(Protocol):
    def show(self, actor: Actor, update: str) -> ChecklistView:
        """Before its run, or of it. Raises NotFound."""

    def tick(self, actor: Actor, update: str, item: str, wanted: ChecklistTick) -> ChecklistView:
        """Raises NotFound; InvalidInput: it is not its time."""


class CasesDesk(Protocol):
    """Who collects logs opens cases and writes to them; who reads logs sees them."""

    def list(self, actor: Actor) -> tuple[CaseView, ...]:
        """Newest first, without entries."""

    def show(self, actor: Actor, number: int) -> CaseView:
        """Raises NotFound."""

    def offer(self, actor: Actor) -> CaseOffer:
        """What may be chosen for a new one."""

    def key(self, actor: Actor) -> CaseKeyView:
        """What the other side checks files with."""

    def open(self, actor: Actor, new: NewCase) -> CaseView:
        """Its file is made in the background. Raises InvalidInput; NotFound: there is no such run."""

    def say(self, actor: Actor, number: int, word: CaseWord) -> CaseView:
        """Raises InvalidInput; InvalidMove: it is closed."""

    def close(self, actor: Actor, number: int) -> CaseView: ...

    def reopen(self, actor: Actor, number: int) -> CaseView: ...

    def renew(self, actor: Actor, number: int) -> CaseView:
        """Have the file made anew, until now. Raises Conflict: it is being made."""

    def file(self, actor: Actor, number: int) -> Path:
        """Raises Conflict: it is not ready; NotFound: another machine has it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where faces ask. All calls are synchronous and quick, except where they say that they block."""

    system: SystemDesk
    nodes: NodesDesk
    updates: UpdatesDesk
    runs: RunsDesk
    issues: IssuesDesk
    alerts: AlertsDesk
    channels: ChannelsDesk
    metrics: MetricsDesk
    sources: SourcesDesk
    accounts: AccountsDesk
    audit: AuditDesk
    policy: PolicyDesk
    imports: ImportsDesk
    logs: LogsDesk
    cases: CasesDesk
    checklists: ChecklistsDesk
    transfers: TransfersDesk
    rehearsals: RehearsalsDesk
    checks: ChecksDesk
