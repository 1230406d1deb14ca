"""What holds of every path over every graph: made-up lines of families with hotfixes, gates, firmware,
conditions and risks are planned over, then walked step by step with the ledger that a system would have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pitstop.model.conditions import Comparison, Condition, FactTest, Risk
from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import ExpectedRuntime
from pitstop.model.releases import Family, Release, ReleaseStatus
from pitstop.policy.applicability import applicabilities
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph, checked
from pitstop.policy.objectives import Objective
from pitstop.policy.path import Path, Target, plan_path
from pitstop.policy.support import SupportState, support
from policy.building import entry, full, graph_of, hotfix, oem, oem_line, platform, system, v

RARELY = st.integers(0, 5).map(lambda n: n == 0)
STEADY = settings(deadline=None, max_examples=100)
"""Without a deadline: how busy the machine is says nothing about the rules."""
SOMETIMES = st.booleans()
MINUTES = st.sampled_from([10, 20, 30, 60, 240])


def runtimes(minutes: int) -> tuple[ExpectedRuntime, ...]:
    return (ExpectedRuntime(None, minutes, minutes),)


@st.composite
def hotfix_line(draw: st.DrawFn, number: int) -> list[Release]:
    line = []
    for place in range(1, draw(st.integers(0, 4)) + 1):
        fact = FactTest("memory", Comparison.AT_LEAST, ("12",))
        line.append(
            hotfix(
                f"1.{number}.{place}.{place}",
                f"f{number}",
                expected_runtimes=runtimes(draw(MINUTES)),
                restarts_nodes=draw(SOMETIMES),
                min_oem_version=v("2.1") if draw(RARELY) else None,
                conditions=(Condition("12 GiB.", facts=(fact,)),) if draw(RARELY) else (),
                risks=(Risk("Heat", "It gets hot."),) if draw(RARELY) else (),
            )
        )
    return line


@st.composite
def opening(draw: st.DrawFn, number: int, before: list[Release], *, may_ride: bool) -> Release:
    maybe: list[Release | None] = [None, *before]
    gate, fix = draw(st.sampled_from(maybe)), draw(st.sampled_from(maybe))
    conditions: tuple[Condition, ...] = ()
    if fix is not None and draw(SOMETIMES):
        old = before[0].version
        conditions = (Condition("The newer one first.", when_installed=old, hotfix=fix.version),)
    risks: tuple[Risk, ...] = ()
    if draw(RARELY) and before:
        risks = (Risk("Step", "It may fail.", from_builds=(before[0].version,)),)
    return full(
        f"1.{number}.0.1",
        f"f{number}",
        str(gate.version) if gate else None,
        expected_runtimes=runtimes(draw(MINUTES)),
        restarts_nodes=draw(SOMETIMES),
        min_oem_version=v(draw(st.sampled_from(["2.1", "2.2"]))) if draw(RARELY) else None,
        hotfix_rides=may_ride and draw(SOMETIMES),
        conditions=conditions,
        risks=risks,
        status=ReleaseStatus.WITHDRAWN if draw(RARELY) and draw(RARELY) else ReleaseStatus.AVAILABLE,
    )


@st.composite
def graphs(draw: st.DrawFn, *, may_ride: bool = True) -> ReleaseGraph:
    releases: list[Release] = []
    families: list[Family] = []
    before: list[Release] = []
    for number in range(draw(st.integers(2, 6))):
        also = tuple(f.id for f in families[:-1] if draw(RARELY))
        families.append(Family(f"f{number}", families[-1].id if families else None, also))
        releases.append(draw(opening(number, before, may_ride=may_ride)))
        before = draw(hotfix_line(number))
        releases += before
    firmware = [
        oem("2.0"),
        oem("2.1", expected_runtimes=runtimes(draw(MINUTES))),
        oem(
            "2.2",
            expected_runtimes=runtimes(draw(MINUTES)),
            min_platform_version=v("1.1.0.1") if draw(SOMETIMES) else None,
        ),
    ]
    return checked([platform(families, *releases), oem_line(*firmware)])


@st.composite
def systems(draw: st.DrawFn, graph: ReleaseGraph) -> SystemFacts:
    on = ["1.0.0.1"]
    if draw(SOMETIMES):
        on += [str(h.version) for h in graph.families["f0"].hotfixes[: draw(st.integers(0, 2))]]
    return system(
        graph,
        *on,
        "2.0",
        facts={"memory": draw(st.sampled_from(["8", "16"]))} if draw(SOMETIMES) else {},
        accepted_risks=frozenset({"Heat"}) if draw(SOMETIMES) else frozenset(),
    )


@st.composite
def cases(draw: st.DrawFn, *, may_ride: bool = True) -> tuple[ReleaseGraph, SystemFacts]:
    graph = draw(graphs(may_ride=may_ride))
    return graph, draw(systems(graph))


def walk(graph: ReleaseGraph, facts: SystemFacts, path: Path) -> SystemFacts:
    """Install the path's updates one after the other, each only if the rules say that it may."""
    at = facts.at
    for step in path.steps:
        verdict = applicabilities(graph, facts)[step.release.name]
        assert verdict.installable, (step.release.name, verdict.state, verdict.blocking)
        went_on = [step.release] if step.rides is None else [step.release, step.rides]
        at += timedelta(hours=1)
        facts = replace(
            facts, installed=(*facts.installed, *(entry(release, at) for release in went_on)), at=at
        )
    return facts


