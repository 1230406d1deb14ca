"""The page of what must not happen names tests that there are, and every scenario."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tools.reference import DOCS

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"^\| [^|]+ \| [^|]+ \| `(?P<file>\S+\.py)::(?P<test>\w+)` \|$")


def rows() -> list[str]:
    lines = (DOCS / "what-must-not-happen.md").read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| in the field")]


def named() -> list[tuple[str, str]]:
    found = [NAMED.match(row) for row in rows()]
    assert None not in found, [row for row, match in zip(rows(), found, strict=True) if match is None]
    return [(match["file"], match["test"]) for match in found if match is not None]


def in_file(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return {
        node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_row_names_a_test_that_there_is() -> None:
    for file, test in named():
        assert test in in_file(TESTS / file), f"{file} has no {test}"


def test_every_scenario_has_its_row_and_says_what_happened() -> None:
    for file in (TESTS / "scenarios").glob("test_*.py"):
        told = {test for path, test in named() if path == f"scenarios/{file.name}"}
        assert in_file(file) == told
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name in told:
                assert ast.get_docstring(node), f"{node.name} does not say what happened"
