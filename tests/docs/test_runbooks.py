"""Every code that can be shown can be looked up: ``docs/runbooks/<code>.md``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.finding_codes import codes
from tools.reference import DOCS

RUNBOOKS = DOCS / "runbooks"
_SAID = codes()
_FORM = re.compile(r"# (?P<code>\S+)\n\n## Meaning\n\n.+\n\n## Impact\n\n.+\n\n## Fix\n\n.+\n", re.DOTALL)


def test_every_code_can_be_worked_out_from_the_sources() -> None:
    assert _SAID.obscure == []
    assert {"hotfix-missing", "catalogue-invalid", "risk-unknown", "step-failed"} <= set(_SAID.found)


def test_every_code_has_a_runbook_and_every_runbook_a_code() -> None:
    written = {file.stem for file in RUNBOOKS.glob("*.md")}
    lacking = {code: sorted(places) for code, places in _SAID.found.items() if code not in written}
    assert lacking == {}, "write docs/runbooks/<code>.md"
    assert written - set(_SAID.found) == set(), "nothing says these any longer"


@pytest.mark.parametrize("file", sorted(RUNBOOKS.glob("*.md")), ids=lambda file: file.stem)
def test_a_runbook_says_meaning_impact_and_fix(file: Path) -> None:
    form = _FORM.fullmatch(file.read_text(encoding="utf-8"))
    assert form is not None
    assert form["code"] == file.stem


def test_codes_are_found_wherever_they_are_made(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        'KEPT = "by-constant"\n'
        "class Lost(Problem):\n    code = 'by-class'\n"
        "def made(subject, code, severity='x'):\n    return Finding(code, severity, subject)\n"
        "def _own(code='by-default'):\n    return Finding(code=code)\n"
        "made('x', KEPT)\n_own()\nFinding('yes' if a else 'no')\nFinding(other.code)\n"
    )
    (tmp_path / "two.py").write_text(
        "made('x', 'from-elsewhere')\n_own('of-another-module')\nFinding(f'{x}')\n"
    )
    said = codes(tmp_path)
    assert set(said.found) == {"by-constant", "by-class", "by-default", "yes", "no", "from-elsewhere"}
    assert said.obscure == ["two.py:3: f'{x}'"]
