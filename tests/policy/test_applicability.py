"""Why can't I install X? Every release gets its state with all reasons, each with what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pitstop.model.conditions import Comparison, Condition, FactTest, Risk
from pitstop.model.findings import Severity
from pitstop.model.releases import Family, HardwareMatch, Release, ReleaseStatus
from pitstop.model.updates import UpdateState
from pitstop.policy.applicability import Applicability, applicabilities
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from policy.building import (
    ISSUED,
    chain,
    codes,
    entry,
    full,
    graph_of,
    hotfix,
    oem,
    oem_line,
    platform,
    system,
    v,
)
from policy.hub_history import firmware, history

HUB = graph_of(history(), firmware())
S = UpdateState
BASE = full("1.1.0.1", "a")
FIX = hotfix("1.1.1.1", "a")
NEWER_FIX = hotfix("1.1.2.2", "a")
NEXT = full("1.2.0.1", "b", "1.1.1.1")


def asked(graph: ReleaseGraph, facts: SystemFacts, name: str) -> Applicability:
    return applicabilities(graph, facts)[graph.find(name).name]


def small(next_: Release = NEXT, *more: Release) -> ReleaseGraph:
    lines = oem_line(oem("2.0"), oem("2.1"), oem("2.2"))
    return graph_of(platform(chain("a", "b"), BASE, FIX, NEWER_FIX, next_, *more), lines)


def of_next(*on: str, **entry_: Any) -> Applicability:
    """What a changed next family shows on a system with its gate open."""
    graph = small(replace(NEXT, **entry_))
    return asked(graph, system(graph, "1.1.0.1", "1.1.1.1", "2.0", *on), "1.2.0.1")


def test_every_release_has_a_state_and_every_no_has_a_reason_and_a_remedy() -> None:
    facts = system(HUB, "1.1908.4.33", "2.1", hardware_family="rack")
    for verdict in applicabilities(HUB, facts).values():
        if verdict.state not in (S.READY, S.INSTALLED):
            assert verdict.blocking, verdict.release.name
            assert all(finding.what and finding.remedy for finding in verdict.blocking)
            assert not verdict.installable


# --- families and hotfixes ----------------------------------------------------------------------------------


def test_the_next_family_is_ready_when_its_gate_is_open() -> None:
    graph = small()
    assert asked(graph, system(graph, "1.1.0.1", "1.1.1.1"), "1.2.0.1").state is S.READY
    assert asked(graph, system(graph, "1.1.0.1", "1.1.2.2"), "1.2.0.1").state is S.READY


def test_the_gate_names_the_hotfix_and_the_newest_of_its_family_as_the_remedy() -> None:
    graph = small()
    verdict = asked(graph, system(graph, "1.1.0.1"), "1.2.0.1")
    assert verdict.state is S.HAS_PREREQUISITE
    (reason,) = verdict.blocking
    assert (reason.code, reason.remedy) == ("hotfix-missing", "Install Cloud1.1.2.2 first.")
    assert [(item.what, item.met) for item in verdict.prerequisites] == [
        ("family a", True),
        ("hotfix 1.1.1.1 or newer", False),
    ]


def test_a_family_is_not_entered_from_two_before_it() -> None:
    verdict = asked(HUB, system(HUB, "1.2108.2.65", "2.3.2401.2"), "1.2301.2.58")
    assert verdict.state is S.HAS_PREREQUISITE
    assert codes(verdict.blocking) == {"family-before-missing", "hotfix-missing"}
    assert verdict.blocking[0].remedy == "Install Cloud1.2206.1.24 first."


def test_all_reasons_are_given_not_the_first() -> None:
    facts = system(HUB, "1.2108.2.65", "2.2", facts={"processor-generation": "broadwell", "connected": "no"})
    verdict = asked(HUB, facts, "1.2311.1.22")
    assert verdict.state is S.INVALID
    assert codes(verdict.blocking) == {
        "family-before-missing",
        "oem-too-old",
        "hotfix-missing",
        "not-for-this-system",
        "content-required",
    }


def test_a_hotfix_goes_on_its_own_family_alone() -> None:
    facts = system(HUB, "1.2002.0.35")
    assert asked(HUB, facts, "1.2002.66.173").state is S.READY
    assert asked(HUB, facts, "1.2005.35.112").state is S.HAS_PREREQUISITE
    passed = asked(HUB, facts, "1.1910.84.230")
    assert passed.state is S.OBSOLETE
    assert "1910" in passed.reasons[0].what


def test_a_hotfix_older_than_the_installed_one_is_obsolete_and_says_which_holds_it() -> None:
    verdict = asked(HUB, system(HUB, "1.2002.0.35", "1.2002.69.179"), "1.2002.66.173")
    assert verdict.state is S.OBSOLETE
    assert "1.2002.69.179" in verdict.reasons[0].what


def test_the_hotfix_that_leaves_the_version_as_it_is_opens_the_gate_of_two_families() -> None:
    closed = asked(HUB, system(HUB, "180106.1"), "20180302.1")
    assert closed.state is S.HAS_PREREQUISITE
    on = ["180106.1", "1.0.180312.1"]
    assert asked(HUB, system(HUB, *on), "20180302.1").state is S.READY
    assert asked(HUB, system(HUB, *on, "20180302.1"), "20180329.1").state is S.READY


def test_a_reissue_is_for_those_who_have_neither() -> None:
    before = system(HUB, "1.1811.0.101")
    assert asked(HUB, before, "1.1901.0.99").state is S.READY
    assert asked(HUB, before, "1.1901.0.95").state is S.OBSOLETE
    on_first = system(HUB, "1.1901.0.95")
    assert asked(HUB, on_first, "1.1901.0.95").state is S.INSTALLED
    assert asked(HUB, on_first, "1.1901.0.99").state is S.OBSOLETE
    assert asked(HUB, on_first, "1.1902.0.69").state is S.READY


def test_a_withdrawn_reissue_gives_way_to_what_it_reissued() -> None:
    again = full("1.2.0.2", "b", "1.1.1.1", reissues=v("1.2.0.1"), status=ReleaseStatus.WITHDRAWN)
    graph = small(NEXT, again)
    facts = system(graph, "1.1.0.1", "1.1.1.1")
    assert asked(graph, facts, "1.2.0.1").state is S.READY
    recalled = asked(graph, facts, "1.2.0.2")
    assert (recalled.state, recalled.reasons[0].remedy) == (S.RECALLED, "Use Cloud1.2.0.1 instead.")


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (("1.1901.0.95",), S.READY),
        (("1.1901.0.99",), S.READY),
        (("1.1901.0.99", "1901.2.103"), S.HAS_PREREQUISITE),
        (("1.1901.0.99", "1901.2.103", "1901.3.105"), S.READY),
        (("1.1901.0.99", "1901.2.103", "1.1901.5.109"), S.READY),
        (("1.1901.0.99", "1901.3.105"), S.READY),
    ],
)
def test_a_conditional_prerequisite_holds_only_where_its_build_went_on(
    on: tuple[str, ...], state: UpdateState
) -> None:
    assert asked(HUB, system(HUB, *on), "1.1902.0.69").state is state


def test_an_unknown_current_family_leaves_it_unknown_and_says_what_to_do() -> None:
    strange = replace(entry(BASE), family="z", release=replace(BASE.id, version=v("1.9.9.9")))
    graph = small()
    unknown = asked(graph, system(graph, installed=(strange,)), "1.2.0.1")
    assert unknown.state is S.HAS_PREREQUISITE
    assert "current-family-unknown" in codes(unknown.blocking)
    empty = asked(graph, system(graph), "1.2.0.1")
    assert "pitstop system adopt" in empty.blocking[0].remedy


def test_a_family_may_be_entered_from_a_withdrawn_branch_that_it_names() -> None:
    gone = full("1.2.0.1", "b", status=ReleaseStatus.WITHDRAWN)
    families = (*chain("a", "b"), Family("c", "a", also_from=("b",)))
    graph = graph_of(platform(families, BASE, gone, full("1.3.0.1", "c")))
    assert asked(graph, system(graph, "1.2.0.1"), "1.3.0.1").state is S.READY
    assert asked(graph, system(graph, "1.1.0.1"), "1.3.0.1").state is S.READY


# --- OEM, hardware, facts, content --------------------------------------------------------------------------


def test_a_minimum_oem_version_names_the_newest_package_for_this_hardware() -> None:
    lacking = of_next(min_oem_version=v("2.1"))
    assert lacking.state is S.HAS_PREREQUISITE
    assert lacking.blocking[0].remedy == "Install Smith2.2 first."
    assert of_next("2.1", min_oem_version=v("2.1")).state is S.READY


def test_an_oem_package_may_need_the_platform_first() -> None:
    lines = oem_line(oem("2.0"), oem("3.0", min_platform_version=v("1.2.0.1")))
    graph = graph_of(platform(chain("a", "b"), BASE, FIX, NEXT), lines)
    lacking = asked(graph, system(graph, "1.1.0.1", "2.0"), "3.0")
    assert (lacking.state, codes(lacking.blocking)) == (S.HAS_PREREQUISITE, {"platform-too-old"})
    assert lacking.blocking[0].remedy == "Install Cloud1.2.0.1 first."
    assert asked(graph, system(graph, "1.1.0.1", "1.1.1.1", "1.2.0.1", "2.0"), "3.0").state is S.READY


def test_older_firmware_is_obsolete() -> None:
    graph = small()
    assert asked(graph, system(graph, "1.1.0.1", "2.1"), "2.0").state is S.OBSOLETE


@pytest.mark.parametrize(
    ("match", "family", "model", "state"),
    [
        (HardwareMatch("rack"), "rack", "r1", S.READY),
        (HardwareMatch("rack", "r1"), "rack", "r1", S.READY),
        (HardwareMatch("rack", "r2"), "rack", "r1", S.INVALID),
        (HardwareMatch("blade"), "rack", "r1", S.INVALID),
        (HardwareMatch("rack"), "", "", S.HAS_PREREQUISITE),
        (HardwareMatch("rack", "r1"), "rack", "", S.HAS_PREREQUISITE),
    ],
)
def test_other_hardware_is_invalid_and_unrecorded_hardware_unknown(
    match: HardwareMatch, family: str, model: str, state: UpdateState
) -> None:
    graph = small(replace(NEXT, hardware=(match,)))
    facts = system(graph, "1.1.0.1", "1.1.1.1", hardware_family=family, hardware_model=model)
    assert asked(graph, facts, "1.2.0.1").state is state


MEMORY = Condition(
    says="At least 12 GiB of memory must be free.",
    remedy="Free memory.",
    facts=(FactTest("free-memory-gib", Comparison.AT_LEAST, ("12",)),),
)


@pytest.mark.parametrize(
    ("recorded", "state", "code"),
    [
        ({"free-memory-gib": "12"}, S.READY, None),
        ({"free-memory-gib": "11.9"}, S.HAS_PREREQUISITE, "condition-not-met"),
        ({}, S.HAS_PREREQUISITE, "fact-missing"),
        ({"free-memory-gib": "plenty"}, S.HAS_PREREQUISITE, "fact-missing"),
        ({"free-memory-gib": "NaN"}, S.HAS_PREREQUISITE, "fact-missing"),
    ],
)
def test_a_fact_decides_and_a_missing_one_makes_it_unknown_and_is_named(
    recorded: dict[str, str], state: UpdateState, code: str | None
) -> None:
    graph = small(replace(NEXT, conditions=(MEMORY,)))
    verdict = asked(graph, system(graph, "1.1.0.1", "1.1.1.1", facts=recorded), "1.2.0.1")
    assert verdict.state is state
    assert codes(verdict.blocking) == ({code} if code else set())
    if code == "fact-missing":
        assert "free-memory-gib" in verdict.blocking[0].what
        assert [item.met for item in verdict.prerequisites][-1] is None


@pytest.mark.parametrize(
    ("recorded", "content", "state"),
    [
        ({"connected": "yes"}, frozenset(), S.READY),
        ({"connected": "no"}, frozenset(), S.ADDITIONAL_CONTENT_REQUIRED),
        ({"connected": "no"}, frozenset({"sql-2019-product-key"}), S.READY),
        ({}, frozenset(), S.HAS_PREREQUISITE),
        ({}, frozenset({"sql-2019-product-key"}), S.READY),
    ],
)
def test_content_that_the_operator_must_bring(
    recorded: dict[str, str], content: frozenset[str], state: UpdateState
) -> None:
    known = {"processor-generation": "skylake", **recorded}
    on = ("1.2306.2.47", "1.2306.4.102", "2.3.2401.2")
    assert asked(HUB, system(HUB, *on, facts=known, content=content), "1.2311.1.22").state is state


# --- risks --------------------------------------------------------------------------------------------------

RISK = Risk(
    name="GpuLost",
    message="Machines with a GPU may not start.",
    link="https://example.org/gpu",
    rules=(
        FactTest("gpus-in-use", Comparison.AT_LEAST, ("1",)),
        FactTest("model", Comparison.ONE_OF, ("gpu-rack",)),
    ),
)


@pytest.mark.parametrize(
    ("recorded", "code"),
    [
        ({"gpus-in-use": "0"}, None),
        ({"gpus-in-use": "2"}, "risk"),
        ({"model": "plain"}, None),
        ({"model": "gpu-rack"}, "risk"),
        ({"gpus-in-use": "0", "model": "gpu-rack"}, None),
        ({}, "risk-unknown"),
    ],
)
def test_the_first_rule_of_a_risk_that_can_be_evaluated_decides(
    recorded: dict[str, str], code: str | None
) -> None:
    graph = small(replace(NEXT, risks=(RISK,)))
    verdict = asked(graph, system(graph, "1.1.0.1", "1.1.2.2", facts=recorded), "1.2.0.1")
    assert verdict.state is S.READY
    assert codes(verdict.reasons) == ({code} if code else set())
    assert verdict.installable is verdict.recommended is (code is None)


def test_a_risk_that_is_accepted_by_name_no_longer_blocks_but_is_still_said() -> None:
    graph = small(replace(NEXT, risks=(RISK,)))
    facts = system(graph, "1.1.0.1", "1.1.2.2", accepted_risks=frozenset({"GpuLost"}))
    verdict = asked(graph, facts, "1.2.0.1")
    assert (verdict.installable, verdict.recommended) == (True, False)
    assert codes(verdict.reasons) == {"risk-accepted"}


def test_a_risk_of_a_step_is_there_only_from_its_builds() -> None:
    entry_: dict[str, Any] = {"risks": (replace(RISK, rules=(), from_builds=(v("1.1.1.1"),)),)}
    assert not of_next(**entry_).installable
    assert of_next("1.1.2.2", **entry_).installable


def test_a_risk_is_gone_with_the_build_that_mends_it() -> None:
    fixed: dict[str, Any] = {"risks": (replace(RISK, rules=(), fixed_in=v("1.1.2.2")),)}
    assert not of_next(**fixed).installable
    assert of_next("1.1.2.2", **fixed).installable


def test_a_risk_is_gone_when_the_hotfix_that_mends_it_rides_along() -> None:
    mending = hotfix("1.2.1.1", "b")
    risky = replace(NEXT, risks=(replace(RISK, rules=(), fixed_in=v("1.2.1.1")),))
    alone, riding = small(risky, mending), small(replace(risky, hotfix_rides=True), mending)
    assert not asked(alone, system(alone, "1.1.0.1", "1.1.2.2"), "1.2.0.1").installable
    assert asked(riding, system(riding, "1.1.0.1", "1.1.2.2"), "1.2.0.1").installable


# --- withdrawn, disputed, advice ----------------------------------------------------------------------------


def test_a_withdrawn_release_is_recalled_with_the_publishers_reason() -> None:
    verdict = of_next(status=ReleaseStatus.WITHDRAWN, status_reason="it loses data")
    assert verdict.state is S.RECALLED
    assert "it loses data" in verdict.reasons[0].what


def test_a_withdrawn_release_that_is_installed_stays_installed_and_is_said() -> None:
    graph = small(replace(NEXT, status=ReleaseStatus.WITHDRAWN))
    verdict = asked(graph, system(graph, "1.1.0.1", "1.1.1.1", "1.2.0.1"), "1.2.0.1")
    assert verdict.state is S.INSTALLED
    assert [(f.code, f.severity) for f in verdict.reasons] == [("release-withdrawn", Severity.INFORMATIONAL)]


def test_one_identity_with_two_digests_blocks() -> None:
    one = platform(chain("a", "b"), BASE, FIX, replace(NEXT, package_sha256="1" * 64))
    other = platform(chain("a", "b"), BASE, FIX, replace(NEXT, package_sha256="2" * 64))
    graph = graph_of(one, other)
    verdict = asked(graph, system(graph, "1.1.0.1", "1.1.1.1"), "1.2.0.1")
    assert (verdict.state, codes(verdict.blocking)) == (S.INVALID, {"identity-disputed"})


def test_the_newest_hotfix_is_recommended_and_never_enforced() -> None:
    verdict = of_next()
    assert verdict.installable
    assert [(f.code, f.severity) for f in verdict.reasons] == [("newer-hotfix", Severity.INFORMATIONAL)]
    assert "Cloud1.1.2.2" in verdict.reasons[0].remedy


BY_HAND = {"import-by-hand"}


@pytest.mark.parametrize("stored", [S.DOWNLOAD_FAILED, S.PREPARATION_FAILED])
@pytest.mark.parametrize(("failures", "advised"), [(0, set()), (1, set()), (2, BY_HAND), (3, BY_HAND)])
def test_after_the_second_failure_the_advice_is_to_import_by_hand(
    stored: UpdateState, failures: int, advised: set[str]
) -> None:
    graph = small()
    facts = system(
        graph,
        "1.1.0.1",
        "1.1.2.2",
        states={"Cloud1.2.0.1": stored},
        failed_to_get={"Cloud1.2.0.1": failures},
    )
    verdict = asked(graph, facts, "1.2.0.1")
    assert codes(verdict.reasons) == advised
    assert verdict.installable


def test_what_has_been_got_by_now_is_not_imported_by_hand() -> None:
    graph = small()
    states, failures = {"Cloud1.2.0.1": S.HEALTH_CHECK_FAILED}, {"Cloud1.2.0.1": 2}
    facts = system(graph, "1.1.0.1", "1.1.2.2", states=states, failed_to_get=failures)
    assert codes(asked(graph, facts, "1.2.0.1").reasons) == set()


# --- stored states ------------------------------------------------------------------------------------------

KEPT = (S.DOWNLOADING, S.PREPARING, S.HEALTH_CHECKING, S.INSTALLING, S.INSTALLATION_FAILED)
RETRIED = (S.DOWNLOAD_FAILED, S.PREPARATION_FAILED, S.HEALTH_CHECK_FAILED, S.READY_TO_INSTALL, S.READY)


@pytest.mark.parametrize("stored", [*KEPT, *RETRIED])
def test_a_stored_state_shows_while_nothing_is_against_it(stored: UpdateState) -> None:
    graph = small()
    facts = system(graph, "1.1.0.1", "1.1.2.2", states={"Cloud1.2.0.1": stored})
    verdict = asked(graph, facts, "1.2.0.1")
    assert verdict.state is stored
    assert verdict.installable is (stored in RETRIED)


@pytest.mark.parametrize("stored", KEPT)
def test_what_is_under_way_shows_that_even_when_it_is_withdrawn_meanwhile(stored: UpdateState) -> None:
    graph = small(replace(NEXT, status=ReleaseStatus.WITHDRAWN))
    facts = system(graph, "1.1.0.1", "1.1.2.2", states={"Cloud1.2.0.1": stored})
    verdict = asked(graph, facts, "1.2.0.1")
    assert (verdict.state, codes(verdict.blocking)) == (stored, {"release-withdrawn"})


@pytest.mark.parametrize("stored", RETRIED)
def test_what_would_be_started_again_shows_what_is_against_it(stored: UpdateState) -> None:
    graph = small(replace(NEXT, status=ReleaseStatus.WITHDRAWN))
    facts = system(graph, "1.1.0.1", "1.1.2.2", states={"Cloud1.2.0.1": stored})
    assert asked(graph, facts, "1.2.0.1").state is S.RECALLED


def test_installed_stays_installed() -> None:
    graph = small()
    facts = system(graph, "1.1.0.1", "1.1.1.1", "1.2.0.1", in_progress="Smith2.1")
    for name in ("1.1.0.1", "1.1.1.1", "1.2.0.1"):
        assert asked(graph, facts, name).state is S.INSTALLED
    assert asked(graph, facts, "2.2").state is S.ANOTHER_IN_PROGRESS


@pytest.mark.parametrize(
    "busy",
    [
        {"in_progress": "Smith2.1"},
        {"states": {"Smith2.1": S.HEALTH_CHECKING}},
        {"states": {"Smith2.1": S.INSTALLATION_FAILED}},
    ],
)
def test_one_update_at_a_time(busy: dict[str, Any]) -> None:
    graph = small()
    verdict = asked(graph, system(graph, "1.1.0.1", "1.1.2.2", "2.0", **busy), "1.2.0.1")
    assert verdict.state is S.ANOTHER_IN_PROGRESS
    assert "Smith2.1" in verdict.blocking[0].remedy
    own = asked(graph, system(graph, "1.1.0.1", "1.1.2.2", "2.0", **busy), "2.1")
    assert own.state is not S.ANOTHER_IN_PROGRESS


def test_a_prerequisite_shows_before_another_update_in_progress() -> None:
    graph = small()
    verdict = asked(graph, system(graph, "1.1.0.1", in_progress="Smith2.1"), "1.2.0.1")
    assert verdict.state is S.HAS_PREREQUISITE
    assert codes(verdict.blocking) == {"hotfix-missing", "another-update-in-progress"}


@pytest.mark.parametrize(("age", "state"), [(7, S.READY_TO_INSTALL), (8, S.HEALTH_CHECK_EXPIRED)])
def test_a_health_check_expires(age: int, state: UpdateState) -> None:
    graph = small()
    facts = system(
        graph,
        "1.1.0.1",
        "1.1.2.2",
        states={"Cloud1.2.0.1": S.READY_TO_INSTALL},
        health_checked={"Cloud1.2.0.1": ISSUED - timedelta(days=age)},
    )
    verdict = asked(graph, facts, "1.2.0.1")
    assert (verdict.state, verdict.installable) == (state, True)


def test_a_warning_set_aside_by_name_no_longer_blocks() -> None:
    graph = small(replace(NEXT, risks=(replace(RISK, rules=()),)))
    facts = system(graph, "1.1.0.1", "1.1.2.2", overrides=frozenset({"risk", "hotfix-missing"}))
    assert asked(graph, facts, "1.2.0.1").installable
    closed = replace(facts, installed=facts.installed[:1])
    assert not asked(graph, closed, "1.2.0.1").installable, "what is critical cannot be set aside"
