"""The servicing policy on any day: N by order of release, exceptions and ends with their boundary days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.releases import (
    Catalogue,
    Family,
    HardwareMatch,
    Release,
    ReleaseStatus,
    SupportEnd,
    SupportException,
)
from pitstop.policy.facts import HardwareContract, SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.support import SupportState, SupportStatus, support
from policy.building import (
    chain,
    codes,
    entry,
    full,
    graph_of,
    hotfix,
    moment,
    oem,
    oem_line,
    on_day,
    platform,
    system,
)
from policy.hub_history import FAMILIES, history

IN, OUT, UNKNOWN = SupportState.SUPPORTED, SupportState.OUT_OF_COMPLIANCE, SupportState.UNKNOWN
LONG_AGO = datetime(2017, 1, 1, tzinfo=UTC)
DAYS = ("2024-01-10", "2024-03-12", "2024-04-09", "2024-07-09", "2024-10-08")


def up_to(newest: str) -> ReleaseGraph:
    """The real history as it was known while this family was the newest."""
    whole = history()
    ids = FAMILIES[: FAMILIES.index(newest) + 1]
    releases = tuple(r for r in whole.releases if {r.family, *r.families} & set(ids))
    families = tuple(family for family in whole.families if family.id in ids)
    exceptions = tuple(e for e in whole.support_exceptions if e.while_newest in ids)
    issued = {"1805": "2018-06-15", "2002": "2020-03-15", "2005": "2020-08-12"}.get(newest, "2024-06-01")
    return graph_of(
        replace(
            whole, releases=releases, families=families, support_exceptions=exceptions, issued=moment(issued)
        )
    )


def on(graph: ReleaseGraph, build: str, day: str, **more: Any) -> SystemFacts:
    return system(graph, build, at=moment(day), last_checked=date.fromisoformat(day), **more)


def dated(*more: Release, **policy: Any) -> Catalogue:
    """Five families a to e, released on known days."""
    builds = [
        full(f"1.{n}.0.1", f, released=on_day(d)) for n, (f, d) in enumerate(zip("abcde", DAYS, strict=True))
    ]
    return platform(chain(*"abcde"), *builds, *more, issued=moment("2024-11-01"), **policy)


# --- counting -----------------------------------------------------------------------------------------------


def test_n_is_counted_in_order_of_release_not_in_months() -> None:
    """There was no 1806 and no update for months at a time: 1803 is the second before 1805."""
    graph = up_to("1805")
    for build, position, state in (
        ("1.1805.1.47", "N", IN),
        ("20180513.1", "N-1", IN),
        ("20180329.1", "N-2", IN),
        ("20180302.1", "N-3", OUT),
    ):
        status = support(graph, on(graph, build, "2018-06-15"))
        assert (status.position, status.state) == (position, state)
        assert status.supported == ("1805", "1804", "1803")
        assert status.newest == "1805"


def test_hotfixes_are_no_families() -> None:
    graph = up_to("2005")
    facts = on(graph, "1.2005.6.53", "2020-08-12")
    assert support(graph, facts).position == "N"


def test_withdrawn_families_do_not_count() -> None:
    gone = (*chain("a", "b"), Family("c", "b", also_from=()), Family("x", "b"))
    builds = [full(f"1.{n}.0.1", f) for n, f in enumerate("abc")]
    graph = graph_of(platform(gone, *builds, full("1.9.0.1", "x", status=ReleaseStatus.WITHDRAWN)))
    assert support(graph, system(graph, "1.0.0.1")).position == "N-2"
    on_gone = support(graph, system(graph, "1.9.0.1"))
    assert (on_gone.position, on_gone.state) == ("N-1", IN)
    assert "family-withdrawn" in codes(on_gone.findings)


# --- exceptions and ends ------------------------------------------------------------------------------------


def test_n_3_was_supported_while_2002_was_the_newest() -> None:
    graph = up_to("2002")
    status = support(graph, on(graph, "1.1907.0.20", "2020-03-15"))
    assert (status.position, status.state) == ("N-3", IN)
    assert status.supported == ("2002", "1910", "1908", "1907")
    assert support(graph, on(graph, "1.1906.0.30", "2020-03-15")).state is OUT


@pytest.mark.parametrize(("day", "state"), [("2020-09-24", IN), ("2020-09-25", IN), ("2020-09-26", OUT)])
def test_the_last_day_of_an_exception_is_included(day: str, state: SupportState) -> None:
    graph = up_to("2005")
    status = support(graph, on(graph, "1.1908.4.33", day))
    assert (status.position, status.state) == ("N-3", state)
    assert ("1908" in status.supported) is (state is IN)


def test_policy_days_are_whole_days_in_utc() -> None:
    graph = up_to("2005")
    facts = on(graph, "1.1908.4.33", "2020-09-25")
    last = replace(facts, at=datetime.fromisoformat("2020-09-25T23:59:59+00:00"))
    west = replace(facts, at=datetime.fromisoformat("2020-09-25T20:00:00-07:00"))
    assert support(graph, last).state is IN
    assert support(graph, west).state is OUT


def test_a_question_about_the_past_uses_todays_knowledge() -> None:
    graph = graph_of(history())
    old = (entry(graph.find("1.1908.4.33"), LONG_AGO),)
    facts = system(graph, installed=old)
    assert support(graph, facts, date(2020, 9, 25)).state is IN
    assert support(graph, facts, date(2020, 9, 26)).state is OUT
    assert support(graph, facts, date(2020, 9, 26)).newest == "2005"


@pytest.mark.parametrize(("day", "state"), [("2024-10-31", IN), ("2024-11-01", OUT)])
def test_a_fixed_end_cuts_off_after_its_last_day(day: str, state: SupportState) -> None:
    graph = graph_of(dated(support_ends=(SupportEnd(date(2024, 10, 31), ("d",), reason="old processors"),)))
    assert support(graph, on(graph, "1.3.0.1", day)).state is state
    assert support(graph, on(graph, "1.4.0.1", day)).state is IN


def test_the_end_of_a_hardware_generation_concerns_that_hardware_alone() -> None:
    ends = (SupportEnd(date(2024, 10, 31), hardware=(HardwareMatch("rack", "r1"),), reason="end of r1"),)
    graph = graph_of(dated(support_ends=ends))
    assert support(graph, on(graph, "1.4.0.1", "2024-11-01")).state is OUT
    assert support(graph, on(graph, "1.4.0.1", "2024-11-01", hardware_model="r2")).state is IN
    unknown = support(graph, on(graph, "1.4.0.1", "2024-11-01", hardware_model=""))
    assert unknown.state is UNKNOWN
    assert "hardware is not recorded" in unknown.why


def test_an_exception_that_hangs_on_a_missing_fact_is_unknown_with_the_fact_named() -> None:
    extended = SupportException(behind=4, when=(FactTest("extended", Comparison.IS, ("yes",)),))
    graph = graph_of(dated(support_exceptions=(extended,)))
    status = support(graph, on(graph, "1.0.0.1", "2024-11-01"))
    assert status.state is UNKNOWN
    assert "'extended'" in status.why
    assert support(graph, on(graph, "1.0.0.1", "2024-11-01", facts={"extended": "yes"})).state is IN
    assert support(graph, on(graph, "1.0.0.1", "2024-11-01", facts={"extended": "no"})).state is OUT


# --- the past -----------------------------------------------------------------------------------------------


def test_the_day_of_release_is_the_first_on_which_a_family_is_n() -> None:
    graph = graph_of(dated())
    facts = system(graph, installed=(entry(graph.find("1.0.0.1"), LONG_AGO),), at=moment("2024-11-01"))
    eve, day = support(graph, facts, date(2024, 7, 8)), support(graph, facts, date(2024, 7, 9))
    assert (eve.newest, eve.position, eve.state) == ("c", "N-2", IN)
    assert (day.newest, day.position, day.state) == ("d", "N-3", OUT)


def test_a_month_is_all_that_is_known_so_its_days_are_unknown_where_it_matters() -> None:
    builds = [full(f"1.{n}.0.1", f, released=on_day(f"2024-0{n + 1}")) for n, f in enumerate("abcd")]
    graph = graph_of(platform(chain(*"abcd"), *builds, issued=moment("2024-06-01")))
    facts = system(graph, installed=(entry(graph.find("1.0.0.1"), LONG_AGO),), at=moment("2024-06-01"))
    assert support(graph, facts, date(2024, 3, 31)).state is IN
    during = support(graph, facts, date(2024, 4, 15))
    assert (during.state, during.position) == (UNKNOWN, "N-2 or N-3")
    assert support(graph, facts, date(2024, 4, 30)).state is OUT


def test_without_any_date_the_past_is_unknown_and_the_present_is_not() -> None:
    builds = [full(f"1.{n}.0.1", f) for n, f in enumerate("abcd")]
    graph = graph_of(platform(chain(*"abcd"), *builds))
    facts = system(graph, installed=(entry(graph.find("1.0.0.1"), LONG_AGO),))
    assert support(graph, facts).state is OUT
    assert support(graph, facts, date(2024, 1, 1)).state is UNKNOWN


def test_what_was_on_before_the_ledger_begins_is_unknown() -> None:
    graph = graph_of(dated())
    adopted = (entry(graph.find("1.3.0.1"), moment("2024-09-01")),)
    status = support(graph, system(graph, installed=adopted, at=moment("2024-11-01")), date(2024, 8, 31))
    assert (status.state, status.position) == (UNKNOWN, "unknown")
    assert "not recorded" in status.why


# --- knowledge ----------------------------------------------------------------------------------------------


def test_every_answer_says_as_known_on() -> None:
    graph = graph_of(dated())
    facts = system(graph, "1.4.0.1", at=moment("2024-11-20"))
    assert support(graph, facts).known_on == date(2024, 11, 1)
    assert support(graph, replace(facts, last_checked=date(2024, 11, 19))).known_on == date(2024, 11, 19)


@pytest.mark.parametrize(("day", "stale"), [("2024-12-01", False), ("2024-12-02", True)])
def test_with_stale_knowledge_it_says_at_least(day: str, stale: bool) -> None:
    graph = graph_of(dated())
    status = support(graph, system(graph, "1.3.0.1", at=moment(day)))
    assert status.position == ("at least N-1" if stale else "N-1")
    assert ("knowledge-stale" in codes(status.findings)) is stale


def test_out_of_compliance_stays_certain_with_stale_knowledge() -> None:
    graph = graph_of(dated())
    status = support(graph, system(graph, "1.1.0.1", at=moment("2026-01-01")))
    assert (status.position, status.state) == ("at least N-3", OUT)


def test_a_future_day_after_the_earliest_forecast_is_unknown() -> None:
    graph = graph_of(dated())
    facts = system(graph, "1.2.0.1", at=moment("2024-11-01"))
    status = support(graph, facts)
    assert status.forecast is not None
    assert status.forecast.earliest is not None
    assert support(graph, facts, status.forecast.earliest).state in (IN, UNKNOWN)
    assert support(graph, facts, date(2026, 1, 1)).state is UNKNOWN
    assert "knowledge-stale" not in codes(support(graph, facts, date(2026, 1, 1)).findings)


def test_without_a_catalogue_or_a_ledger_it_is_unknown_and_says_which() -> None:
    nothing = graph_of(oem_line(oem("2.0")))
    assert "No catalogue" in support(nothing, system(nothing)).why
    graph = graph_of(dated())
    assert "adopt" in support(graph, system(graph)).why


# --- contract, hotfix age, OEM ------------------------------------------------------------------------------


def test_without_a_hardware_contract_there_is_no_entitlement() -> None:
    graph = graph_of(dated())
    facts = on(graph, "1.4.0.1", "2024-11-01")
    unrecorded = support(graph, facts)
    assert (unrecorded.state, unrecorded.entitled) == (IN, None)
    assert "contract-not-recorded" in codes(unrecorded.findings)
    none = support(graph, replace(facts, contract=HardwareContract(valid=False)))
    assert (none.state, none.entitled) == (OUT, False)
    assert "contract-missing" in codes(none.findings)


@pytest.mark.parametrize(("day", "entitled"), [("2024-11-01", True), ("2024-11-02", False)])
def test_the_last_day_of_a_contract_is_covered(day: str, entitled: bool) -> None:
    graph = graph_of(dated())
    contract = HardwareContract(valid=True, last_day=date(2024, 11, 1))
    status = support(graph, on(graph, "1.4.0.1", day, contract=contract))
    assert (status.entitled, status.state) == (entitled, IN if entitled else OUT)


def hotfix_codes(status: SupportStatus) -> set[str]:
    return {code for code in codes(status.findings) if code.startswith("hotfix")}


@pytest.mark.parametrize(
    ("day", "code"), [("2024-11-14", "hotfix-waiting"), ("2024-11-15", "hotfix-overdue")]
)
def test_a_hotfix_is_in_time_for_45_days(day: str, code: str) -> None:
    fix = hotfix("1.4.1.1", "e", released=on_day("2024-09-30"))
    graph = graph_of(dated(fix))
    assert hotfix_codes(support(graph, on(graph, "1.4.0.1", day))) == {code}
    with_it = system(graph, "1.4.0.1", "1.4.1.1", at=moment(day))
    assert hotfix_codes(support(graph, with_it)) == set()


def test_the_oldest_hotfix_that_is_not_on_decides_and_the_newest_is_the_remedy() -> None:
    fixes = (
        hotfix("1.4.1.1", "e", released=on_day("2024-08-01")),
        hotfix("1.4.2.2", "e", released=on_day("2024-10-30")),
    )
    graph = graph_of(dated(*fixes))
    status = support(graph, on(graph, "1.4.0.1", "2024-11-01"))
    (finding,) = [finding for finding in status.findings if finding.code == "hotfix-overdue"]
    assert "Cloud1.4.2.2" in finding.remedy


def test_the_age_of_a_hotfix_without_a_date_is_unknown() -> None:
    graph = graph_of(dated(hotfix("1.4.1.1", "e")))
    assert hotfix_codes(support(graph, on(graph, "1.4.0.1", "2024-11-01"))) == {"hotfix-age-unknown"}


def test_oem_packages_stay_within_n_2_of_their_own_line_for_this_hardware() -> None:
    line = oem_line(oem("2.0"), oem("2.1"), oem("2.2"), oem("2.3"), oem("3.0", hardware="blade"))
    graph = graph_of(dated(), line)

    def found(version: str) -> set[str]:
        facts = system(graph, "1.4.0.1", version, at=moment("2024-11-01"))
        return {code for code in codes(support(graph, facts).findings) if code.startswith("oem")}

    assert found("2.3") == found("2.1") == set()
    assert found("2.0") == {"oem-behind"}
    unknown = support(graph, on(graph, "1.4.0.1", "2024-11-01"))
    assert "oem-unknown" in codes(unknown.findings)
    assert unknown.state is IN


# --- forecast -----------------------------------------------------------------------------------------------


def test_the_forecast_is_a_range_from_the_cadence_seen_so_far() -> None:
    graph = graph_of(dated())
    ahead = support(graph, on(graph, "1.4.0.1", "2024-11-01")).forecast
    assert ahead is not None
    assert not ahead.certain
    spans = [date.fromisoformat(b) - date.fromisoformat(a) for a, b in zip(DAYS, DAYS[3:], strict=False)]
    newest = date(2024, 10, 8)
    assert (ahead.earliest, ahead.latest) == (newest + min(spans), newest + max(spans))


def test_a_fixed_end_before_the_cadence_is_certain() -> None:
    graph = graph_of(dated(support_ends=(SupportEnd(date(2024, 11, 20), ("e",)),)))
    ahead = support(graph, on(graph, "1.4.0.1", "2024-11-01")).forecast
    assert ahead is not None
    assert (ahead.earliest, ahead.latest, ahead.certain) == (date(2024, 11, 21), date(2024, 11, 21), True)


def test_what_only_an_exception_keeps_in_support_is_out_after_it() -> None:
    exception = SupportException(behind=3, last_day=date(2024, 11, 10))
    graph = graph_of(dated(support_exceptions=(exception,)))
    ahead = support(graph, on(graph, "1.1.0.1", "2024-11-01")).forecast
    assert ahead is not None
    assert ahead.latest == date(2024, 11, 11)


def test_without_dates_there_is_no_forecast() -> None:
    graph = graph_of(platform(chain("a"), full("1.0.0.1", "a")))
    assert support(graph, system(graph, "1.0.0.1")).forecast is None
