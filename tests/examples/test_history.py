"""The example catalogue of real history: its awkward cases, support on its days, and paths through it.

All of it is asked of the catalogue files as they lie in the repository, through the format's own reader.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from azure_stack_hub.facts import FOLDER
from pitstop.model.conditions import FactTest
from pitstop.model.errors import InvalidCatalogue
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, DatePrecision, Release, ReleaseDate, ReleaseId
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.updates import UpdateState
from pitstop.package.catalogue_format import convert_catalogue, read_catalogue
from pitstop.policy.applicability import Applicability, applicabilities
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph, checked
from pitstop.policy.path import Path, Target, plan_path
from pitstop.policy.route_search import Because
from pitstop.policy.support import SupportState, SupportStatus, support
from policy.building import codes, entry, moment, system, v

PLATFORM_FILE = FOLDER / "microsoft" / "catalogue.json"
PLATFORM = read_catalogue(PLATFORM_FILE.read_bytes())
OEM = read_catalogue((FOLDER / "dell" / "catalogue.json").read_bytes())
HUB = checked([PLATFORM, OEM])

IN, OUT, UNKNOWN = SupportState.SUPPORTED, SupportState.OUT_OF_COMPLIANCE, SupportState.UNKNOWN
RECORDED = {
    "free-memory-gib": "64",
    "extra-private-range-prefix": "20",
    "allocated-gpu-machines": "0",
    "sql-resource-provider": "none",
    "mysql-resource-provider": "2.0.13",
    "processor-generation": "skylake",
    "connected": "yes",
}
"""A system that meets every condition, with every fact recorded."""


def hub(*builds: str, facts: dict[str, str] | None = None, **more: Any) -> SystemFacts:
    """A system on which these releases went on, in order."""
    return system(HUB, *builds, facts=RECORDED if facts is None else facts, **more)


def release(build: str) -> Release:
    return HUB.find(build)


def asked(build: str, facts: SystemFacts, graph: ReleaseGraph = HUB) -> Applicability:
    return applicabilities(graph, facts)[graph.find(build).name]


def steps(path: Path) -> list[str]:
    """The path's updates by build, riding hotfixes after a plus sign."""
    return [
        f"{step.release.version}{f'+{step.rides.version}' if step.rides else ''}".replace("1.", "", 1)
        if step.release.type is not PackageType.OEM
        else str(step.release.name)
        for step in path.steps
    ]


# --- the catalogue ------------------------------------------------------------------------------------------


def test_families_stand_in_the_order_of_release() -> None:
    facts = json.loads((FOLDER / "history.json").read_bytes())
    assert list(HUB.families) == facts["family_order"]
    assert "1806" not in HUB.families


def test_the_first_family_stands_without_a_release() -> None:
    assert HUB.families["1710"].builds == ()
    assert HUB.families["1711"].entered_from == ("1710",)
    assert release("171201.3").required_hotfix is None


def test_a_family_has_the_month_of_its_name_as_day_and_a_hotfix_none() -> None:
    assert release("1.1902.0.69").released == ReleaseDate(date(2019, 2, 1), DatePrecision.MONTH)
    assert {r.released for r in PLATFORM.releases if r.type is PackageType.HOTFIX} == {None}


def test_the_one_derived_day_holds_and_what_contradicts_a_name_is_no_earlier_than_is_on_record() -> None:
    assert release("1.2005.6.53").released == ReleaseDate(date(2020, 8, 11))
    assert release("1.2008.13.88").released == ReleaseDate(date(2020, 9, 26), DatePrecision.NOT_BEFORE)
    assert release("1.1901.0.99").released == ReleaseDate(date(2019, 2, 27), DatePrecision.NOT_BEFORE)


def test_nothing_is_claimed_that_no_record_says() -> None:
    for entry_ in PLATFORM.releases:
        assert (entry_.size, entry_.package_sha256, entry_.article_link, entry_.notes_link) == (0, "", "", "")
        assert "Source: " in entry_.description
    assert release("1.1902.0.69").expected_runtimes == ()


