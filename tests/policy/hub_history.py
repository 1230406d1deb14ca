"""The awkward parts of the history of one real integrated system, 1710 to 2311, as a catalogue.

Facts from public release notes: builds, gates, runtimes. Family 1710 and the first builds of 2008, 2102 and
2108 are not on record; here the latter stand with builds made up for the tests, 1710 without any.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pitstop.model.conditions import Comparison, Condition, FactTest, RequiredContent
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Release, SupportException
from policy.building import chain, full, hotfix, hours, oem, oem_line, on_day, platform, v

_LINE = """
1710 1711 1712 1802 1803 1804 1805 1807 1808 1809 1811 1901 1902 1903 1904 1905 1906 1907 1908 1910
2002 2005 2008 2102 2108 2206 2301 2306 2311
"""
FAMILIES = tuple(_LINE.split())

DAYS = {"2005": "2020-08-11", "2008": "2020-11"}
"""2005 is the one day on record. Of 2008 it is known that it came after 2020-09-25, when 2005 was still the
newest: its name is no month of release. Of the others the month is taken from the name."""

EXPRESS = PackageType.EXPRESS
_SIZED = hours((4, 8, 28), (8, 11, 30), (12, 14, 34), (16, 17, 40))

BROADWELL = Condition(
    says="It does not go on Broadwell processors.",
    facts=(FactTest("processor-generation", Comparison.IS_NOT, ("broadwell",)),),
    excludes=True,
)
SQL_KEY = RequiredContent(
    name="sql-2019-product-key",
    description="A SQL Server 2019 product key, on disconnected systems.",
    when=(FactTest("connected", Comparison.IS, ("no",)),),
)

RELEASES = (
    full("171201.3", "1711"),
    full("180106.1", "1712", equivalent_builds=(v("180103.2"),)),
    hotfix("1.0.180312.1", "1712", "1802", "1803", changes_version=False),
    full("20180302.1", "1802", "1.0.180312.1"),
    full("20180329.1", "1803", "1.0.180312.1"),
    full("20180513.1", "1804"),
    full("1.1805.1.47", "1805"),
    full("1.1807.0.76", "1807"),
    full("1.1808.0.97", "1808"),
    full("1.1809.0.90", "1809"),
    hotfix("1.1809.12.114", "1809"),
    full("1.1811.0.101", "1811", "1.1809.12.114"),
    full("1.1901.0.95", "1901"),
    full("1.1901.0.99", "1901", reissues=v("1.1901.0.95")),
    hotfix("1901.2.103", "1901"),
    hotfix("1901.3.105", "1901"),
    hotfix("1.1901.5.109", "1901", replaces=(v("1901.3.105"),)),
    full(
        "1.1902.0.69",
        "1902",
        conditions=(
            Condition(
                says="With 1901.2.103 installed, 1901.3.105 goes first.",
                when_installed=v("1901.2.103"),
                hotfix=v("1901.3.105"),
            ),
        ),
    ),
    hotfix("1.1902.3.75", "1902"),
    full("1.1903.0.35", "1903", "1.1902.3.75", type=EXPRESS, expected_runtimes=hours((None, 16, 16))),
    hotfix("1.1903.2.39", "1903"),
    full("1.1904.0.36", "1904", "1.1903.2.39", type=EXPRESS, expected_runtimes=hours((None, 16, 16))),
    hotfix("1.1904.4.45", "1904"),
    full("1.1905.0.40", "1905", "1.1904.4.45", expected_runtimes=hours((4, 35, 35), (16, 70, 70))),
    hotfix("1.1905.3.48", "1905"),
    full("1.1906.0.30", "1906", "1.1905.3.48", type=EXPRESS, expected_runtimes=hours((None, 10, 10))),
    hotfix("1.1906.15.60", "1906"),
    full("1.1907.0.20", "1907", "1.1906.15.60", type=EXPRESS, expected_runtimes=hours((None, 13, 13))),
    hotfix("1.1907.17.54", "1907"),
    full("1.1908.4.33", "1908", "1.1907.17.54", min_oem_version=v("2.1"), expected_runtimes=_SIZED),
    hotfix("1.1908.6.37", "1908"),
    hotfix("1.1908.51.133", "1908"),
    full("1.1910.0.58", "1910", "1.1908.51.133", type=EXPRESS, expected_runtimes=hours((None, 10, 10))),
    hotfix("1.1910.24.108", "1910"),
    hotfix("1.1910.84.230", "1910"),
    full("1.2002.0.35", "2002", "1.1910.84.230", expected_runtimes=_SIZED),
    hotfix("1.2002.66.173", "2002"),
    hotfix("1.2002.69.179", "2002"),
    full("1.2005.6.53", "2005", "1.2002.66.173", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2005.35.112", "2005"),
    full("1.2008.13.88", "2008", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2008.40.156", "2008"),
    hotfix("1.2008.41.161", "2008"),
    full("1.2102.28.87", "2102", "1.2008.41.161", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2102.31.153", "2102"),
    full("1.2108.2.65", "2108", "1.2102.31.153", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2108.2.127", "2108"),
    hotfix("1.2108.2.130", "2108"),
    full("1.2206.1.24", "2206", "1.2108.2.130", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2206.2.77", "2206"),
    full("1.2301.2.58", "2301", "1.2206.2.77", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2301.3.97", "2301"),
    full("1.2306.2.47", "2306", "1.2301.3.97", expected_runtimes=_SIZED, hotfix_rides=True),
    hotfix("1.2306.4.98", "2306"),
    hotfix("1.2306.4.102", "2306"),
    full(
        "1.2311.1.22",
        "2311",
        "1.2306.4.102",
        min_oem_version=v("2.3"),
        expected_runtimes=hours((4, 36, 50), (8, 36, 50), (12, 50, 80), (16, 50, 90)),
        hotfix_rides=True,
        conditions=(BROADWELL,),
        content=(SQL_KEY,),
    ),
    hotfix("1.2311.3.62", "2311"),
)

EXCEPTIONS = (
    SupportException(behind=3, while_newest="2002", reason="the pandemic"),
    SupportException(behind=3, while_newest="2005", last_day=date(2020, 9, 25), reason="the pandemic"),
)


def _month(family: str) -> str:
    return f"20{family[:2]}-{family[2:]}"


def history() -> Catalogue:
    """Families with the month of their name as the day of release, which is all that is known."""
    releases = (_dated(release) if release.family else release for release in RELEASES)
    return platform(chain(*FAMILIES), *releases, support_exceptions=EXCEPTIONS)


def _dated(release: Release) -> Release:
    family = release.family or ""
    return replace(release, released=on_day(DAYS.get(family, _month(family))))


def firmware() -> Catalogue:
    return oem_line(oem("2.0"), oem("2.1"), oem("2.2"), oem("2.3.2401.2"))
