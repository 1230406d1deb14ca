"""Known issues: what is written is read back; what is wrong is refused by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pitstop.model.errors import InvalidCatalogue
from pitstop.package.known_issues_format import (
    Applicable,
    KnownIssue,
    KnownIssues,
    Occurrence,
    read_known_issues,
    write_known_issues,
)

EVERYWHERE = KnownIssue(
    id="incomplete",
    title="It did not arrive whole",
    applicable=Applicable(all_supported=True),
    symptom="*Preparation failed*.",
    cause="A weak link.",
    remediation="Again.",
    occurrence=Occurrence.RARE,
    matches=(("digest", "differs"), ("cut off",)),
)
SOMEWHERE = msgspec.structs.replace(
    EVERYWHERE,
    id="slow",
    applicable=Applicable(families=("2604",), builds=("1.2604.0.21",)),
    occurrence=Occurrence.COMMON,
    fixed_in="1.2604.2.26",
    link="https://northstar.example/kb/1",
)
LIST = KnownIssues("northstar", "lantern", datetime(2026, 7, 1, 12, 30, tzinfo=UTC), (EVERYWHERE, SOMEWHERE))


def test_what_is_written_is_read_back() -> None:
    raw = write_known_issues(LIST)
    assert read_known_issues(raw) == LIST
    assert write_known_issues(read_known_issues(raw)) == raw


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format 2, known is 1"),
        ({"format": True}, "format True"),
        ({"publisher": "North Star"}, "no short name"),
        ({"issued": "2026-07-01T12:30:00"}, "no time zone"),
        ({"further": 1}, "further"),
        ({"issues": [{}]}, "id"),
    ],
)
def test_a_list_that_is_wrong_is_refused(change: dict[str, Any], says: str) -> None:
    document = json.loads(write_known_issues(LIST)) | change
    with pytest.raises(InvalidCatalogue, match=says):
        read_known_issues(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "Not So"}, "no short name"),
        ({"id": "slow"}, "issue slow is there 2 times"),
        ({"applicable": {}}, "either to all"),
        ({"applicable": {"all_supported": True, "families": ["1"]}}, "either to all"),
        ({"applicable": {"builds": ["1.x"]}}, "not a version"),
        ({"fixed_in": "soon"}, "not a version"),
        ({"link": "javascript:alert(1)"}, "no http address"),
        ({"occurrence": "Often"}, "Often"),
        ({"symptom": ""}, "symptom"),
        ({"matches": [[]]}, "matches"),
        ({"matches": [["x"]]}, "matches"),
        ({"severity": "high"}, "severity"),
    ],
)
def test_an_issue_that_is_wrong_is_refused(change: dict[str, Any], says: str) -> None:
    document = json.loads(write_known_issues(LIST))
    document["issues"][0] |= change
    with pytest.raises(InvalidCatalogue, match=says):
        read_known_issues(json.dumps(document).encode())