def test_a_reissue_stands_after_what_it_reissues() -> None:
    assert [str(build.version) for build in HUB.families["1901"].builds] == ["1.1901.0.95", "1.1901.0.99"]
    assert release("1.1901.0.99").reissues == v("1.1901.0.95")
    assert asked("1.1901.0.95", hub("1.1811.0.101")).state is UpdateState.OBSOLETE
    assert asked("1.1901.0.99", hub("1.1811.0.101")).installable
    on_first = asked("1.1901.0.99", hub("1.1901.0.95"))
    assert (on_first.state, on_first.installable) == (UpdateState.OBSOLETE, False)


def test_a_build_that_is_as_good_as_another_counts_as_it() -> None:
    assert release("180103.2") is release("180106.1")
    on_twin = hub(installed=(_ledger("180103.2", PackageType.FULL, "1712"),))
    assert asked("180106.1", on_twin).state is UpdateState.INSTALLED
    assert "hotfix-missing" in codes(asked("20180302.1", on_twin).reasons)
    with_hotfix = replace(on_twin, installed=(*on_twin.installed, entry(release("1.0.180312.1"))))
    assert asked("20180302.1", with_hotfix).installable


def test_builds_that_another_copy_of_the_notes_prints_are_not_as_good() -> None:
    for build in ("20171122.1", "1.1807.0.65", "1.1808.0.68", "1.1809.0.70"):
        assert HUB.platform_build(v(build)) is None


def test_one_hotfix_serves_three_families_and_is_not_seen_in_the_version() -> None:
    hotfix = release("1.0.180312.1")
    assert hotfix.families == ("1712", "1802", "1803")
    assert not hotfix.changes_version
    before = hub("180106.1")
    assert [(s, p.from_version, p.to_version) for p, s in _told(plan_path(HUB, before, "20180302.1"))] == [
        ("0.180312.1", "180106.1", "180106.1"),
        ("20180302.1", "180106.1", "20180302.1"),
    ]


def test_that_hotfix_lasts_over_the_families_that_it_serves() -> None:
    path = plan_path(HUB, hub("180106.1"), "20180513.1", recommended=False)
    assert steps(path) == ["0.180312.1", "20180302.1", "20180329.1", "20180513.1"]
    later = hub("180106.1", "1.0.180312.1", "20180302.1")
    assert asked("20180329.1", later).installable


def test_families_are_ordered_over_numbering_schemes() -> None:
    old = hub("20180513.1")
    assert v("20180513.1") > v("1.1805.1.47")
    assert asked("1.1805.1.47", old).installable
    assert asked("20180513.1", hub("1.1805.1.47")).state is UpdateState.OBSOLETE


def test_hotfixes_of_1901_are_ordered_though_two_are_printed_without_the_leading_number() -> None:
    assert [str(hotfix.version) for hotfix in HUB.families["1901"].hotfixes] == [
        "1901.2.103",
        "1901.3.105",
        "1.1901.5.109",
    ]


def test_1902_asks_for_a_hotfix_only_where_the_older_one_went_on() -> None:
    assert asked("1.1902.0.69", hub("1.1901.0.95")).installable
    assert asked("1.1902.0.69", hub("1.1901.0.99")).installable
    older = asked("1.1902.0.69", hub("1.1901.0.99", "1901.2.103"))
    assert older.state is UpdateState.HAS_PREREQUISITE
    assert [p.install_first for p in older.prerequisites if p.met is False] == ["Microsoft1.1901.5.109"]
    for newer in ("1901.3.105", "1.1901.5.109"):
        assert asked("1.1902.0.69", hub("1.1901.0.99", "1901.2.103", newer)).installable


def test_a_required_hotfix_that_moved_is_the_newest_one_and_raised_the_revision() -> None:
    moved = {str(r.family): (str(r.required_hotfix), r.revision) for r in PLATFORM.releases if r.revision > 1}
    assert moved == {
        "2002": ("1.1910.84.230", 2),
        "2005": ("1.2002.66.173", 2),
        "2102": ("1.2008.41.161", 3),
        "2108": ("1.2102.31.153", 4),
        "2206": ("1.2108.2.130", 2),
    }


