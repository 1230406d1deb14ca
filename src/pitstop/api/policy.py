"""``/api/v1``: support, releases, path and calendar; windows, contract, facts and risks."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from pitstop.api.security import DeskHere, SignedIn
from pitstop.service.question import PathQuestion, objective_of
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

OnDay = Annotated[
    date | None,
    QueryParameter(name="at", description="A day (UTC), past or future; today when left out."),
]
To = Annotated[
    str, QueryParameter(name="to", description="newest, supported, or a release by name or build.")
]
ForLeast = Annotated[
    str, QueryParameter(name="objective", description="What to have least of: time, restarts or windows.")
]
Recommended = Annotated[
    bool | None,
    QueryParameter(
        name="recommended",
        description="Whether newest hotfixes go on though no gate asks for them; left out: yes, except on "
        "the way back into support.",
    ),
]


@get("/support", operation_id="showSupport", summary="Support on any day", sync_to_thread=True)
def show_support(desk: DeskHere, actor: SignedIn, at: OnDay = None) -> SupportReport:
    return desk.policy.support(actor, at)


@get("/support/timeline", operation_id="showTimeline", summary="The families over time", sync_to_thread=True)
def show_timeline(desk: DeskHere, actor: SignedIn) -> TimelineView:
    return desk.policy.timeline(actor)


@get("/releases", operation_id="listReleases", summary="All releases, newest first", sync_to_thread=True)
def list_releases(desk: DeskHere, actor: SignedIn) -> tuple[ReleaseView, ...]:
    return desk.policy.releases(actor)


@get(
    "/releases/{name:str}/explain",
    operation_id="explainRelease",
    summary="Why a release can or cannot go on: all reasons",
    description="By name or build.",
    sync_to_thread=True,
)
def explain_release(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> Explanation:
    return desk.policy.explain(actor, name)


@get("/path", operation_id="planPath", summary="The ordered updates to a target", sync_to_thread=True)
def plan_path(
    desk: DeskHere,
    actor: SignedIn,
    to: To = "newest",
    objective: ForLeast = "time",
    recommended: Recommended = None,
) -> PathView:
    return desk.policy.path(actor, PathQuestion(to, objective_of(objective), recommended))


@get(
    "/calendar",
    operation_id="planCalendar",
    summary="The path to a target, laid into the maintenance windows",
    sync_to_thread=True,
)
def plan_calendar(
    desk: DeskHere,
    actor: SignedIn,
    to: To = "newest",
    objective: ForLeast = "time",
    recommended: Recommended = None,
) -> CalendarView:
    return desk.policy.calendar(actor, PathQuestion(to, objective_of(objective), recommended))


@get("/windows", operation_id="showWindows", summary="Maintenance windows and blackouts", sync_to_thread=True)
def show_windows(desk: DeskHere, actor: SignedIn) -> WindowsView:
    return desk.policy.windows(actor)


@put(
    "/windows",
    operation_id="setWindows",
    summary="Replace all maintenance windows and blackouts",
    description="With `revision`, refused (409) when they were changed meanwhile.",
    sync_to_thread=True,
)
def set_windows(desk: DeskHere, actor: SignedIn, data: JSONBody[WindowsChange]) -> WindowsView:
    return desk.policy.set_windows(actor, data)


@get("/contract", operation_id="showContract", summary="The hardware support contract", sync_to_thread=True)
def show_contract(desk: DeskHere, actor: SignedIn) -> ContractView:
    return desk.policy.contract(actor)


@put(
    "/contract",
    operation_id="setContract",
    summary="Record the hardware support contract",
    sync_to_thread=True,
)
def set_contract(desk: DeskHere, actor: SignedIn, data: JSONBody[ContractChange]) -> ContractView:
    return desk.policy.set_contract(actor, data)


@get(
    "/facts",
    operation_id="listFacts",
    summary="The facts of the system that rules may ask for",
    description="Also those that a rule asks for and nobody has said: their value is null.",
    sync_to_thread=True,
)
def list_facts(desk: DeskHere, actor: SignedIn) -> tuple[FactView, ...]:
    return desk.policy.facts(actor)


@put(
    "/facts",
    operation_id="setFacts",
    summary="Record facts by name",
    description="Those that are named take the value that is said, null forgets one; the others stay.",
    sync_to_thread=True,
)
def set_facts(desk: DeskHere, actor: SignedIn, data: JSONBody[dict[str, str | None]]) -> tuple[FactView, ...]:
    return desk.policy.set_facts(actor, data)


@get("/risks", operation_id="listRisks", summary="Named risks on this system", sync_to_thread=True)
def list_risks(desk: DeskHere, actor: SignedIn) -> tuple[RiskView, ...]:
    return desk.policy.risks(actor)


@post(
    "/risks/{name:str}/accept",
    operation_id="acceptRisk",
    summary="Accept a risk by its name, with a reason",
    status_code=200,
    sync_to_thread=True,
)
def accept_risk(
    desk: DeskHere, actor: SignedIn, name: FromPath[str], data: JSONBody[RiskAcceptance]
) -> RiskView:
    return desk.policy.accept_risk(actor, name, data.reason)


@post(
    "/risks/{name:str}/revoke",
    operation_id="revokeRisk",
    summary="No longer accept a risk",
    status_code=200,
    sync_to_thread=True,
)
def revoke_risk(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> RiskView:
    return desk.policy.revoke_risk(actor, name)


HANDLERS = (
    show_support,
    show_timeline,
    list_releases,
    explain_release,
    plan_path,
    plan_calendar,
    show_windows,
    set_windows,
    show_contract,
    set_contract,
    list_facts,
    set_facts,
    list_risks,
    accept_risk,
    revoke_risk,
)
