"""All that the service's ``/api/v1`` can be asked, typed, without a thought for HTTP.

Answers are the read models of :mod:`pitstop.wire.views`; refusals are raised as the errors that they were
in the service. Nothing is tried again, except that a run goes on being watched through a restart of the
service.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from pitstop.client.connection import Connection, T, encoded, part
from pitstop.client.problems import error_of
from pitstop.model.errors import PitstopError, Unreachable
from pitstop.model.run_actions import RunVerb
from pitstop.model.runs import WindowUse
from pitstop.model.updates import Verb
from pitstop.wire.alert_views import AlertView, ChannelView, CloseAlert
from pitstop.wire.base import View
from pitstop.wire.case_views import CaseKeyView, CaseOffer, CaseView, CaseWord, NewCase
from pitstop.wire.check_views import (
    CheckRunAsked,
    CheckRunRequest,
    CheckSkipRequest,
    ChecksView,
    CheckUnskipRequest,
    CheckView,
    ReadinessView,
)
from pitstop.wire.checklist_views import ChecklistTick, ChecklistView
from pitstop.wire.issue_views import IssueView, MendAsked, OfferView
from pitstop.wire.log_views import BundleView, NewBundle, Sending
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
    RiskAcceptance,
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
    NewAccount,
    NewImport,
    PasswordChange,
    RehearsalView,
    RunAsked,
    RunReport,
    RunView,
    Session,
    SignIn,
    SourceView,
    SystemView,
    UpdateView,
    WhoAmI,
)

WATCH_PATIENCE = 120.0
"""Seconds that a watched run may be out of sight, such as while the service is replaced."""


class PitstopClient(Connection):
    """All questions over one connection."""

    # --- sessions and accounts ---------------------------------------------------------------------------

    def sign_in(self, name: str, password: str) -> Session:
        return self._post("sessions", Session, SignIn(name=name, password=password))

    def sign_out(self) -> None:
        self._ask("DELETE", "sessions")

    def who_am_i(self) -> WhoAmI:
        return self._get("session", WhoAmI)

    def accounts(self) -> tuple[AccountView, ...]:
        return self._get("accounts", tuple[AccountView, ...])

    def add_account(self, name: str, role: str, password: str) -> AccountView:
        return self._post("accounts", AccountView, NewAccount(name=name, role=role, password=password))

    def change_password(self, old: str, new: str) -> None:
        self._ask("POST", "session/password", content=encoded(PasswordChange(old=old, new=new)))

    # --- the system --------------------------------------------------------------------------------------

    def system(self) -> SystemView:
        return self._get("system", SystemView)

    def adopt(self, baseline: Mapping[str, str]) -> SystemView:
        """Declare, once, what is installed: product → version. Blocks until every node was asked."""
        answer = self._ask("POST", "system/adopt", content=msgspec.json.encode(baseline), patient=True)
        return self._read(answer, SystemView)

    # --- nodes -------------------------------------------------------------------------------------------

    def nodes(self) -> tuple[NodeDetail, ...]:
        return self._get("nodes", tuple[NodeDetail, ...])

    def node(self, name: str) -> NodeDetail:
        return self._get(f"nodes/{part(name)}", NodeDetail)

    def add_node(self, wanted: NewNode) -> NodeDeclared:
        """Tests the machine first. Blocks."""
        return self._node("POST", "nodes", NodeDeclared, wanted)

    def change_node(self, name: str, change: NodeChange) -> NodeDeclared:
        return self._node("PATCH", f"nodes/{part(name)}", NodeDeclared, change)

    def replace_node(self, name: str, change: NodeChange) -> NodeDeclared:
        """Tests the machine first. Blocks."""
        return self._node("POST", f"nodes/{part(name)}/replace", NodeDeclared, change)

    def remove_node(self, name: str) -> None:
        self._ask("DELETE", f"nodes/{part(name)}")

    def test_node(self, name: str) -> NodeReport:
        """Blocks until the node has answered, or has had time to."""
        return self._node("POST", f"nodes/{part(name)}/test", NodeReport)

    def other_key(self, name: str) -> OtherKey:
        """The first host key on the way to the node that is not the pinned one. Blocks."""
        return self._node("POST", f"nodes/{part(name)}/other-key", OtherKey)

    def trust_key(self, name: str, trust: KeyTrust) -> NodeDetail:
        return self._node("POST", f"nodes/{part(name)}/trust", NodeDetail, trust)

    def _node(self, method: str, path: str, kind: type[T], body: View | None = None) -> T:
        content = None if body is None else encoded(body)
        return self._read(self._ask(method, path, content=content, patient=True), kind)

    # --- updates -----------------------------------------------------------------------------------------

    def updates(self) -> tuple[UpdateView, ...]:
        return self._get("updates", tuple[UpdateView, ...])

    def update(self, name: str) -> UpdateView:
        return self._get(f"updates/{part(name)}", UpdateView)

    def notes(self, name: str) -> str:
        """The release notes, Markdown."""
        return self._ask("GET", f"updates/{part(name)}/notes").text

    def rehearse(self, name: str, *, ask_nodes: bool = False) -> RehearsalView:
        query = {"askNodes": "true"} if ask_nodes else {}
        return self._get(f"updates/{part(name)}/rehearsal", RehearsalView, query)

    def start(self, name: str, verb: Verb, windows: WindowUse = WindowUse.NONE) -> RunView:
        query: dict[str, str] = {} if windows is WindowUse.NONE else {"windows": windows}
        return self._post(f"updates/{part(name)}/{verb}", RunView, query=query)

    # --- runs --------------------------------------------------------------------------------------------

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> tuple[RunView, ...]:
        """Newest first, so many at most; ``before``: only runs that began before the one of this id."""
        said = {"update": update, "limit": limit, "before": before}
        query = {name: str(value) for name, value in said.items() if value is not None}
        return self._get("runs", tuple[RunView, ...], query)

    def run(self, run_id: str) -> RunReport:
        return self._get(f"runs/{part(run_id)}", RunReport)

    def events(self, run_id: str) -> Iterator[EventView]:
        """The run's journal, oldest first, asked for page by page."""
        path, last = f"runs/{part(run_id)}/events", 0
        while page := self._get(path, tuple[EventView, ...], {"after": str(last)}):
            yield from page
            last = page[-1].sequence

    def resume(self, run_id: str, again_on: Sequence[str] = ()) -> RunView:
        """``again_on``: replaced nodes on which finished steps are done again."""
        return self._post(f"runs/{part(run_id)}/resume", RunView, query={"againOn": list(again_on)})

    def mend(self, run_id: str, issue: str) -> RunView:
        """Mend what the run failed with, as this issue says."""
        return self._post(f"runs/{part(run_id)}/mend", RunView, MendAsked(issue=issue))

    def issues(self) -> tuple[IssueView, ...]:
        return self._get("issues", tuple[IssueView, ...])

    def issue(self, name: str) -> IssueView:
        return self._get(f"issues/{_issue(name)}", IssueView)

    def match(self, failure: bytes) -> tuple[OfferView, ...]:
        """``failure``: as JSON, in the format of a case's."""
        return self._read(self._ask("POST", "issues/match", content=failure), tuple[OfferView, ...])

    def consent(self, name: str, *, given: bool) -> IssueView:
        """Agree to an issue's mend for whenever it is met, or no longer."""
        verb = "PUT" if given else "DELETE"
        return self._read(self._ask(verb, f"issues/{_issue(name)}/consent"), IssueView)

    def ask_of_run(self, run_id: str, verb: RunVerb, reason: str = "", *, now: bool = False) -> RunView:
        """Stop, abort or cancel. ``now``: what is under way is ended, not waited for."""
        return self._post(f"runs/{part(run_id)}/{verb}", RunView, RunAsked(reason=reason, now=now))

    def watch(
        self,
        run_id: str,
        *,
        patience: float = WATCH_PATIENCE,
        lost: Callable[[PitstopError], None] = lambda _error: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> Iterator[RunReport]:
        """The run as it is, then each change, until it ends.

        While the service is away it is asked again for ``patience`` seconds; ``lost`` hears of each try.

        Raises:
            Unreachable: the service stayed away.
        """
        left, wait, seen = patience, 0.5, -1
        while True:
            try:
                for report in self._stream(run_id):
                    left, wait = patience, 0.5
                    if report.run.revision != seen:
                        seen = report.run.revision
                        yield report
                    if not report.run.is_going_on:
                        return
            except Unreachable as error:
                if left <= 0:
                    raise
                lost(error)
                pause(wait)
                left, wait = left - wait, min(wait * 2, 5.0)

    # --- alerts, sources, audit --------------------------------------------------------------------------

    def alerts(self, *, active_only: bool = False) -> tuple[AlertView, ...]:
        return self._get("alerts", tuple[AlertView, ...], {"active": "true"} if active_only else {})

    def alert(self, alert_id: str) -> AlertView:
        return self._get(f"alerts/{part(alert_id)}", AlertView)

    def close_alert(self, alert_id: str, reason: str = "") -> AlertView:
        return self._post(f"alerts/{part(alert_id)}/close", AlertView, CloseAlert(reason=reason))

    def alert_channels(self) -> tuple[ChannelView, ...]:
        return self._get("alert-channels", tuple[ChannelView, ...])

    def test_alert_channel(self, name: str) -> ChannelView:
        """Blocks until the channel has taken it, or failed."""
        answer = self._ask("POST", f"alert-channels/{part(name)}/test", patient=True)
        return self._read(answer, ChannelView)

    def sources(self) -> tuple[SourceView, ...]:
        return self._get("sources", tuple[SourceView, ...])

    def check_sources(self) -> tuple[SourceView, ...]:
        """Look for new updates now. Blocks until all sources have been asked."""
        answer = self._ask("POST", "sources/check", patient=True)
        return self._read(answer, tuple[SourceView, ...])

    # --- imports and transfers ---------------------------------------------------------------------------

    def imports(self) -> tuple[ImportView, ...]:
        return self._get("imports", tuple[ImportView, ...])

    def import_(self, import_id: str) -> ImportView:
        return self._get(f"imports/{part(import_id)}", ImportView)

    def begin_import(self, wanted: NewImport) -> ImportView:
        """Begin an upload, or import what lies at a path of the service's machine."""
        return self._post("imports", ImportView, wanted)

    def upload(self, import_id: str, file: int, offset: int, body: Iterator[bytes]) -> ImportView:
        """Send the next bytes of a file, from ``offset`` on. What has come before a break is kept there."""
        headers = {"Content-Type": "application/octet-stream", "Upload-Offset": str(offset)}
        path = f"api/v1/imports/{part(import_id)}/files/{file}"
        request = self._http.build_request("PATCH", path, content=body, headers=headers)
        request.extensions["timeout"]["read"] = None
        with self._translated():
            answer = self._http.send(request)
        if not answer.is_success:
            raise error_of(answer.status_code, answer.content, self.url)
        return self._read(answer, ImportView)

    def finish_import(self, import_id: str) -> ImportView:
        return self._post(f"imports/{part(import_id)}/finish", ImportView)

    def discard_import(self, import_id: str) -> None:
        self._ask("DELETE", f"imports/{part(import_id)}")

    # --- logs --------------------------------------------------------------------------------------------

    def log_bundles(self) -> tuple[BundleView, ...]:
        return self._get("logs", tuple[BundleView, ...])

    def log_bundle(self, bundle_id: str) -> BundleView:
        return self._get(f"logs/{part(bundle_id)}", BundleView)

    def collect_logs(self, new: NewBundle) -> BundleView:
        return self._post("logs", BundleView, new)

    def act_on_logs(self, bundle_id: str, verb: Literal["cancel", "pin", "unpin"]) -> BundleView:
        return self._post(f"logs/{part(bundle_id)}/{verb}", BundleView)

    def send_logs(self, bundle_id: str, target: str) -> BundleView:
        return self._post(f"logs/{part(bundle_id)}/send", BundleView, Sending(target=target))

    def remove_logs(self, bundle_id: str) -> None:
        self._ask("DELETE", f"logs/{part(bundle_id)}")

    def fetch_logs(self, bundle_id: str, start: int = 0) -> Iterator[bytes]:
        """The file of a bundle, from this byte on. Raises Unreachable when the connection breaks."""
        return self._fetched(f"api/v1/logs/{part(bundle_id)}/file", start)

    def checklist(self, update: str) -> ChecklistView:
        return self._get(f"updates/{part(update)}/checklist", ChecklistView)

    def tick_checklist(self, update: str, item: str, wanted: ChecklistTick) -> ChecklistView:
        path = f"updates/{part(update)}/checklist/{part(item)}"
        return self._post(path, ChecklistView, wanted)

    def cases(self) -> tuple[CaseView, ...]:
        return self._get("cases", tuple[CaseView, ...])

    def case(self, number: int) -> CaseView:
        return self._get(f"cases/{number}", CaseView)

    def case_offer(self) -> CaseOffer:
        return self._get("cases/offer", CaseOffer)

    def case_key(self) -> CaseKeyView:
        return self._get("cases/key", CaseKeyView)

    def open_case(self, new: NewCase) -> CaseView:
        return self._post("cases", CaseView, new)

    def say_to_case(self, number: int, word: CaseWord) -> CaseView:
        return self._post(f"cases/{number}/entries", CaseView, word)

    def act_on_case(self, number: int, verb: Literal["close", "reopen", "renew"]) -> CaseView:
        return self._post(f"cases/{number}/{verb}", CaseView)

    def fetch_case(self, number: int, start: int = 0) -> Iterator[bytes]:
        """A case's file, from this byte on. Raises Unreachable when the connection breaks."""
        return self._fetched(f"api/v1/cases/{number}/file", start)

    def transfer_request(self) -> TransferRequest:
        """What the system has and lacks. Blocks while it reads what it holds."""
        return self._read(self._ask("GET", "transfer-request", patient=True), TransferRequest)

    # --- the audit log -----------------------------------------------------------------------------------

    def audit(self, limit: int = 200) -> tuple[AuditView, ...]:
        return self._get("audit", tuple[AuditView, ...], {"limit": str(limit)})

    # --- the servicing policy ----------------------------------------------------------------------------

    def support(self, at: date | None = None) -> SupportReport:
        return self._get("support", SupportReport, {} if at is None else {"at": at.isoformat()})

    def timeline(self) -> TimelineView:
        return self._get("support/timeline", TimelineView)

    def releases(self) -> tuple[ReleaseView, ...]:
        return self._get("releases", tuple[ReleaseView, ...])

    def explain(self, release: str) -> Explanation:
        """By name or build."""
        return self._get(f"releases/{part(release)}/explain", Explanation)

    def path(self, to: str, objective: str, *, recommended: bool | None = None) -> PathView:
        return self._get("path", PathView, _question(to, objective, recommended=recommended))

    def calendar(self, to: str, objective: str, *, recommended: bool | None = None) -> CalendarView:
        return self._get("calendar", CalendarView, _question(to, objective, recommended=recommended))

    def windows(self) -> WindowsView:
        return self._get("windows", WindowsView)

    def set_windows(self, change: WindowsChange) -> WindowsView:
        """Replace all windows and blackouts."""
        return self._put("windows", WindowsView, encoded(change))

    def contract(self) -> ContractView:
        return self._get("contract", ContractView)

    def set_contract(self, change: ContractChange) -> ContractView:
        return self._put("contract", ContractView, encoded(change))

    def facts(self) -> tuple[FactView, ...]:
        return self._get("facts", tuple[FactView, ...])

    def set_facts(self, values: Mapping[str, str | None]) -> tuple[FactView, ...]:
        """Record these, forget those that are None; the others stay."""
        return self._put("facts", tuple[FactView, ...], msgspec.json.encode(values))

    def risks(self) -> tuple[RiskView, ...]:
        return self._get("risks", tuple[RiskView, ...])

    def accept_risk(self, name: str, reason: str) -> RiskView:
        return self._post(f"risks/{part(name)}/accept", RiskView, RiskAcceptance(reason=reason))

    def revoke_risk(self, name: str) -> RiskView:
        return self._post(f"risks/{part(name)}/revoke", RiskView)

    # --- checks ------------------------------------------------------------------------------------------

    def checks(self) -> ChecksView:
        return self._get("checks", ChecksView)

    def check(self, name: str) -> CheckView:
        return self._get(f"checks/{part(name)}", CheckView)

    def run_checks(self, names: Sequence[str] = ()) -> CheckRunAsked:
        return self._post("checks/run", CheckRunAsked, CheckRunRequest(checks=tuple(names)))

    def skip_check(self, name: str, target: str, reason: str) -> CheckView:
        wanted = CheckSkipRequest(reason=reason, target=target)
        return self._post(f"checks/{part(name)}/skip", CheckView, wanted)

    def unskip_check(self, name: str, target: str = "") -> CheckView:
        return self._post(f"checks/{part(name)}/unskip", CheckView, CheckUnskipRequest(target=target))

    def readiness(self, update: str) -> ReadinessView:
        return self._get(f"updates/{part(update)}/readiness", ReadinessView)


def _question(to: str, objective: str, *, recommended: bool | None) -> dict[str, str]:
    asked = {"to": to, "objective": objective}
    return asked if recommended is None else asked | {"recommended": str(recommended).lower()}


def _issue(name: str) -> str:
    """Source and id, as parts of an address."""
    source, _, id_ = name.partition("/")
    return f"{part(source)}/{part(id_)}"