def test_an_earlier_edition_of_an_entry_does_not_bring_its_gate_back() -> None:
    now = release("1.2102.30.97")
    then = replace(now, required_hotfix=v("1.2008.40.154"), revision=1)
    others = tuple(r for r in PLATFORM.releases if r is not now)
    for issued in (datetime(2021, 7, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)):
        medium = replace(PLATFORM, releases=(*others, then), issued=issued)
        both = checked([medium, PLATFORM])
        assert both.find("1.2102.30.97").required_hotfix == v("1.2008.41.161")


@pytest.mark.parametrize(("build", "least"), [("1.1908.4.33", "2.1"), ("1.2311.1.22", "2.3")])
def test_firmware_that_a_release_needs_is_asked_for(build: str, least: str) -> None:
    assert release(build).min_oem_version == v(least)
    others = {str(r.version) for r in PLATFORM.releases if r.min_oem_version} - {build}
    assert others < {"1.1908.4.33", "1.2311.1.22"}


def test_the_newest_hotfix_rides_since_2005() -> None:
    riding = [str(r.family) for r in PLATFORM.releases if r.hotfix_rides]
    assert riding == ["2005", "2008", "2102", "2108", "2206", "2301", "2306", "2311"]


def test_runtimes_are_by_node_count() -> None:
    path = plan_path(HUB, hub("1.2306.2.47", "1.2306.4.102", "2.3.2401.2", nodes=10), "1.2311.1.22")
    assert [(s.duration.least, s.duration.most) for s in path.steps if s.duration] == [(50 * 60, 80 * 60)]
    assert release("1.1906.0.30").expected_runtimes[0].nodes is None


def test_firmware_of_another_generation_of_hardware_is_not_for_this_system() -> None:
    ours = hub("1.2306.2.47", hardware_family="16G")
    assert asked("2.4.2606.3", ours).installable
    assert asked("2.4.2606.3", hub("1.2306.2.47", hardware_family="14G")).state is UpdateState.INVALID
    assert asked("2.3.2401.2", hub("1.2306.2.47", hardware_family="14G")).installable


@pytest.mark.parametrize(
    ("build", "before", "fact", "bad", "good"),
    [
        ("1.1902.0.69", ("1.1901.0.99",), "free-memory-gib", "12", "12.5"),
        ("1.1910.0.58", ("1.1908.4.33", "1.1908.51.133"), "extra-private-range-prefix", "24", "20"),
        ("1.2108.2.65", ("1.2102.30.97", "1.2102.31.153"), "allocated-gpu-machines", "3", "0"),
        ("1.2301.2.58", ("1.2206.1.24", "1.2206.2.77"), "sql-resource-provider", "2.0.6", "2.0.13"),
        ("1.2301.2.58", ("1.2206.1.24", "1.2206.2.77"), "mysql-resource-provider", "1.1.93", "none"),
    ],
)
def test_what_the_notes_ask_of_a_system_is_decided_by_its_fact(
    build: str, before: tuple[str, ...], fact: str, bad: str, good: str
) -> None:
    unknown = asked(build, hub(*before, facts={k: x for k, x in RECORDED.items() if k != fact}))
    assert "fact-missing" in codes(unknown.blocking)
    assert any(repr(fact) in finding.what for finding in unknown.blocking)
    assert codes(asked(build, hub(*before, facts={**RECORDED, fact: bad})).blocking) == {"condition-not-met"}
    assert asked(build, hub(*before, facts={**RECORDED, fact: good})).installable


def test_a_disconnected_system_brings_the_product_key_first() -> None:
    before = ("1.2306.2.47", "1.2306.4.102", "2.3.2401.2")
    alone = {**RECORDED, "connected": "no"}
    assert asked("1.2311.1.22", hub(*before, facts=alone)).state is UpdateState.ADDITIONAL_CONTENT_REQUIRED
    key = frozenset({"sql-2019-product-key"})
    assert asked("1.2311.1.22", hub(*before, facts=alone, content=key)).installable


def test_2306_is_the_last_for_an_old_generation_of_processors() -> None:
    broadwell = hub("1.2301.2.58", "2.3.2401.2", facts={**RECORDED, "processor-generation": "broadwell"})
    newest = asked("1.2311.1.22", broadwell)
    assert newest.state is UpdateState.INVALID
    path = plan_path(HUB, broadwell)
    assert not path.reached
    assert steps(path)[-1] == "2306.2.47+1.2306.4.102"
    assert codes(path.why_not) == {"not-for-this-system"}