@STEADY
@given(cases(), st.sampled_from(list(Objective)), st.sampled_from([True, False]))
def test_every_planned_path_can_be_installed_step_by_step(
    case: tuple[ReleaseGraph, SystemFacts], objective: Objective, recommended: bool
) -> None:
    graph, facts = case
    path = plan_path(graph, facts, Target.NEWEST, objective, recommended=recommended)
    end = walk(graph, facts, path)
    again = plan_path(graph, end, Target.NEWEST, objective, recommended=recommended)
    assert again.steps == (), "at its end there is nothing left to do"
    assert path.reached or path.why_not


@STEADY
@given(cases())
def test_the_path_back_into_support_leads_into_support(case: tuple[ReleaseGraph, SystemFacts]) -> None:
    graph, facts = case
    path = plan_path(graph, facts, Target.SUPPORTED)
    end = walk(graph, facts, path)
    if path.reached:
        assert support(graph, end, facts.today).state is SupportState.SUPPORTED
    else:
        assert path.why_not


def cost(path: Path, objective: Objective) -> float:
    if objective is Objective.LEAST_TIME:
        return path.total.most
    return float(path.restarts if objective is Objective.FEWEST_RESTARTS else len(path.steps))


@STEADY
@given(cases(may_ride=False), st.sampled_from(list(Objective)), st.data())
def test_removing_a_release_never_makes_a_path_shorter(
    case: tuple[ReleaseGraph, SystemFacts], objective: Objective, data: st.DataObject
) -> None:
    graph, facts = case
    target = data.draw(st.sampled_from(list(graph.families)[1:]))
    build = graph.families[target].builds[0].name
    whole = plan_path(graph, facts, build, objective, recommended=False)
    gone = data.draw(st.sampled_from(list(graph.releases.values())))
    why = Finding("removed", Severity.CRITICAL, gone.name, "Taken out.", "Nothing.")
    less = plan_path(graph.without({gone.id: why}), facts, build, objective, recommended=False)
    if less.reached:
        assert whole.reached
        assert cost(less, objective) >= cost(whole, objective)


@STEADY
@given(cases())
def test_every_no_has_a_reason_with_a_remedy(case: tuple[ReleaseGraph, SystemFacts]) -> None:
    graph, facts = case
    for verdict in applicabilities(graph, facts).values():
        assert verdict.installable or verdict.blocking or verdict.state == "Installed"
        assert all(finding.what and finding.remedy for finding in verdict.blocking)


@STEADY
@given(graphs())
def test_the_order_in_which_a_catalogue_lists_things_does_not_matter(graph: ReleaseGraph) -> None:
    line = graph.platform
    assert line is not None
    shuffled = graph_of(platform(tuple(reversed(line.families.values())), *reversed(line.releases.values())))
    assert list(shuffled.families) == list(graph.families)
    assert [n.hotfixes for n in shuffled.families.values()] == [n.hotfixes for n in graph.families.values()]
