"""The import of the example history: files are what the code makes of facts and repairs, gaps are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from azure_stack_hub import __main__ as command
from azure_stack_hub.facts import FOLDER, History, read_history
from azure_stack_hub.gaps import gaps
from azure_stack_hub.import_history import catalogues
from azure_stack_hub.repairs import Repairs, read_repairs
from pitstop.model.errors import InvalidInput
from pitstop.package.catalogue_format import read_catalogue

HISTORY, REPAIRS = read_history(), read_repairs()
LISTS = ("family_without_release", "build", "left_out", "scope", "order", "released")
DECIDED = ("1.2002.69.179", "1.2102.28.89", "2008")
"""Entries that fill no gap: what they concern could be imported as it is, and is not, for their reasons."""


def test_the_files_are_what_the_code_makes_of_the_facts() -> None:
    for path, content in command.made().items():
        assert path.read_bytes() == content, f"{path.name} is stale: run `python -m azure_stack_hub`"


def test_the_files_are_read_back_as_what_was_made() -> None:
    for made in catalogues(HISTORY, REPAIRS):
        assert read_catalogue((FOLDER / made.publisher / "catalogue.json").read_bytes()) == made


def test_every_record_is_in_the_catalogue_or_left_out_by_name() -> None:
    platform, oem = catalogues(HISTORY, REPAIRS)
    assert len(platform.releases) + len(oem.releases) + len(REPAIRS.left_out) == len(HISTORY.records)


def test_every_repair_has_its_reason() -> None:
    entries = [getattr(REPAIRS, name) for name in Repairs.__struct_fields__]
    flat = [item for entry in entries for item in (entry if isinstance(entry, tuple) else (entry,))]
    assert len(flat) == 5 + sum(len(entry) for entry in entries if isinstance(entry, tuple))
    assert all(len(item.reason.split()) >= 2 for item in flat)


def test_the_example_names_what_it_is() -> None:
    assert "not a product of this project" in HISTORY.about


def _fillers() -> list[tuple[str, int]]:
    """Entries of which each fills a gap, by list and place."""
    return [
        (name, place)
        for name in LISTS
        for place, entry in enumerate(getattr(REPAIRS, name))
        if (getattr(entry, "build", None) or entry.family) not in DECIDED or name == "build"
    ]


@pytest.mark.parametrize(("name", "place"), _fillers())
def test_a_gap_without_its_repair_is_refused(name: str, place: int) -> None:
    entries = getattr(REPAIRS, name)
    without = _with(REPAIRS, **{name: (*entries[:place], *entries[place + 1 :])})
    with pytest.raises(InvalidInput) as refused:
        catalogues(HISTORY, without)
    assert len(refused.value.message.splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"family_without_release": [{"family": "1804", "reason": "none"}]},
            "family 1804 is said to have no release",
        ),
        ({"build": [{"family": "2311", "build": "1.1", "reason": "none"}]}, "family 2311 has a build of its"),
        ({"left_out": [{"family": "1811", "build": "1.1", "reason": "none"}]}, "not one record for 1.1"),
        ({"scope": [{"build": "1.1", "families": ["1712"], "reason": "none"}]}, "there is no hotfix 1.1"),
        (
            {"scope": [{"build": "1.1902.3.75", "families": ["1901"], "reason": "none"}]},
            "serves family 1902, and has a scope",
        ),
        ({"order": [{"build": "1.1", "replaces": ["1.0"], "reason": "none"}]}, "there is no hotfix 1.1"),
        ({"released": [{"family": "1700", "reason": "none"}]}, "no update 1700 for a day of release"),
        (
            {"gate_without_build": [{"family": "2008", "note": "the newest of 2005", "reason": "none"}]},
            "do not say 'the newest of 2005'",
        ),
        (
            {
                "other_build": [
                    {"family": "1811", "build": "1.1902.3.75", "note": "latest hotfix", "reason": "none"}
                ]
            },
            "is not one that is only mentioned",
        ),
    ],
)
def test_a_repair_that_repairs_nothing_is_refused(changes: dict[str, Any], says: str) -> None:
    document = msgspec.to_builtins(REPAIRS)
    for name, entries in changes.items():
        document[name] = [*document[name], *entries]
    found = gaps(HISTORY, msgspec.convert(document, Repairs))
    assert [problem for problem in found if says in problem] == found
    assert found


def test_facts_that_contradict_the_order_of_release_are_refused() -> None:
    order = HISTORY.family_order
    swapped = (*order[:-2], order[-1], order[-2])
    found = gaps(_history(family_order=swapped), REPAIRS)
    assert any("2311 names 2306 as the family before it" in problem for problem in found)


def test_a_statement_of_support_with_a_gap_is_refused() -> None:
    statements = tuple(
        msgspec.structs.replace(s, supported=("2005", "1910")) if "until" in s.as_of else s
        for s in HISTORY.support_statements
    )
    found = gaps(_history(support_statements=statements), REPAIRS)
    assert len(found) == 1
    assert "leaves out a family" in found[0]


def test_all_gaps_are_told_together() -> None:
    without = _with(REPAIRS, build=(), scope=())
    with pytest.raises(InvalidInput) as refused:
        catalogues(HISTORY, without)
    assert refused.value.message.count("has no build") == 3
    assert "which is no family" in refused.value.message
    assert "repairs.toml" in refused.value.hint


def test_a_field_that_nobody_knows_is_refused() -> None:
    document = msgspec.to_builtins(REPAIRS)
    document["order"][0]["becuase"] = "a slip of the pen"
    with pytest.raises(msgspec.ValidationError, match="becuase"):
        msgspec.convert(document, Repairs)


def test_check_writes_nothing_and_is_content_with_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def _with(repairs: Repairs, **changes: object) -> Repairs:
    return msgspec.structs.replace(repairs, **changes)


def _history(**changes: object) -> History:
    return msgspec.structs.replace(HISTORY, **changes)
