"""What is installed rests on the ledger, not on the version that the system shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from pitstop.model.packages import PackageType
from pitstop.model.releases import ReleaseId
from pitstop.model.system import Installed, InstalledBy
from pitstop.policy.installed import after, installation
from policy.building import codes, entry, graph_of, oem, system, v
from policy.hub_history import firmware, history

HUB = graph_of(history(), firmware())


def baseline(build: str, family: str, type_: PackageType = PackageType.FULL) -> Installed:
    return Installed(
        ReleaseId("hub", "cloud", v(build)),
        type_,
        family,
        datetime(2020, 1, 1, tzinfo=UTC),
        InstalledBy.BASELINE,
    )


def test_a_hotfix_that_leaves_the_version_as_it_is_counts_all_the_same() -> None:
    before = installation(HUB, system(HUB, "180106.1"))
    with_it = installation(HUB, system(HUB, "180106.1", "1.0.180312.1"))
    assert (before.version, before.level) == (v("180106.1"), 0)
    assert (with_it.version, with_it.level) == (v("180106.1"), 1)


def test_a_hotfix_of_several_families_stays_on_in_the_next() -> None:
    on = installation(HUB, system(HUB, "180106.1", "1.0.180312.1", "20180302.1"))
    assert (on.family, on.version, on.level) == ("1802", v("20180302.1"), 1)


def test_a_hotfix_of_an_earlier_family_alone_does_not_count_in_the_next() -> None:
    on = installation(HUB, system(HUB, "1.1809.0.90", "1.1809.12.114", "1.1811.0.101"))
    assert (on.family, on.level) == ("1811", 0)


def test_the_newest_family_by_release_order_is_current_not_the_highest_number() -> None:
    on = installation(HUB, system(HUB, "20180513.1", "1.1805.1.47"))
    assert (on.family, on.version) == ("1805", v("1.1805.1.47"))


def test_of_two_schemes_in_one_family_the_newest_hotfix_is_the_one_that_replaces() -> None:
    on = installation(HUB, system(HUB, "1.1901.0.95", "1901.3.105", "1.1901.5.109"))
    assert (on.version, on.level) == (v("1.1901.5.109"), 3)


def test_the_order_of_the_ledger_within_a_baseline_does_not_matter() -> None:
    facts = system(HUB, "1.2306.4.102", "2.2", "1.2306.2.47", "2.1")
    on = installation(HUB, facts)
    assert (on.family, on.version, on.base) == ("2306", v("1.2306.4.102"), v("1.2306.2.47"))
    assert on.oem == v("2.2")


def test_an_equivalent_build_is_the_release_that_it_is_as_good_as() -> None:
    facts = system(HUB, installed=(baseline("180103.2", "1712"),))
    on = installation(HUB, facts)
    assert HUB.find("180106.1").id in on.on
    assert on.version == v("180103.2")
    assert not on.findings


def test_a_build_that_no_catalogue_knows_is_placed_by_its_family_and_number_and_said() -> None:
    on = installation(HUB, system(HUB, installed=(baseline("1.2306.0.16", "2306"),)))
    assert (on.family, on.version, on.level) == ("2306", v("1.2306.0.16"), 0)
    assert codes(on.findings) == {"installed-build-unknown"}
    between = baseline("1.2008.40.159", "2008", PackageType.HOTFIX)
    on = installation(HUB, system(HUB, installed=(baseline("1.2008.13.88", "2008"), between)))
    assert (on.version, on.level) == (v("1.2008.40.159"), 1)


def test_a_family_that_no_catalogue_knows_is_current_but_cannot_be_placed() -> None:
    on = installation(HUB, system(HUB, installed=(baseline("1.2406.0.1", "2406"),)))
    assert (on.family, on.version) == ("2406", v("1.2406.0.1"))


def test_nothing_in_the_ledger_is_nothing_on_the_system() -> None:
    on = installation(HUB, system(HUB))
    assert (on.family, on.version, on.oem, on.on) == (None, None, None, frozenset())


def test_a_past_day_sees_only_what_was_on_then() -> None:
    old = entry(HUB.find("1.2301.2.58"), datetime(2023, 3, 1, tzinfo=UTC))
    new = entry(HUB.find("1.2306.2.47"), datetime(2023, 9, 1, 23, 59, tzinfo=UTC))
    facts = system(HUB, installed=(old, new))
    assert installation(HUB, facts, until=date(2023, 8, 31)).family == "2301"
    assert installation(HUB, facts, until=date(2023, 9, 1)).family == "2306"
    assert installation(HUB, facts, until=date(2023, 2, 28)).family is None


def test_going_on_in_thought_is_the_same_as_being_in_the_ledger() -> None:
    names = ["180106.1", "1.0.180312.1", "20180302.1", "2.1", "20180329.1", "20180513.1", "2.0"]
    on = installation(HUB, system(HUB))
    for number, name in enumerate(names, start=1):
        on = after(HUB, on, HUB.find(name))
        ledger = installation(HUB, system(HUB, *names[:number]))
        assert on == replace(ledger, findings=())


def test_an_oem_package_of_no_known_line_still_counts() -> None:
    strange = entry(oem("9.9", publisher="unknown"))
    assert installation(HUB, system(HUB, installed=(strange,))).oem == v("9.9")