def test_facts_are_asked_for_by_a_few_names() -> None:
    """What an operator has to record for this catalogue; a new name is a decision."""
    tests: list[FactTest] = []
    for entry_ in PLATFORM.releases:
        tests += [test for c in entry_.conditions for test in (*c.when, *c.facts)]
        tests += [test for item in entry_.content for test in item.when]
    assert {test.fact for test in tests} == RECORDED.keys()


# --- support ------------------------------------------------------------------------------------------------


def status(build: str, day: str, graph: ReleaseGraph = HUB) -> SupportStatus:
    """The support of a system on this build on that day, by a source that was polled that day."""
    return support(graph, _adopted(build, day, graph))


def as_known_while(newest: str, issued: str) -> ReleaseGraph:
    """The catalogue as its publisher would have signed it while this family was the newest."""
    ids = list(HUB.families)[: HUB.families[newest].order + 1]
    then = replace(
        PLATFORM,
        issued=moment(issued),
        families=tuple(family for family in PLATFORM.families if family.id in ids),
        releases=tuple(r for r in PLATFORM.releases if {r.family, *r.families} & set(ids)),
        support_exceptions=tuple(e for e in PLATFORM.support_exceptions if e.while_newest in ids),
    )
    return checked([then, OEM])


@pytest.mark.parametrize(
    ("build", "position", "state"),
    [
        ("1.2311.1.22", "N", IN),
        ("1.2306.2.47", "N-1", IN),
        ("1.2301.2.58", "N-2", IN),
        ("1.2206.1.24", "N-3", OUT),
        ("1.2108.2.65", "N-4", OUT),
        ("171201.3", "N-27", OUT),
    ],
)
def test_positions_as_the_facts_end(build: str, position: str, state: SupportState) -> None:
    answer = status(build, "2024-05-31")
    assert (answer.position, answer.state) == (position, state)
    assert answer.supported == ("2311", "2306", "2301")


@pytest.mark.parametrize(
    ("day", "supported"),
    [
        ("2018-06-15", ("1805", "1804", "1803")),
        ("2018-08-31", ("1808", "1807", "1805")),
        ("2018-12-15", ("1811", "1809", "1808")),
        ("2019-12-15", ("1910", "1908", "1907")),
        ("2021-12-15", ("2108", "2102", "2008")),
        ("2023-02-28", ("2301", "2206", "2108")),
    ],
)
def test_families_are_counted_in_order_of_release_over_months_without_one(
    day: str, supported: tuple[str, ...]
) -> None:
    answer = status(_opening(supported[-1]), day)
    assert answer.supported == supported
    assert (answer.position, answer.state) == ("N-2", IN)
    before = _opening(list(HUB.families)[HUB.families[supported[-1]].order - 1])
    assert status(before, day).state is OUT


def test_within_a_month_that_a_family_came_in_both_may_be_the_newest() -> None:
    assert status("1.1809.0.90", "2018-11-15").position == "N or N-1"
    assert status("1.1807.0.76", "2018-11-15").state is UNKNOWN
    assert status("1.1807.0.76", "2018-10-31").state is IN
    assert status("1.1807.0.76", "2018-11-30").state is OUT


@pytest.mark.parametrize(
    ("build", "state", "position"),
    [
        ("1.2002.0.35", IN, "N"),
        ("1.1907.0.20", IN, "N-3"),
        ("1.1906.0.30", OUT, "N-4"),
    ],
)
@pytest.mark.parametrize("day", ["2020-03-01", "2020-08-10"])
def test_while_2002_was_newest_three_before_it_were_supported(
    build: str, state: SupportState, position: str, day: str
) -> None:
    then = status(build, day, as_known_while("2002", "2020-02-29"))
    assert (then.state, then.position) == (state, position)
    assert status(build, day).state is state, "today's knowledge answers alike"


@pytest.mark.parametrize(
    ("build", "last_day", "after"),
    [
        ("1.2005.6.53", IN, IN),
        ("1.1910.0.58", IN, IN),
        ("1.1908.4.33", IN, OUT),
        ("1.1907.0.20", OUT, OUT),
    ],
)
def test_n_3_ended_with_2020_09_25(build: str, last_day: SupportState, after: SupportState) -> None:
    then = as_known_while("2005", "2020-08-13")
    assert status(build, "2020-09-25", then).state is last_day
    assert status(build, "2020-09-26", then).state is after


