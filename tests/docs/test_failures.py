"""``docs/failures.md``: each row names a code that there is, and a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

from tools.reference import DOCS

TESTS = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| (?!what goes wrong|---)(?P<what>[^|]+) \|.*\| `(?P<test>test_\w+)` \|$", re.MULTILINE)
_CODE = re.compile(r"\[([a-z-]+)\]\(runbooks/([a-z-]+)\.md\)")


def test_each_failure_has_its_test_and_its_runbook() -> None:
    page = (DOCS / "failures.md").read_text(encoding="utf-8")
    rows = _ROW.findall(page)
    assert len(rows) == len([line for line in page.splitlines() if line.startswith("| ")]) - 1
    known = {
        name
        for file in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert [what for what, test in rows if test not in known] == []
    for shown, linked in _CODE.findall(page):
        assert shown == linked
        assert (DOCS / "runbooks" / f"{linked}.md").is_file()
