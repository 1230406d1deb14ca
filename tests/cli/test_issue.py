"""`pitstop issue evaluate`: any list, any cases, hostile lines; it needs no service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pitstop.cli.main import run

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
