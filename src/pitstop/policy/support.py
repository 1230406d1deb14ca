"""Whether the servicing policy supports a system, on any day: supported, out of compliance, or unknown.

The newest family N and the two before it are supported, counted in the order of release. Dated exceptions
reach further back; ends cut off earlier; without a hardware contract there is no entitlement. Days are whole
days in UTC, the last one included. Questions about the past use today's knowledge, and what was on then by
the ledger; a future day is answered with *at least*, because families may come that nobody knows yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from pitstop.model.findings import Finding, Severity
from pitstop.policy.facts import SystemFacts
from pitstop.policy.forecast import Forecast, forecast
from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.installed import Installation, installation
from pitstop.policy.support_rules.contract import contract_findings, entitled
from pitstop.policy.support_rules.counting import behind, counted, may_be_newest
from pitstop.policy.support_rules.exceptions import ends, furthest, reach
from pitstop.policy.support_rules.hotfix_age import hotfix_findings
from pitstop.policy.support_rules.oem_age import oem_findings


class SupportState(StrEnum):
    SUPPORTED = "supported"
    OUT_OF_COMPLIANCE = "out-of-compliance"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SupportStatus:
    """The answer for one day.

    Attributes:
        behind: how many families the system is behind N; None: unknown.
        position: ``N``, ``N-1``, ...; ``at least N-1`` with stale knowledge; ``N-1 or N-2`` where dates
            leave it open; ``unknown``.
        why: in one or two sentences.
        at: the day asked about.
        known_on: the day of the knowledge that the answer rests on.
        newest: the family that is N on that day.
        current: the family that the system is on.
        supported: the families that are supported on that day, newest first.
        entitled: whether a hardware contract covers the day; None: not recorded.
        forecast: when the system will fall out of support if nothing is installed; None where that cannot
            be said.
    """

    state: SupportState
    position: str
    why: str
    at: date
    known_on: date | None
    behind: int | None = None
    at_least: bool = False
    newest: str | None = None
    current: str | None = None
    supported: tuple[str, ...] = ()
    entitled: bool | None = None
    findings: tuple[Finding, ...] = ()
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What holds if this family is N."""

    state: SupportState
    why: str
    behind: int


def support(graph: ReleaseGraph, facts: SystemFacts, at: date | None = None) -> SupportStatus:
    """The support of this system on that day (the day of the facts if none is named)."""
    day = at if at is not None else facts.today
    known_on = known_day(graph, facts)
    on = installation(graph, facts, until=day if day < facts.today else None)
    unknown = SupportStatus(
        SupportState.UNKNOWN, "unknown", "", day, known_on, current=on.family, entitled=entitled(facts, day)
    )
    current = graph.families.get(on.family) if on.family is not None else None
    if known_on is None or not counted(graph):
        return replace(unknown, why="No catalogue of the platform's publisher is known.")
    if current is None:
        return replace(unknown, why=_why_no_family(on, day, facts), findings=_findings(graph, facts, on, day))
    newest = _plausible_newest(graph, current, day, known_on)
    verdicts = [_verdict(graph, facts, current, family, day) for family in newest]
    at_least = (day - known_on) > facts.stale_after
    status = replace(
        unknown,
        state=_common_state(verdicts),
        position=_position(verdicts, at_least=at_least),
        why=_why(verdicts, newest),
        behind=verdicts[0].behind if len(verdicts) == 1 else None,
        at_least=at_least,
        newest=newest[-1].id,
        supported=supported_families(graph, facts, newest[-1], day),
        findings=_findings(graph, facts, on, day),
        forecast=forecast(graph, facts, current, known_on),
    )
    return _with_entitlement(_with_staleness(status, facts))


def known_day(graph: ReleaseGraph, facts: SystemFacts) -> date | None:
    """The day up to which the platform's releases are known: the catalogue's, or a later successful check."""
    issued = graph.known_on
    if issued is None or facts.last_checked is None:
        return issued
    return max(issued, facts.last_checked)


def supported_families(
    graph: ReleaseGraph, facts: SystemFacts, newest: FamilyNode, day: date
) -> tuple[str, ...]:
    """The families on which this system would be supported on that day, newest first."""
    line = [node for node in counted(graph) if node.order <= newest.order][-furthest(graph) - 1 :]
    return tuple(
        node.id
        for node in reversed(line)
        if _verdict(graph, facts, node, newest, day).state is SupportState.SUPPORTED
    )


def _plausible_newest(
    graph: ReleaseGraph, current: FamilyNode, day: date, known_on: date
) -> tuple[FamilyNode, ...]:
    """The families that may be N; the family that the system is on had been released already."""
    found = may_be_newest(graph, day, known_on=known_on)
    return tuple(node for node in found if node.order >= current.order) or (current,)


