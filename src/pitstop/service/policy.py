"""All that an operator can ask of the servicing policy, and what people declare so that it can answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import InvalidInput
from pitstop.policy.facts import HardwareContract
from pitstop.ports.records import AcceptedRisk, Declarations, DeclaredContract
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge
from pitstop.service.maintenance import times_of, windows_view
from pitstop.service.named_facts import check_facts, fact_views, named_facts
from pitstop.service.policy_paths import Times, calendar_view, path_view
from pitstop.service.policy_releases import asked_facts, explanation, release_views, require_risk, risk_views
from pitstop.service.policy_support import support_report, timeline_view
from pitstop.service.question import PathQuestion
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

_LONGEST_REASON = 1000
_ANY_PATH = PathQuestion()


@dataclass(frozen=True, slots=True)
class PolicyService:
    """Implements :class:`pitstop.service.desk.PolicyDesk`."""

    knowledge: Knowledge
    declarations: Declarations
    audited: Audited

    # --- questions ---------------------------------------------------------------------------------------

    def support(self, actor: Actor, at: date | None = None) -> SupportReport:
        actor.require(Permission.SEE)
        return support_report(self.knowledge.graph(), self.knowledge.facts(), at)

    def timeline(self, actor: Actor) -> TimelineView:
        actor.require(Permission.SEE)
        return timeline_view(self.knowledge.graph(), self.knowledge.facts())

    def releases(self, actor: Actor) -> tuple[ReleaseView, ...]:
        actor.require(Permission.SEE)
        return release_views(self.knowledge.graph(), self.knowledge.facts())

    def explain(self, actor: Actor, release: str) -> Explanation:
        actor.require(Permission.SEE)
        return explanation(self.knowledge.graph(), self.knowledge.facts(), release, self._accepted())

    def path(self, actor: Actor, question: PathQuestion = _ANY_PATH) -> PathView:
        actor.require(Permission.SEE)
        return path_view(self.knowledge.graph(), self.knowledge.facts(), question)

    def calendar(
        self, actor: Actor, question: PathQuestion = _ANY_PATH, windows: WindowsChange | None = None
    ) -> CalendarView:
        actor.require(Permission.SEE)
        facts = self.knowledge.facts()
        declared = self.declarations.declared().times
        times = times_of(windows, facts.at) if windows else Times(declared.windows, declared.blackouts)
        return calendar_view(self.knowledge.graph(), facts, question, times)

    # --- declarations ------------------------------------------------------------------------------------

    def windows(self, actor: Actor) -> WindowsView:
        actor.require(Permission.SEE)
        return windows_view(self.declarations.declared().times, self.audited.clock.now())

    def set_windows(self, actor: Actor, change: WindowsChange) -> WindowsView:
        said = ", ".join(window.name for window in change.windows) or "none"
        with self.audited.change(actor, Permission.OPERATE, "set maintenance windows", said[:200]):
            now = self.audited.clock.now()
            times = times_of(change, now)
            self.declarations.set_times(
                times.windows, times.blackouts, actor.name, now, expected=change.revision
            )
        return self.windows(actor)

    def contract(self, actor: Actor) -> ContractView:
        actor.require(Permission.SEE)
        return _contract_view(self.declarations.declared().contract)

    def set_contract(self, actor: Actor, change: ContractChange) -> ContractView:
        with self.audited.change(actor, Permission.ADMINISTER, "record hardware contract", _said(change)):
            if change.last_day is not None and not change.valid:
                raise InvalidInput("only a contract that is there has a last day")
            contract = None if change.valid is None else HardwareContract(change.valid, change.last_day)
            self.declarations.set_contract(contract, actor.name, self.audited.clock.now())
        return self.contract(actor)

    def facts(self, actor: Actor) -> tuple[FactView, ...]:
        actor.require(Permission.SEE)
        known = named_facts(self.knowledge.system, self.declarations.declared().facts)
        return fact_views(known, asked_facts(self.knowledge.graph()))

    def set_facts(self, actor: Actor, values: Mapping[str, str | None]) -> tuple[FactView, ...]:
        said = ", ".join(f"{name}={value}" if value else f"forget {name}" for name, value in values.items())
        with self.audited.change(actor, Permission.ADMINISTER, "record facts", said[:200] or "none"):
            check_facts(values)
            self.declarations.set_facts(values, actor.name, self.audited.clock.now())
        return self.facts(actor)

    def risks(self, actor: Actor) -> tuple[RiskView, ...]:
        actor.require(Permission.SEE)
        return risk_views(self.knowledge.graph(), self.knowledge.facts(), self._accepted())

    def accept_risk(self, actor: Actor, name: str, reason: str) -> RiskView:
        reason = reason.strip()
        with self.audited.change(actor, Permission.OPERATE, f"accept risk: {reason[:200]}", name[:200]):
            require_risk(self.knowledge.graph(), name)
            if not reason or len(reason) > _LONGEST_REASON:
                raise InvalidInput(
                    f"the reason must have 1 to {_LONGEST_REASON} characters",
                    hint="Say why this system may take the risk: others will read it later.",
                )
            self.declarations.accept_risk(name, reason, actor.name, self.audited.clock.now())
        return self._risk(actor, name)

    def revoke_risk(self, actor: Actor, name: str) -> RiskView:
        with self.audited.change(actor, Permission.OPERATE, "no longer accept risk", name[:200]):
            require_risk(self.knowledge.graph(), name)
            self.declarations.revoke_risk(name)
        return self._risk(actor, name)

    def _risk(self, actor: Actor, name: str) -> RiskView:
        return next(risk for risk in self.risks(actor) if risk.name == name)

    def _accepted(self) -> Mapping[str, AcceptedRisk]:
        return {risk.name: risk for risk in self.declarations.declared().accepted_risks}


def _contract_view(declared: DeclaredContract | None) -> ContractView:
    if declared is None:
        return ContractView(valid=None, last_day=None)
    return ContractView(
        valid=declared.contract.valid,
        last_day=declared.contract.last_day,
        recorded_by=declared.by,
        recorded_at=declared.at,
    )


def _said(change: ContractChange) -> str:
    if change.valid is None:
        return "nothing recorded"
    until = f" until {change.last_day}" if change.last_day else ""
    return f"valid{until}" if change.valid else "none"
