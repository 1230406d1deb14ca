"""Versions: their order is total, and what is printed is what was read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitstop.model.errors import InvalidVersion
from pitstop.model.versions import Version

VERSIONS = st.lists(st.integers(0, 10**18 - 1), min_size=1, max_size=8).map(lambda n: Version(tuple(n)))


@given(VERSIONS)
def test_a_version_prints_as_it_is_read(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(VERSIONS, VERSIONS)
def test_of_two_versions_exactly_one_relation_holds(one: Version, other: Version) -> None:
    assert [one < other, one == other, one > other].count(True) == 1
    assert (one < other) == (one.numbers < other.numbers)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_transitive(a: Version, b: Version, c: Version) -> None:
    low, middle, high = sorted((a, b, c))
    assert low <= middle <= high
    assert low <= high


@given(VERSIONS, VERSIONS)
def test_equal_versions_and_only_they_have_one_text(one: Version, other: Version) -> None:
    assert (one == other) == (str(one) == str(other))


@given(st.text(max_size=12))
def test_text_is_refused_or_read_back_as_it_was(text: str) -> None:
    with suppress(InvalidVersion):
        assert str(Version.parse(text)) == text


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.2311.1.22", "1.2311.3.62"), ("1.9", "1.10"), ("1.2", "1.2.0"), ("1.2102.30.97", "1.2102.30.116")],
)
def test_numbers_are_compared_not_characters(older: str, newer: str) -> None:
    assert Version.parse(older) < Version.parse(newer)


@pytest.mark.parametrize("text", ["", "1.", ".1", "1..2", "1.02", "-1", "+1", "1.x", "1 .2", "٣.1", "1" * 19])
def test_what_is_no_version_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidVersion, match="is not a version"):
        Version.parse(text)


def test_more_than_eight_numbers_are_refused() -> None:
    with pytest.raises(InvalidVersion, match="one to 8"):
        Version.parse("1.2.3.4.5.6.7.8.9")