def _verdict(
    graph: ReleaseGraph, facts: SystemFacts, current: FamilyNode, newest: FamilyNode, day: date
) -> _Verdict:
    count = behind(graph, current, newest)
    for end in ends(graph, facts, current.id):
        if end.entry.last_day < day:
            reason = f": {end.entry.reason}" if end.entry.reason else ""
            what = f"Support of family {current.id} ended on {end.entry.last_day}{reason}."
            if end.missing:
                return _Verdict(SupportState.UNKNOWN, f"{what} Not known: {'; '.join(end.missing)}.", count)
            return _Verdict(SupportState.OUT_OF_COMPLIANCE, what, count)
    allowed = reach(graph, facts, current.id, newest.id, day)
    where = f"Family {current.id} is {_place(count)}; N is {newest.id}"
    if count <= allowed.behind:
        by = allowed.by if count > 2 else None
        until = f", until {by.last_day}" if by and by.last_day else ""
        reason = f", by exception{until}: {by.reason}".rstrip(": ") if by else ""
        return _Verdict(
            SupportState.SUPPORTED, f"{where}. N to {_place(allowed.behind)} are supported{reason}.", count
        )
    if count <= allowed.maybe:
        missing = "; ".join(allowed.missing)
        return _Verdict(
            SupportState.UNKNOWN, f"{where}. Whether an exception holds is not known: {missing}.", count
        )
    return _Verdict(
        SupportState.OUT_OF_COMPLIANCE,
        f"{where}. Only N to {_place(allowed.behind)} are supported: "
        "there is help only for the updates that lead back.",
        count,
    )


def _place(count: int) -> str:
    return f"N-{count}" if count else "N"


def _common_state(verdicts: list[_Verdict]) -> SupportState:
    states = {verdict.state for verdict in verdicts}
    return states.pop() if len(states) == 1 else SupportState.UNKNOWN


def _position(verdicts: list[_Verdict], *, at_least: bool) -> str:
    if len(verdicts) > 1:
        return f"{_place(verdicts[0].behind)} or {_place(verdicts[-1].behind)}"
    return f"{'at least ' if at_least else ''}{_place(verdicts[0].behind)}"


def _why(verdicts: list[_Verdict], newest: tuple[FamilyNode, ...]) -> str:
    if len(verdicts) == 1:
        return verdicts[0].why
    names = " or ".join(node.id for node in newest)
    return f"The days of release leave open whether N was {names}. If the last: {verdicts[-1].why}"


def _why_no_family(on: Installation, day: date, facts: SystemFacts) -> str:
    if on.family is not None:
        return f"No catalogue knows family {on.family}, which this system is on."
    if day < facts.today:
        return f"What was installed on {day} is not recorded."
    return "The ledger has no platform release: declare what is installed with `pitstop system adopt`."


def _findings(graph: ReleaseGraph, facts: SystemFacts, on: Installation, day: date) -> tuple[Finding, ...]:
    return (
        *on.findings,
        *_withdrawn(graph, on),
        *hotfix_findings(graph, on, day),
        *oem_findings(graph, facts, on),
        *contract_findings(facts, day),
    )


def _withdrawn(graph: ReleaseGraph, on: Installation) -> tuple[Finding, ...]:
    node = graph.families.get(on.family) if on.family else None
    if node is None or not node.withdrawn:
        return ()
    return (
        Finding(
            "family-withdrawn",
            Severity.WARNING,
            f"family {node.id}",
            f"The publisher has withdrawn family {node.id}, which this system is on.",
            "Move to the next family as soon as one is offered.",
        ),
    )


def _with_staleness(status: SupportStatus, facts: SystemFacts) -> SupportStatus:
    """Stale knowledge is a finding; a day past the forecast cannot be answered with *supported*."""
    if not status.at_least:
        return status
    findings = status.findings
    if status.at <= facts.today:
        findings = (*findings, _stale(status))
    ahead = status.forecast
    fallen = ahead is not None and ahead.earliest is not None and status.at >= ahead.earliest
    if status.state is not SupportState.SUPPORTED or not fallen or ahead is None:
        return replace(status, findings=findings)
    return replace(
        status,
        state=SupportState.UNKNOWN,
        why=f"{status.why} By then newer families may be out: {ahead.why}",
        findings=findings,
    )


def _stale(status: SupportStatus) -> Finding:
    return Finding(
        "knowledge-stale",
        Severity.WARNING,
        "platform catalogue",
        f"The platform's releases are known as of {status.known_on}; newer ones may be out.",
        "Connect the source, or import a newer medium.",
        "The system may be further behind than is shown.",
    )


def _with_entitlement(status: SupportStatus) -> SupportStatus:
    if status.entitled is not False:
        return status
    why = f"There is no valid hardware support contract. {status.why}"
    return replace(status, state=SupportState.OUT_OF_COMPLIANCE, why=why)
