"""From what is installed to a target: the ordered updates, and why they are on the path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pitstop.model.conditions import Comparison, Condition, FactTest, Risk
from pitstop.model.errors import NotFound
from pitstop.model.packages import ExpectedRuntime
from pitstop.model.releases import Family, Release, ReleaseStatus
from pitstop.policy.durations import Durations, DurationSource
from pitstop.policy.facts import HardwareContract, MeasuredRun, SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.objectives import Objective
from pitstop.policy.path import Path, Target, plan_path
from pitstop.policy.route_search import Because
from policy.building import chain, codes, full, graph_of, hotfix, hours, oem, oem_line, platform, system, v
from policy.hub_history import firmware, history

HUB = graph_of(history(), firmware())
MODERN = {"processor-generation": "skylake", "connected": "yes"}


def names(path: Path) -> list[str]:
    return [
        step.release.name.removeprefix("Cloud")
        + (f"+{step.rides.name.removeprefix('Cloud')}" if step.rides else "")
        for step in path.steps
    ]


def hub(*on: str, **more: Any) -> SystemFacts:
    return system(HUB, *on, facts=more.pop("facts", MODERN), **more)


def to_newest(*on: str, **more: Any) -> Path:
    return plan_path(HUB, hub(*on, **more))


# --- targets ------------------------------------------------------------------------------------------------


def test_to_the_newest_with_gates_firmware_and_riding_hotfixes() -> None:
    path = to_newest("1.2108.2.65", "1.2108.2.127", "2.2")
    assert path.reached
    assert names(path) == [
        "1.2108.2.130",
        "1.2206.1.24+1.2206.2.77",
        "1.2301.2.58+1.2301.3.97",
        "1.2306.2.47+1.2306.4.102",
        "Smith2.3.2401.2",
        "1.2311.1.22+1.2311.3.62",
    ]
    assert [step.because for step in path.steps] == [
        Because.REQUIRED,
        Because.NEXT_FAMILY,
        Because.NEXT_FAMILY,
        Because.NEXT_FAMILY,
        Because.REQUIRED,
        Because.TARGET,
    ]
    assert (path.from_version, path.to_version) == ("1.2108.2.127", "1.2311.3.62")
    assert (path.steps[4].from_version, path.steps[4].to_version) == ("2.2", "2.3.2401.2")


def test_the_whole_history_can_be_walked() -> None:
    path = to_newest("171201.3", "2.0")
    assert path.reached
    families = [step.release.family for step in path.steps if step.release.family]
    assert families == list(HUB.families)[2:]


def test_on_the_newest_only_its_newest_hotfix_is_left() -> None:
    path = to_newest("1.2311.1.22", "2.3.2401.2")
    assert names(path) == ["1.2311.3.62"]
    done = to_newest("1.2311.1.22", "1.2311.3.62", "2.3.2401.2")
    assert (done.reached, done.steps) == (True, ())


def test_back_into_support_with_the_least() -> None:
    path = plan_path(HUB, hub("1.2108.2.65", "1.2108.2.130", "2.2"), Target.SUPPORTED)
    assert path.reached
    assert names(path) == ["1.2206.1.24+1.2206.2.77", "1.2301.2.58+1.2301.3.97"]


def test_a_supported_system_needs_nothing_to_be_supported() -> None:
    path = plan_path(HUB, hub("1.2301.2.58", "2.2"), Target.SUPPORTED)
    assert (path.reached, path.steps) == (True, ())


def test_no_update_stands_in_for_a_contract() -> None:
    facts = hub("1.2301.2.58", "2.2", contract=HardwareContract(valid=False))
    path = plan_path(HUB, facts, Target.SUPPORTED)
    assert not path.reached
    assert codes(path.why_not) == {"contract-missing"}


@pytest.mark.parametrize("target", ["1.2206.1.24", "Cloud1.2206.1.24"])
def test_to_a_named_build(target: str) -> None:
    path = plan_path(HUB, hub("1.2108.2.65", "1.2108.2.130", "2.2"), target)
    assert (names(path), path.reached) == (["1.2206.1.24+1.2206.2.77"], True)


def test_to_a_named_hotfix_of_a_later_family() -> None:
    path = plan_path(HUB, hub("1.1908.4.33", "1.1908.51.133", "2.2"), "1.1910.24.108")
    assert names(path) == ["1.1910.0.58", "1.1910.24.108"]


def test_to_a_named_firmware() -> None:
    path = plan_path(HUB, hub("1.1908.4.33", "2.1"), "2.2")
    assert names(path) == ["Smith2.2"]


def test_to_firmware_that_needs_a_later_family() -> None:
    lines = oem_line(oem("2.0"), oem("3.0", min_platform_version=v("1.2.0.1")))
    graph = graph_of(
        platform(chain("a", "b"), full("1.1.0.1", "a"), full("1.2.0.1", "b")),
        lines,
    )
    path = plan_path(graph, system(graph, "1.1.0.1", "2.0"), "3.0")
    assert names(path) == ["1.2.0.1", "Smith3.0"]


def test_to_what_is_passed_there_is_no_path_and_it_says_why() -> None:
    path = plan_path(HUB, hub("1.2311.1.22"), "1.2306.2.47")
    assert (path.reached, path.steps) == (False, ())
    assert codes(path.why_not) == {"release-obsolete"}


def test_to_what_is_installed_there_is_nothing_to_do() -> None:
    path = plan_path(HUB, hub("1.2306.2.47"), "1.2306.2.47")
    assert (path.reached, path.steps) == (True, ())


def test_a_target_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound):
        plan_path(HUB, hub("1.2306.2.47"), "1.9999.0.1")


# --- the recommendation -------------------------------------------------------------------------------------


def test_the_newest_hotfix_goes_on_before_the_family_is_left_unless_told_otherwise() -> None:
    facts = hub("1.1901.0.95")
    assert names(plan_path(HUB, facts, "1.1902.0.69")) == ["1.1901.5.109", "1.1902.0.69"]
    assert names(plan_path(HUB, facts, "1.1902.0.69", recommended=False)) == ["1.1902.0.69"]


def test_a_conditional_prerequisite_is_on_the_path_only_where_it_holds() -> None:
    clean = plan_path(HUB, hub("1.1901.0.99"), "1.1902.0.69", recommended=False)
    assert names(clean) == ["1.1902.0.69"]
    stained = plan_path(HUB, hub("1.1901.0.99", "1901.2.103"), "1.1902.0.69", recommended=False)
    assert names(stained) == ["1.1901.5.109", "1.1902.0.69"]
    assert stained.steps[0].because is Because.REQUIRED


def test_a_hotfix_of_several_families_is_installed_once() -> None:
    path = plan_path(HUB, hub("180106.1"), "20180329.1", recommended=False)
    assert names(path) == ["1.0.180312.1", "20180302.1", "20180329.1"]


def test_the_reissue_is_taken_and_the_first_build_left_out_with_its_reason() -> None:
    path = plan_path(HUB, hub("1.1811.0.101"), "1.1902.0.69", recommended=False)
    assert names(path) == ["1.1901.0.99", "1.1902.0.69"]
    assert "re-issued" in path.left_out[0].what


# --- what stands in the way ---------------------------------------------------------------------------------


def test_it_leads_as_far_as_it_goes_and_says_why_not_further() -> None:
    old = {"processor-generation": "broadwell", "connected": "yes"}
    path = to_newest("1.2301.2.58", "1.2301.3.97", "2.2", facts=old)
    assert not path.reached
    assert names(path) == ["1.2306.2.47+1.2306.4.102"]
    assert codes(path.why_not) == {"not-for-this-system"}


def test_a_missing_fact_is_what_stands_in_the_way_and_is_named() -> None:
    path = plan_path(HUB, hub("1.2306.2.47", "2.3.2401.2", facts={"connected": "yes"}), "1.2311.1.22")
    assert (path.reached, path.steps) == (False, ())
    assert codes(path.why_not) == {"fact-missing"}
    assert "processor-generation" in path.why_not[0].what


def test_a_withdrawn_family_ends_the_way_with_its_reason() -> None:
    gone = full("1.2.0.1", "b", status=ReleaseStatus.WITHDRAWN, status_reason="it loses data")
    graph = graph_of(platform(chain("a", "b", "c"), full("1.1.0.1", "a"), gone, full("1.3.0.1", "c")))
    path = plan_path(graph, system(graph, "1.1.0.1"))
    assert not path.reached
    assert "it loses data" in path.why_not[0].what


def test_a_family_without_a_known_build_ends_the_way() -> None:
    graph = graph_of(platform(chain("a", "b", "c"), full("1.1.0.1", "a"), full("1.3.0.1", "c")))
    path = plan_path(graph, system(graph, "1.1.0.1"))
    assert codes(path.why_not) == {"family-without-release"}
    assert codes(plan_path(graph, system(graph, "1.1.0.1"), "1.3.0.1").why_not) >= {"family-without-release"}


def test_without_a_ledger_there_is_no_path() -> None:
    assert codes(to_newest().why_not) == {"current-family-unknown"}


def test_firmware_that_waits_for_the_family_that_waits_for_it_is_no_endless_search() -> None:
    lines = oem_line(oem("2.0"), oem("3.0", min_platform_version=v("1.2.0.1")))
    graph = graph_of(
        platform(chain("a", "b"), full("1.1.0.1", "a"), full("1.2.0.1", "b", min_oem_version=v("3.0"))), lines
    )
    path = plan_path(graph, system(graph, "1.1.0.1", "2.0"))
    assert not path.reached
    assert path.why_not


def test_older_firmware_that_can_go_on_is_taken_where_the_newest_cannot() -> None:
    lines = oem_line(oem("2.0"), oem("2.5"), oem("3.0", min_platform_version=v("1.2.0.1")))
    graph = graph_of(
        platform(chain("a", "b"), full("1.1.0.1", "a"), full("1.2.0.1", "b", min_oem_version=v("2.5"))), lines
    )
    assert names(plan_path(graph, system(graph, "1.1.0.1", "2.0"))) == ["Smith2.5", "1.2.0.1"]


def test_firmware_that_needs_firmware_goes_on_in_order() -> None:
    lines = oem_line(oem("1.0"), oem("2.0"), oem("3.0", min_oem_version=v("2.0")))
    graph = graph_of(
        platform(chain("a", "b"), full("1.1.0.1", "a"), full("1.2.0.1", "b", min_oem_version=v("3.0"))), lines
    )
    assert names(plan_path(graph, system(graph, "1.1.0.1", "1.0"))) == ["Smith2.0", "Smith3.0", "1.2.0.1"]


# --- risks --------------------------------------------------------------------------------------------------


def risky(**risk: Any) -> ReleaseGraph:
    danger = Risk("Danger", "It may burn.", **risk)
    return graph_of(
        platform(
            chain("a", "b"),
            full("1.1.0.1", "a"),
            hotfix("1.1.1.1", "a"),
            full("1.2.0.1", "b", risks=(danger,)),
        )
    )


def test_a_path_takes_no_risk_that_is_not_accepted() -> None:
    graph = risky()
    facts = system(graph, "1.1.0.1", "1.1.1.1")
    assert codes(plan_path(graph, facts).why_not) == {"risk"}
    accepted = plan_path(graph, replace(facts, accepted_risks=frozenset({"Danger"})))
    assert names(accepted) == ["1.2.0.1"]
    assert "risk-accepted" in codes(accepted.steps[0].findings)


def test_what_cannot_be_evaluated_is_not_recommended() -> None:
    graph = risky(rules=(FactTest("gpus", Comparison.AT_LEAST, ("1",)),))
    assert codes(plan_path(graph, system(graph, "1.1.0.1")).why_not) == {"risk-unknown"}
    assert plan_path(graph, system(graph, "1.1.0.1", facts={"gpus": "0"})).reached


@pytest.mark.parametrize("risk", [{"from_builds": (v("1.1.0.1"),)}, {"fixed_in": v("1.1.1.1")}])
def test_a_path_goes_round_a_risk_by_the_hotfix_that_lifts_it(risk: dict[str, Any]) -> None:
    graph = risky(**risk)
    path = plan_path(graph, system(graph, "1.1.0.1"), recommended=False)
    assert names(path) == ["1.1.1.1", "1.2.0.1"]
    assert "Danger" in path.steps[0].why


# --- objectives and durations -------------------------------------------------------------------------------


def minutes(least: int, most: int | None = None) -> tuple[ExpectedRuntime, ...]:
    return (ExpectedRuntime(None, least, most if most is not None else least),)


def choice() -> ReleaseGraph:
    """The gate can be opened by a slow hotfix without restarts or a fast one with; a second way from a
    leads past b with firmware."""

    def timed(release: Release, least: int, *, restarts: bool = False) -> Release:
        return replace(release, expected_runtimes=minutes(least), restarts_nodes=restarts)

    families = (*chain("a", "b"), Family("c", "b", also_from=("a",)))
    return graph_of(
        platform(
            families,
            timed(full("1.1.0.1", "a"), 60),
            timed(hotfix("1.1.1.1", "a"), 90),
            timed(hotfix("1.1.2.2", "a"), 20, restarts=True),
            timed(full("1.2.0.1", "b", "1.1.1.1"), 60, restarts=True),
            timed(full("1.3.0.1", "c", min_oem_version=v("2.0")), 300),
        ),
        oem_line(timed(oem("2.0"), 200)),
    )


def test_the_objective_decides_between_ways() -> None:
    graph = choice()
    facts = system(graph, "1.1.0.1")
    shortest = {
        objective: plan_path(graph, facts, "1.2.0.1", objective, recommended=False) for objective in Objective
    }
    assert names(shortest[Objective.LEAST_TIME]) == ["1.1.2.2", "1.2.0.1"]
    assert shortest[Objective.LEAST_TIME].total.most == 80
    assert names(shortest[Objective.FEWEST_RESTARTS]) == ["1.1.1.1", "1.2.0.1"]
    assert shortest[Objective.FEWEST_RESTARTS].restarts == 1


def test_a_shortcut_that_the_publisher_names_is_taken_where_it_costs_less() -> None:
    graph = choice()
    facts = system(graph, "1.1.0.1")
    few = plan_path(graph, facts, "1.3.0.1", Objective.FEWEST_WINDOWS, recommended=False)
    assert names(few) == ["Smith2.0", "1.3.0.1"]
    quiet = plan_path(graph, facts, "1.3.0.1", Objective.FEWEST_RESTARTS, recommended=False)
    assert quiet.restarts == 0


def test_how_long_it_takes_is_a_range_by_node_count_with_the_riding_hotfix_in_it() -> None:
    path = plan_path(HUB, hub("1.2301.2.58", "1.2301.3.97", "2.2", nodes=7), "1.2306.2.47")
    (step,) = path.steps
    assert step.duration is not None
    assert (step.duration.least, step.duration.most) == (11 * 60, 30 * 60)
    assert path.total.unknown == ("Cloud1.2306.4.102",)


def test_a_duration_that_nobody_has_said_is_unknown_not_guessed() -> None:
    path = plan_path(HUB, hub("1.1805.1.47"), "1.1807.0.76")
    assert path.steps[0].duration is None
    assert path.total.unknown == ("Cloud1.1807.0.76",)


def test_what_was_measured_here_replaces_what_the_publisher_said() -> None:
    graph = graph_of(
        platform(
            chain("a", "b", "c"),
            full("1.1.0.1", "a", expected_runtimes=hours((None, 8, 12))),
            full("1.2.0.1", "b", expected_runtimes=hours((None, 8, 12))),
            full("1.3.0.1", "c", expected_runtimes=hours((None, 4, 6))),
        )
    )
    runs = tuple(MeasuredRun(graph.find(name).id, m) for name, m in (("1.1.0.1", 300.0), ("1.2.0.1", 360.0)))
    facts = system(graph, "1.1.0.1", "1.2.0.1", measured=runs)
    (step,) = plan_path(graph, facts).steps
    assert step.duration is not None
    assert step.duration.source is DurationSource.MEASURED
    assert 100 < step.duration.least < 150
    assert 180 < step.duration.most < 250


def test_one_bad_night_does_not_make_every_range_wide() -> None:
    graph = graph_of(
        platform(
            chain("a", "b"),
            full("1.1.0.1", "a", expected_runtimes=hours((None, 8, 12))),
            full("1.2.0.1", "b", expected_runtimes=hours((None, 4, 6))),
        )
    )
    here = graph.find("1.1.0.1").id
    facts = system(
        graph, "1.1.0.1", measured=tuple(MeasuredRun(here, m) for m in (300, 5_000, 310, 290, 300))
    )
    durations = Durations(graph, facts)
    for version, usual in (("1.1.0.1", 300), ("1.2.0.1", 150)):
        duration = durations.of(graph.find(version))
        assert duration is not None
        assert usual / 2 < duration.least < usual < duration.most < 2 * usual


def test_what_was_measured_on_one_system_is_not_told_of_another() -> None:
    runs = (MeasuredRun(HUB.find("1.2301.2.58").id, 1.0),)
    measured = plan_path(HUB, hub("1.2301.2.58", "2.2", measured=runs), "1.2306.2.47")
    other = plan_path(HUB, hub("1.2301.2.58", "2.2"), "1.2306.2.47")
    assert measured.total.most < other.total.most


def test_a_required_condition_of_the_system_names_what_to_do() -> None:
    memory = Condition(
        "12 GiB free.", "Free memory.", facts=(FactTest("free", Comparison.AT_LEAST, ("12",)),)
    )
    graph = graph_of(
        platform(chain("a", "b"), full("1.1.0.1", "a"), full("1.2.0.1", "b", conditions=(memory,)))
    )
    path = plan_path(graph, system(graph, "1.1.0.1", facts={"free": "4"}))
    assert [finding.remedy for finding in path.why_not] == ["Free memory."]


def test_where_every_release_is_withdrawn_the_newest_is_not_reached_and_that_is_said() -> None:
    gone = [full(f"1.{n}.0.1", f, status=ReleaseStatus.WITHDRAWN) for n, f in ((1, "a"), (2, "b"))]
    graph = graph_of(platform(chain("a", "b"), *gone))
    path = plan_path(graph, system(graph, "1.1.0.1"))
    assert not path.reached
    assert codes(path.why_not) == {"nothing-supported"}