def test_the_day_after_the_exception_is_forecast() -> None:
    ahead = status("1.1908.4.33", "2020-09-01", as_known_while("2005", "2020-08-13")).forecast
    assert ahead is not None
    assert ahead.earliest is not None
    assert ahead.earliest <= date(2020, 9, 26)
    assert ahead.latest == date(2020, 9, 26)


def test_with_todays_knowledge_the_day_of_2008_leaves_autumn_2020_open() -> None:
    """The month in 2008's name contradicts the statement of support, so its day is not known: what does not
    depend on it is answered, the rest is unknown."""
    assert status("1.2005.6.53", "2020-09-25").state is IN
    assert status("1.2002.0.35", "2020-09-26").state is IN
    assert status("1.1908.4.33", "2020-09-25").position == "N-3"
    assert status("1.1908.4.33", "2020-09-25").state is IN
    assert status("1.1908.4.33", "2020-09-26").state is OUT
    assert status("1.1908.4.33", "2020-09-26").state is OUT


def test_the_age_of_a_hotfix_is_unknown_not_invented() -> None:
    findings = status("1.2306.2.47", "2024-05-31").findings
    assert "hotfix-age-unknown" in codes(findings)
    assert "hotfix-overdue" not in codes(findings)


# --- paths --------------------------------------------------------------------------------------------------


def test_from_1811_to_the_newest() -> None:
    path = plan_path(HUB, hub("1.1811.0.101"))
    assert path.reached
    assert steps(path) == [
        "1901.0.99",
        "1901.5.109",
        "1902.0.69",
        "1902.3.75",
        "1903.0.35",
        "1903.2.39",
        "1904.0.36",
        "1904.4.45",
        "1905.0.40",
        "1905.3.48",
        "1906.0.30",
        "1906.15.60",
        "1907.0.20",
        "1907.17.54",
        "Dell2.3.2401.2",
        "1908.4.33",
        "1908.51.133",
        "1910.0.58",
        "1910.84.230",
        "2002.0.35",
        "2002.68.177",
        "2005.6.53+1.2005.35.112",
        "2008.13.88+1.2008.41.161",
        "2102.30.97+1.2102.31.153",
        "2108.2.65+1.2108.2.130",
        "2206.1.24+1.2206.2.77",
        "2301.2.58+1.2301.3.97",
        "2306.2.47+1.2306.4.102",
        "2311.1.22+1.2311.3.62",
    ]
    assert (path.from_version, path.to_version) == ("1.1811.0.101", "1.2311.3.62")
    recommended = [step.release.version for step in path.steps if step.because is Because.RECOMMENDED]
    assert recommended == [v("1.1901.5.109")], "the others are gates, or ride along"
    at_least = (16, 16, 35, 10, 13, 42, 10, 15, 13, 13, 8, 8, 8, 8, 8, 36)
    assert path.total.least == 60 * sum(at_least), "hours from 1903 on, for four nodes"
    assert "Microsoft1.1901.0.99" in path.total.unknown


def test_without_recommended_hotfixes_only_gates_are_on_the_path() -> None:
    path = plan_path(HUB, hub("1.1901.0.99"), "1.1903.0.35", recommended=False)
    assert steps(path) == ["1902.0.69", "1902.3.75", "1903.0.35"]


def test_from_1901_with_its_older_hotfix_a_newer_one_goes_first() -> None:
    path = plan_path(HUB, hub("1.1901.0.95", "1901.2.103"), "1.1902.0.69", recommended=False)
    assert steps(path) == ["1901.5.109", "1902.0.69"]
    assert path.steps[0].because is Because.REQUIRED
    assert "1901.2.103" in path.steps[0].why


def test_a_path_ends_where_a_fact_is_missing_and_names_it() -> None:
    path = plan_path(HUB, hub("1.1811.0.101", facts={}))
    assert not path.reached
    assert steps(path)[-1] == "1901.5.109"
    assert "'free-memory-gib'" in path.why_not[0].what


