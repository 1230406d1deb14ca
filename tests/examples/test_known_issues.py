"""The evaluation set for known issues is well-formed: what it says of itself in its README holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from pitstop.model.updates import UpdateState
from pitstop.package.failure_cases_format import read_cases
from pitstop.policy.known_issues.evaluation import Case as Known
from pitstop.policy.known_issues.evaluation import evaluate
from pitstop.publish.documents import read_issues_list
from pitstop.steps.table import KINDS

FOLDER = Path(__file__).parents[2] / "examples" / "known_issues"
FAILED_IN = {
    "download": UpdateState.DOWNLOAD_FAILED,
    "prepare": UpdateState.PREPARATION_FAILED,
    "health-check": UpdateState.HEALTH_CHECK_FAILED,
    "install": UpdateState.INSTALLATION_FAILED,
}


class Topic(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    title: str
    trouble: str
    cause: str
    remediation: str
    occurrence: Literal["Common", "Rare"]
    applicable: Literal["all_supported"]


class Topics(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    format: Literal[1]
    topic: list[Topic]


class Step(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str
    kind: str


class Failure(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    state: UpdateState
    phase: Literal["download", "prepare", "health-check", "install"]
    step: Step
    error: str
    output: str
    log: list[str]
    facts: dict[str, str]


class Case(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    set: Literal["dev", "held-out"]
    failure: Failure
    expected: str | None
    note: str | None = None


TOPICS = msgspec.toml.decode((FOLDER / "topics.toml").read_bytes(), type=Topics).topic
CASES = [
    msgspec.json.decode(line, type=Case)
    for line in (FOLDER / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
NONE_OF_THEM = [case for case in CASES if case.expected is None]
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_topic_has_its_own_id_in_plain_words() -> None:
    ids = [topic.id for topic in TOPICS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in ids)


def test_cases_have_their_own_ids_and_differ() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    assert len({msgspec.json.encode(case.failure) for case in CASES}) == len(CASES)


def test_what_is_expected_is_a_topic_and_each_has_cases_in_both_sets() -> None:
    counted = Counter((case.expected, case.set) for case in CASES if case.expected is not None)
    assert {expected for expected, _ in counted} == {topic.id for topic in TOPICS}
    for topic in TOPICS:
        assert counted[topic.id, "dev"] >= 1
        assert counted[topic.id, "held-out"] >= 3


def test_a_third_is_for_tuning() -> None:
    for some in (CASES, NONE_OF_THEM):
        assert sum(case.set == "dev" for case in some) / len(some) == pytest.approx(1 / 3, abs=0.01)


def test_what_is_no_known_issue_says_why() -> None:
    assert all(case.note for case in NONE_OF_THEM)


def test_a_failure_could_have_come_from_a_run() -> None:
    for case in CASES:
        assert case.failure.state is FAILED_IN[case.failure.phase], case.id
        assert case.failure.step.kind in KINDS, case.id
        assert case.failure.error, case.id


def test_readme_counts_and_names_what_is_there() -> None:
    assert f"{len(CASES)} cases of {len(TOPICS)} topics. {len(NONE_OF_THEM)} of them are none" in README
    assert {fact for case in CASES for fact in case.failure.facts} <= set(re.findall(r"`([a-z-]+)`", README))


def test_the_catalogue_is_of_the_topics_and_matches_as_it_should() -> None:
    """The gate: what is reached today may not be lost, and no mend is offered where it does not belong."""
    issues = read_issues_list(FOLDER / "catalogue.toml")
    assert {issue.id for issue in issues} == {topic.id for topic in TOPICS}
    assert issues[0].id == "weak-link"
    cases = [
        Known(line.id, line.set, line.failure.failure(), line.expected)
        for line in read_cases((FOLDER / "cases.jsonl").read_bytes())
    ]
    score, _ = evaluate(issues, cases)
    assert (score.issues, score.cases) == (len(TOPICS), len(CASES))
    assert score.top1 >= 0.85
    assert score.false_mends == 0


def test_the_second_list_is_matched_as_its_readme_says() -> None:
    second = FOLDER / "second"
    cases = [
        Known(line.id, line.set, line.failure.failure(), line.expected)
        for line in read_cases((second / "cases.jsonl").read_bytes())
    ]
    score, judged = evaluate(read_issues_list(second / "catalogue.toml"), cases)
    assert (score.issues, score.cases, score.false_mends) == (12, 60, 0)
    assert score.top1 >= 0.76
    assert not [one for one in judged if one.offers and one.offers[0].mend and one.case.expected is None]
    assert f"{sum(case.expected is None for case in cases)} of which are none of them" in (
        second / "README.md"
    ).read_text(encoding="utf-8")
