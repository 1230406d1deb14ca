"""Everything that a rule may need of a release stands in the signed catalogue and is read back as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pitstop.model.conditions import Comparison, FactTest, Risk
from pitstop.model.releases import Family, HardwareMatch, SupportEnd
from pitstop.package.catalogue_format import read_catalogue, write_catalogue
from policy.building import full, oem, oem_line, platform, v
from policy.hub_history import history


def test_the_real_history_is_written_and_read_back() -> None:
    assert read_catalogue(write_catalogue(history())) == history()


def test_risks_ends_and_further_ways_in_are_written_and_read_back() -> None:
    risk = Risk(
        "Heat",
        "It gets hot.",
        "https://example.org/heat",
        (FactTest("fans", Comparison.BELOW, ("2",)),),
        (v("1.1.0.1"),),
        v("1.2.1.1"),
    )
    end = SupportEnd(
        date(2025, 1, 31),
        ("a",),
        (HardwareMatch("rack", "r1"),),
        (FactTest("generation", Comparison.ONE_OF, ("old", "older")),),
        "end of life",
        "https://example.org/end",
    )
    families = (Family("a", None), Family("b", "a"), Family("c", "b", ("a",)))
    catalogue = platform(
        families,
        full("1.1.0.1", "a"),
        replace(full("1.2.0.1", "b"), risks=(risk,)),
        full("1.3.0.1", "c"),
        support_ends=(end,),
    )
    assert read_catalogue(write_catalogue(catalogue)) == catalogue


def test_firmware_that_needs_the_platform_is_written_and_read_back() -> None:
    catalogue = oem_line(oem("2.0", min_platform_version=v("1.2.0.1")))
    assert read_catalogue(write_catalogue(catalogue)) == catalogue
