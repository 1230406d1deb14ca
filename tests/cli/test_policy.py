"""Declaring what the policy asks for, asking without a service, and checking catalogue files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pitstop.package.catalogue_format import write_catalogue
from pitstop.policy.facts import HardwareContract
from simulators import aurora, scenes
from simulators import desk as simulated
from simulators.desk import Scene

from .conftest import Pitstop


@pytest.fixture
def begin() -> Scene:
    return simulated.quiet()


def test_a_risk_that_was_accepted_opens_the_path(pitstop: Pitstop, scene: Scene) -> None:
    assert "as far as there is a way" in pitstop("path").out
    ended = pitstop("risk", "accept", aurora.RISK, "--reason", "sessions may be lost at night")
    assert (ended.status, ended.err) == (0, f"The risk {aurora.RISK} is accepted.\n")
    assert "Accepted by ada: sessions may be lost at night" in ended.out
    assert "to 1.2402.0.8\n" in pitstop("path").out
    assert scene.entries[0].what == "accept risk: sessions may be lost at night"
    assert pitstop("risk", "revoke", aurora.RISK).status == 0
    assert "as far as there is a way" in pitstop("path").out


def test_a_risk_that_nobody_carries_cannot_be_accepted(pitstop: Pitstop) -> None:
    ended = pitstop("risk", "accept", "no-such", "--reason", "x")
    assert ended.status == 3
    assert f"Known risks: {aurora.RISK}." in ended.err


def test_a_risk_is_not_accepted_without_a_reason(pitstop: Pitstop) -> None:
    ended = pitstop("risk", "accept", aurora.RISK, "--reason", "  ")
    assert (ended.status, ended.err.split("\n")[0]) == (2, "error: the reason must have 1 to 1000 characters")


def test_a_fact_that_was_recorded_answers_a_rule(pitstop: Pitstop, scene: Scene) -> None:
    pitstop.sign_in("admin")
    ended = pitstop("fact", "set", "session-store=disk", "connected=no")
    assert ended.status == 0
    assert "recorded by admin" in ended.out
    explained = json.loads(pitstop("explain", scenes.FULL_2402, "--json").out)
    assert explained["missingFacts"] == []
    assert [risk["standing"] for risk in explained["risks"]] == ["not-affected"]
    assert "content-required" in {reason["code"] for reason in explained["reasons"]}
    pitstop("fact", "set", "content.lantern-key=present")
    after = json.loads(pitstop("explain", scenes.FULL_2402, "--json").out)
    assert "content-required" not in {reason["code"] for reason in after["reasons"]}
    pitstop("fact", "forget", "connected")
    assert [fact.name for fact in scene.records.declarations.declared().facts] == [
        "content.lantern-key",
        "session-store",
    ]


@pytest.mark.parametrize("bad", ["no-value", "Upper=x", "=x", "a=", "name=" + "x" * 201])
def test_a_fact_that_is_none_is_refused(pitstop: Pitstop, scene: Scene, bad: str) -> None:
    pitstop.sign_in("admin")
    assert pitstop("fact", "set", "good=1", bad).status == 2
    assert scene.records.declarations.declared().facts == ()


@pytest.mark.parametrize("call", ["fact set connected=no", "contract set none"])
def test_only_an_administrator_says_what_the_system_is(pitstop: Pitstop, call: str) -> None:
    ended = pitstop(*call.split())
    assert ended.status == 5
    assert "ada is operator" in ended.err


def test_the_contract_is_recorded(pitstop: Pitstop, scene: Scene) -> None:
    pitstop.sign_in("admin")
    ended = pitstop("contract", "set", "valid", "--until", "2024-05-13")
    assert ended.out.startswith("There is a hardware support contract until 2024-05-13, that day included.\n")
    assert "ended on 2024-05-13" in pitstop("support").out
    assert pitstop("contract", "set", "unknown").out == "Nothing is recorded.\n"
    assert scene.records.declarations.declared().contract is None
    assert pitstop("contract", "set", "none", "--until", "2024-05-13").status == 2
    pitstop("contract", "set", "none")
    declared = scene.records.declarations.declared().contract
    assert declared is not None
    assert declared.contract == HardwareContract(valid=False)


def test_windows_are_declared_by_name(pitstop: Pitstop, scene: Scene) -> None:
    weekly = "--first 2024-05-19T01:00 --hours 3.5 --zone America/New_York --rule FREQ=WEEKLY;BYDAY=SU"
    assert pitstop("windows", "set", "Sundays", *weekly.split()).status == 0
    times = scene.records.declarations.declared().times
    assert [window.name for window in times.windows] == ["Saturday night", "Sundays"]
    assert times.blackouts == (aurora.EXAMS,)
    pitstop("windows", "set", "Sundays", *weekly.replace("3.5", "2").split())
    assert "2 h " in pitstop("windows", "list").out
    pitstop("windows", "blackout", "2024-07-01", "2024-07-31", "--reason", "holidays")
    assert scene.records.declarations.declared().times.blackouts[-1].last_day == date(2024, 7, 31)
    pitstop("windows", "clear", "Sundays")
    assert len(scene.records.declarations.declared().times.windows) == 1
    ended = pitstop("windows", "clear")
    assert (ended.out.splitlines()[-1].startswith("Declared by ada"), ended.err) == (
        True,
        "No maintenance window is declared.\n",
    )
    assert "no-windows" in pitstop("path", "--calendar", "--json").out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--first 2024-05-19T01:00 --hours 3 --zone Mars/Base", "'Mars/Base' is no time zone"),
        ("--first 2024-05-19T01:00 --hours 3 --zone UTC --rule FREQ=SOMETIMES", "is no recurrence rule"),
        ("--first 2024-05-19T01:00 --hours 3 --zone UTC --rule FREQ=HOURLY", "recurs within a day"),
        ("--first 1024-05-19T01:00 --hours 3 --zone UTC", "before 2000"),
    ],
)
def test_a_window_that_cannot_be_is_refused(pitstop: Pitstop, scene: Scene, options: str, said: str) -> None:
    before = scene.records.declarations.declared()
    ended = pitstop("windows", "set", "bad", *options.split())
    assert ended.status == 2
    assert said in ended.err
    assert scene.records.declarations.declared() == before


def test_a_reader_sees_and_declares_nothing(pitstop: Pitstop) -> None:
    pitstop.sign_in("rea")
    assert pitstop("support").status == 0
    assert pitstop("windows", "clear").status == 5
    assert pitstop("risk", "accept", aurora.RISK, "--reason", "x").status == 5


def test_a_target_that_is_nowhere_is_not_found(pitstop: Pitstop) -> None:
    ended = pitstop("path", "--to", "9.9")
    assert (ended.status, ended.err.split("\n")[0]) == (3, "error: no release is known as '9.9'")
    assert pitstop("explain", "9.9").status == 3


def test_an_objective_that_is_none_is_refused(pitstop: Pitstop) -> None:
    ended = pitstop("path", "--objective", "fun")
    assert ended.status == 2
    assert "Objectives are: time, restarts, windows." in ended.err


# --- without a service -----------------------------------------------------------------------------------


@pytest.fixture
def lantern(tmp_path: Path) -> Path:
    file = tmp_path / "lantern.json"
    file.write_bytes(write_catalogue(aurora.LANTERN))
    return file


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--installed", "lantern=1.2305.1.23"], 3, "no catalogue has lantern 1.2305.1.23"),
        (["--installed", "lamp=1.2305.1.22"], 3, "no catalogue is of the product 'lamp'"),
        (["--installed", "lantern"], 2, "'lantern' is not PRODUCT=VERSION"),
        (["--installed", "lantern=one"], 2, "'one' is not a version"),
        (["--fact", "connected"], 2, "'connected' is not NAME=VALUE"),
    ],
)
def test_what_is_assumed_must_make_sense(
    pitstop: Pitstop, lantern: Path, options: list[str], status: int, said: str
) -> None:
    ended = pitstop("support", "--catalogue", str(lantern), *options)
    assert ended.status == status
    assert said in ended.err


def test_the_hint_names_builds_that_begin_alike(pitstop: Pitstop, lantern: Path) -> None:
    ended = pitstop("support", "--catalogue", str(lantern), "--installed", "lantern=1.2305.1.23")
    assert "Known are 1.2305.1.22, 1.2305.0.10," in ended.err


def test_nothing_is_assumed_without_a_catalogue(pitstop: Pitstop) -> None:
    ended = pitstop("support", "--installed", "lantern=1.2305.1.22")
    assert (ended.status, "Add --catalogue FILE" in ended.err) == (2, True)


def test_a_file_that_is_not_there_is_named(pitstop: Pitstop, tmp_path: Path) -> None:
    ended = pitstop("releases", "--catalogue", str(tmp_path / "none.json"))
    assert (ended.status, "there is no file" in ended.err) == (3, True)


def test_assumed_windows_come_from_a_file(pitstop: Pitstop, lantern: Path, tmp_path: Path) -> None:
    windows = tmp_path / "windows.json"
    windows.write_text(
        '{"windows": [{"name": "daily", "first": "2024-01-01T22:00:00", "recurrence": "FREQ=DAILY", '
        '"seconds": 7200, "zone": "UTC"}]}'
    )
    options = [
        "--catalogue",
        str(lantern),
        "--installed",
        "lantern=1.2305.1.22",
        "--calendar",
        "--nodes",
        "4",
    ]
    ended = pitstop("path", "--to", "1.2308.0.15", *options, "--windows", str(windows), "--json")
    calendar = json.loads(ended.out)
    assert [(booking["name"], booking["opening"]["window"]) for booking in calendar["bookings"]] == [
        (scenes.EXPRESS, "daily")
    ]
    windows.write_text('{"windows": 3}')
    assert pitstop("path", *options, "--windows", str(windows)).status == 2


# --- checking catalogue files ----------------------------------------------------------------------------


def test_a_catalogue_without_fault_is_said_to_be_so(pitstop: Pitstop, lantern: Path) -> None:
    ended = pitstop("catalogue", "check", str(lantern))
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == "1 catalogue with 7 releases: no problem was found.\n"


def test_every_problem_of_a_catalogue_is_listed(pitstop: Pitstop, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    sound = json.loads(write_catalogue(aurora.LANTERN))
    for release in sound["releases"]:
        if release["name"] == scenes.EXPRESS:
            release["required_hotfix"] = "1.2305.9.9"
        if release["name"] == scenes.HOTFIX:
            release["families"] = ["2399"]
        if release["name"] == scenes.BASE:
            release["equivalent_builds"] = ["1.2302.0.4"]
    sound["families"] += [{"id": "a", "predecessor": "b"}, {"id": "b", "predecessor": "a"}]
    file.write_text(json.dumps(sound))
    ended = pitstop("catalogue", "check", str(file))
    assert ended.status == 2
    for said in (
        "required hotfix 1.2305.9.9 does not exist",
        "family 2399 does not exist",
        "build 1.2302.0.4 is also that of Northstar1.2302.0.4",
        "families follow each other in a circle: a, b",
    ):
        assert said in ended.out
    assert ended.err.startswith(f"error: {len(ended.out.splitlines())} problems in 1 catalogue\n")
    as_json = pitstop("catalogue", "check", str(file), "--json")
    assert len(json.loads(as_json.out)) == len(ended.out.splitlines())
    asked = pitstop("support", "--catalogue", str(file), "--installed", "lantern=1.2305.1.22")
    assert (asked.status, asked.out) == (2, "")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 9}', b"\xff\xfe", b'{"format": 1, "publisher": 3}']
)
def test_what_is_no_catalogue_is_refused(pitstop: Pitstop, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    ended = pitstop("catalogue", "check", str(file))
    assert (ended.status, len(ended.out.splitlines())) == (2, 1)
    assert ended.out.startswith(f"{file}: ")
    assert pitstop("support", "--catalogue", str(file)).status == 2
