"""Known issues: what is written is read back; what is wrong is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pitstop.model.errors import InvalidCatalogue
from pitstop.model.known_issues import Applicable, KnownIssue, KnownIssues, Occurrence, Signature
from pitstop.package.known_issues_checks import check_mends
from pitstop.package.known_issues_format import read_known_issues, write_known_issues
from pitstop.steps.table import MEND_KINDS, STILL_KINDS

EVERYWHERE = KnownIssue(
    id="incomplete",
    title="It did not arrive whole",
    applicable=Applicable(all_supported=True),
    symptom="*Preparation failed*.",
    cause="A weak link.",
    remediation="Again.",
    occurrence=Occurrence.RARE,
    signatures=(Signature(said=(("digest",), ("differs",))), Signature(said=(("cut off",),))),
)
SOMEWHERE = replace(
    EVERYWHERE,
    id="slow",
    applicable=Applicable(families=("2604",), builds=("1.2604.0.21",)),
    occurrence=Occurrence.COMMON,
    fixed_in="1.2604.2.26",
    link="https://northstar.example/kb/1",
)
SIGNED = [{"what": {"all": ["digest", ["differs", "is another"]], "none": ["signature"]}, "mend": True}]
MEND = {
    "says": "Fetches it again.",
    "steps": [{"name": "Fetch", "kind": "command", "args": {"run": ["fetch"]}}],
    "verify": [{"name": "Is there", "kind": "probe", "args": {"run": ["is-there"]}}],
}
LIST = KnownIssues("northstar", "lantern", datetime(2026, 7, 1, 12, 30, tzinfo=UTC), (EVERYWHERE, SOMEWHERE))


def test_what_is_written_is_read_back() -> None:
    raw = write_known_issues(LIST)
    assert read_known_issues(raw) == LIST
    assert write_known_issues(read_known_issues(raw)) == raw


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 3}, "format 3, known are 1 and 2"),
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
        ({"matches": [["digest"]]}, "matches"),
        ({"signatures": [{}]}, "names nothing that is said"),
        ({"signatures": [{"what": {"any": ["(x"]}}]}, r"signatures\[0\]: .* is no pattern of RE2"),
        ({"signatures": [{"what": {"any": [r"(a)\1"]}}]}, "is no pattern of RE2"),
        ({"signatures": [{"what": {"any": ["(a{1000}){1000}"]}}]}, "is no pattern of RE2"),
        ({"signatures": [{"what": {"any": ["x*"]}}]}, "matches where there is nothing"),
        ({"signatures": [{"what": {"any": ["x"]}, "mend": True}]}, "the issue has none"),
        ({"mend": MEND}, "would never be offered"),
        ({"mend": {**MEND, "steps": [{"name": "x"}]}, "signatures": SIGNED}, "either 'kind'"),
        ({"mend": {**MEND, "verify": []}, "signatures": SIGNED}, "verify"),
        ({"severity": "high"}, "severity"),
    ],
)
def test_an_issue_that_is_wrong_is_refused(change: dict[str, Any], says: str) -> None:
    document = json.loads(write_known_issues(LIST))
    document["issues"][0] |= change
    with pytest.raises(InvalidCatalogue, match=says):
        read_known_issues(json.dumps(document).encode())


def test_format_1_is_read_and_its_pieces_are_literal() -> None:
    old: dict[str, Any] = {
        "id": "old",
        "title": "Old",
        "applicable": {"all_supported": True},
        "symptom": "s",
        "cause": "c",
    }
    old |= {"remediation": "r", "occurrence": "Common", "matches": [["a.b", "c*d"]]}
    document = {"format": 1, "publisher": "northstar", "product": "lantern", "issued": "2026-07-01T12:30:00Z"}
    listed = read_known_issues(json.dumps({**document, "issues": [old]}).encode())
    assert listed.issues[0].signatures == (Signature(said=((r"a\.b",), (r"c\*d",))),)


def test_a_mend_is_checked_by_the_kinds_of_its_steps() -> None:
    document = json.loads(write_known_issues(LIST))
    document["issues"][0] |= {"mend": MEND, "signatures": SIGNED}
    listed = read_known_issues(json.dumps(document).encode())
    assert read_known_issues(write_known_issues(listed)) == listed
    check_mends(listed, MEND_KINDS, STILL_KINDS)
    steps = [{"name": "x", "kind": "copy"}]
    document["issues"][0]["mend"] = {**MEND, "verify": MEND["steps"], "steps": steps}
    wrong = read_known_issues(json.dumps(document).encode())
    with pytest.raises(InvalidCatalogue, match=r"unknown kind 'copy'.*may change something"):
        check_mends(wrong, MEND_KINDS, STILL_KINDS)