def test_back_in_support_with_the_least() -> None:
    path = plan_path(HUB, hub("1.2206.1.24", "2.3.2401.2"), Target.SUPPORTED)
    assert steps(path) == ["2206.2.77", "2301.2.58+1.2301.3.97"]


def test_all_reasons_of_a_far_release_are_told() -> None:
    far = asked("1.2311.1.22", hub("1.1811.0.101", facts={}))
    assert far.state is UpdateState.HAS_PREREQUISITE
    assert [finding.code for finding in far.reasons] == [
        "family-before-missing",
        "oem-too-old",
        "hotfix-missing",
        "fact-missing",
        "fact-missing",
    ]
    told = " ".join(finding.what for finding in far.reasons)
    for word in ("2306", "2.3", "1.2306.4.102", "'processor-generation'", "'connected'"):
        assert word in told
    assert all(finding.remedy for finding in far.reasons)


STARTS = tuple(
    (str(build.version), *((str(hotfix.version),) if hotfix else ()))
    for node in HUB.families.values()
    for build in node.builds
    for hotfix in (None, *node.hotfixes)
)


@pytest.mark.parametrize("builds", STARTS, ids="+".join)
def test_from_every_start_each_step_is_installable_when_its_turn_comes(builds: tuple[str, ...]) -> None:
    facts = hub(*builds)
    path = plan_path(HUB, facts)
    assert path.reached
    for step in path.steps:
        assert asked(step.release.name, facts).installable
        ledger = [entry(r) for r in (step.release, step.rides) if r is not None]
        facts = replace(facts, installed=(*facts.installed, *ledger))
    assert support(HUB, facts).position == "N"


# --- a broken catalogue -------------------------------------------------------------------------------------


def broken(**changes: Any) -> Catalogue:
    """The catalogue's document with all of these broken at once."""
    document = json.loads(PLATFORM_FILE.read_bytes())
    del document["format"]
    releases = {item["version"]: item for item in document["releases"]}
    for name, family in changes.get("families", {}).items():
        next(item for item in document["families"] if item["id"] == name)["predecessor"] = family
    for version, fields in changes.get("releases", {}).items():
        assert fields.keys() <= releases[version].keys()
        releases[version].update(fields)
    document["releases"] += [releases[version] for version in changes.get("again", ())]
    return convert_catalogue(document)


def test_a_broken_catalogue_is_refused_with_all_problems_listed() -> None:
    catalogue = broken(
        families={"1805": "1811"},
        releases={
            "1.1903.0.35": {"family": "9903"},
            "1.1904.0.36": {"required_hotfix": "1.1903.9.99"},
            "1.2311.3.62": {"equivalent_builds": ["1.2306.4.102"]},
        },
        again=("1.2002.0.35",),
    )
    with pytest.raises(InvalidCatalogue) as refused:
        checked([catalogue, OEM])
    for problem in (
        "families follow each other in a circle: 1805, 1807, 1808, 1809, 1811",
        "family 9903 does not exist",
        "required hotfix 1.1903.9.99 does not exist",
        "build 1.2306.4.102 is also that of",
        "build 1.2002.0.35 is listed twice",
    ):
        assert problem in refused.value.message


def test_a_gate_of_the_wrong_family_is_refused() -> None:
    catalogue = broken(releases={"1.2311.1.22": {"required_hotfix": "1.2301.3.97"}})
    with pytest.raises(InvalidCatalogue, match=r"required hotfix 1\.2301\.3\.97 is not of the family before"):
        checked([catalogue, OEM])


# --- words --------------------------------------------------------------------------------------------------


def _ledger(build: str, kind: PackageType, family: str) -> Installed:
    id_ = ReleaseId(PLATFORM.publisher, PLATFORM.product, v(build))
    return Installed(id_, kind, family, datetime(2018, 1, 20, tzinfo=UTC), InstalledBy.BASELINE)


def _told(path: Path) -> list[tuple[Any, str]]:
    return list(zip(path.steps, steps(path), strict=True))


def _opening(family: str) -> str:
    return str(HUB.families[family].builds[0].version)


def _adopted(build: str, day: str, graph: ReleaseGraph) -> SystemFacts:
    last_checked = date.fromisoformat(day) if graph is not HUB else None
    return system(graph, build, facts=RECORDED, at=moment(day), last_checked=last_checked)
