"""``docs/faults.md`` has a row for each fault that befalls the room, and says what its test looks for."""

from __future__ import annotations

import re

from tools.reference import DOCS

from docs.test_failures import TESTS

_ROW = re.compile(
    r"^\| .+ \| .+ \| (?P<alert>.+) \| `(?P<file>test_\w+\.py)::(?P<test>test_\w+)` \|$", re.MULTILINE
)
_CODE = re.compile(r"\[([a-z-]+)\]\(runbooks/([a-z-]+)\.md\)")
_TEST = re.compile(r"^def (test_\w+)\(.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def faults_by_test() -> dict[str, str]:
    """By file and name, the text of each."""
    return {
        f"{file.name}::{found[1]}": found[0]
        for file in (TESTS / "faults").glob("test_*.py")
        for found in _TEST.finditer(file.read_text(encoding="utf-8"))
    }


def test_each_fault_has_its_row_with_the_alert_that_its_test_looks_for() -> None:
    rows = _ROW.findall((DOCS / "faults.md").read_text(encoding="utf-8"))
    tests = faults_by_test()
    assert len(tests) >= 25
    assert sorted(f"{file}::{test}" for _, file, test in rows) == sorted(tests)
    for alert, file, test in rows:
        text = tests[f"{file}::{test}"]
        for shown, linked in _CODE.findall(alert):
            assert shown == linked
            assert (DOCS / "runbooks" / f"{linked}.md").is_file()
            assert f'"{shown}"' in text, f"{test} does not look for {shown}"
        assert _CODE.search(alert) or "none" in alert
