"""`pitstop issue`: measuring any list with any cases, without a service; and what the service knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pitstop.cli.main import run
from simulators import scenes
from simulators.desk import Scene

from .conftest import Pitstop

LIST = {
    "format": 1,
    "publisher": "northstar",
    "product": "lantern",
    "issued": "2026-07-01T12:30:00Z",
    "issues": [
        {
            "id": "cut-off",
            "title": "Cut off",
            "applicable": {"all_supported": True},
            "symptom": "s",
            "cause": "c",
            "remediation": "r",
            "occurrence": "Common",
            "matches": [["reset by peer"]],
        }
    ],
}
CASE = {"id": "1", "set": "dev", "failure": {"error": "connection reset by peer"}, "expected": "cut-off"}
OTHER = {"id": "2", "set": "held-out", "failure": {"error": "connection reset by peer"}, "expected": None}


def evaluated(folder: Path, cases: str, *options: str) -> int:
    (folder / "list.json").write_text(json.dumps(LIST))
    (folder / "cases.jsonl").write_text(cases)
    return run(["issue", "evaluate", str(folder / "list.json"), str(folder / "cases.jsonl"), *options])


def test_a_list_of_format_1_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluated(tmp_path, f"{json.dumps(CASE)}\n\n{json.dumps(OTHER)}\n") == 0
    score = {"issues": 1, "cases": 2, "top1": 0.5, "top3": 0.5, "false_mends": 0}
    assert json.loads(capsys.readouterr().out) == score
    assert evaluated(tmp_path, f"{json.dumps(CASE)}\n{json.dumps(OTHER)}", "--set", "dev") == 0
    assert json.loads(capsys.readouterr().out)["top1"] == 1.0


def test_misses_are_shown_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluated(tmp_path, json.dumps(OTHER), "--show", "misses") == 0
    miss, figures = capsys.readouterr().out.splitlines()
    assert miss.startswith("2: nothing is expected, offered: cut-off (match")
    assert json.loads(figures)["cases"] == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "line 2 is not JSON"),
        ('{"id": "2"}', "line 2: "),
        (json.dumps(CASE), "line 2: case 1 is in line 1 already"),
        (json.dumps({**CASE, "id": "2", "extra": 1}), "line 2: .*extra"),
        ('{"id": "2", "id": "3"}', "twice"),
        (json.dumps({**CASE, "id": "2", "failure": {"error": 7}}), "line 2: .*error"),
        (json.dumps({**CASE, "id": "2", "failure": {"version": "one"}}), "line 2: .*not a version"),
        ("[" * 100_000, "line 2"),
    ],
)
def test_a_line_that_is_wrong_is_refused_with_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    assert evaluated(tmp_path, f"{json.dumps(CASE)}\n{line}\n") == 2
    error = capsys.readouterr().err
    assert "cases.jsonl: line 2" in error
    assert says.rpartition(".*")[2].removeprefix("line 2: ") in error
    assert "hint: " in error


ISSUE = "northstar/busy-drain"


def test_issues_are_listed_and_shown_by_name_or_id(pitstop: Pitstop) -> None:
    assert "northstar/busy-drain  Common  offered" in pitstop("issue", "list").out
    for name in (ISSUE, "busy-drain"):
        shown = pitstop("issue", "show", name).out
        assert "Ends the workload's rebuild on the node." in shown
    assert pitstop("issue", "show", "nothing").status == 3


def test_a_failure_from_a_file_is_matched(pitstop: Pitstop, tmp_path: Path) -> None:
    failure = tmp_path / "failure.json"
    failure.write_text(json.dumps({"error": "busy-drain"}))
    assert pitstop("issue", "match", str(failure)).out.startswith("Known issue: northstar/busy-drain")
    failure.write_text("{}")
    assert "none of the known issues" in pitstop("issue", "match", str(failure)).err


def test_a_run_is_mended_with_consent(pitstop: Pitstop, scene: Scene) -> None:
    assert pitstop("run", "mend", scenes.RUN_FAILED).status == 2  # nobody is there to agree
    assert scene.reports[scenes.RUN_FAILED].run.state == "failed"
    assert pitstop("run", "mend", scenes.RUN_FAILED, "--issue", "full-disk", "--yes").status == 4
    ended = pitstop("run", "mend", scenes.RUN_FAILED, "--yes")
    assert (ended.status, scene.reports[scenes.RUN_FAILED].run.state) == (0, "mending")


def test_consent_is_given_beforehand_and_withdrawn(pitstop: Pitstop) -> None:
    assert "whenever it is met" in pitstop("issue", "consent", ISSUE, "--yes").err
    assert "agreed by ada" in pitstop("issue", "list").out
    assert "only when it is asked for" in pitstop("issue", "consent", ISSUE, "--withdraw").err
    assert pitstop("issue", "consent", "full-disk", "--yes").status == 4
    pitstop.sign_in("rea")
    assert pitstop("issue", "consent", ISSUE, "--yes").status == 5
