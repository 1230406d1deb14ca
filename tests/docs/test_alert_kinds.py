"""The table of alerts is held to what the code raises: each source that is settled, each code of an event."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.finding_codes import codes

import pitstop
from pitstop.policy import alert_kinds
from pitstop.policy.alert_kinds import ALERT_KINDS

SOURCES = Path(pitstop.__file__).parent
BY_EVENT = {"engine/alarm.py", "service/log_sending.py", "service/logs.py", "service/nodes.py"}
"""Where events raise codes of their own."""
ANY_CODE = {"service/imports.py", "service/bucket_watch.py"}
"""Where an event raises whatever it ended with: they have a row without codes."""


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """All calls of a method of this name: in which file."""
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                yield str(file.relative_to(SOURCES)), node


def test_every_source_that_is_settled_has_its_row_and_every_row_is_settled() -> None:
    settled = set()
    for where, call in calls("settle"):
        first = call.args[0]
        if isinstance(first, ast.Name) and hasattr(alert_kinds, first.id):
            settled.add(getattr(alert_kinds, first.id))
        elif where == "service/sources.py":  # its subjects are `source NAME`
            settled.add("source")
        elif isinstance(first, ast.Constant):
            settled.add(first.value)
        else:
            raise AssertionError(
                f"{where}:{call.lineno}: name the source by a constant of policy/alert_kinds.py"
            )
    assert settled - {kind.source for kind in ALERT_KINDS} == set()
    rows = {kind.source for kind in ALERT_KINDS if kind.source}
    assert rows - settled <= {alert_kinds.CHECKS}


def test_every_event_that_raises_an_alert_has_its_row() -> None:
    raising = {where for where, _ in calls("raise_alert")}
    assert raising - BY_EVENT - ANY_CODE == set(), "give it a row in policy/alert_kinds.py, and name it here"
    named = {code for kind in ALERT_KINDS for code in kind.codes if not kind.source}
    assert named == {"run-not-driven", "logs-not-sent", "logs-not-collected", "nodes-file-waits"}


def test_the_codes_of_the_table_are_codes_that_there_are() -> None:
    known = set(codes().found)
    assert {code for kind in ALERT_KINDS for code in kind.codes} - known == set()
