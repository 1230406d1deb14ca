"""Which known issue a failure is: signatures, exclusions, versions, wording, mends, bounds."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.known_issues import (
    Applicable,
    Certainty,
    Failure,
    KnownIssue,
    Likeness,
    Mend,
    Occurrence,
    Place,
    Signature,
)
from pitstop.model.plans import PlanStep
from pitstop.model.versions import Version
from pitstop.policy.known_issues.evaluation import Case, evaluate
from pitstop.policy.known_issues.matching import Matcher

ISSUE = KnownIssue(
    "stale",
    "A lock whose holder is gone",
    Applicable(all_supported=True),
    "Another instance is said to run.",
    "The holder was killed.",
    "Remove it.",
    Occurrence.COMMON,
    (Signature(said=((r"another instance",), (r"no such process", r"process \d+ is gone"))),),
)
MEND = Mend("Removes it.", (PlanStep("Remove", "command"),), (PlanStep("Gone", "probe"),))
FAILURE = Failure(
    "InstallationFailed",
    "install",
    "Migrate",
    "command",
    "ended with status 1: Another  instance is running",
    "looking for it\nprocess 3121 is gone\n",
    facts={"node": "n2", "free-mib": "150"},
)


def first(issue: KnownIssue, failure: Failure = FAILURE) -> str | None:
    found = Matcher([issue]).matches(failure)
    return found[0].likeness.value if found else None


def with_signature(**fields: object) -> KnownIssue:
    return replace(ISSUE, signatures=(replace(ISSUE.signatures[0], **fields),))  # type: ignore[arg-type]


def test_a_match_shows_what_speaks_for_it() -> None:
    (match,) = Matcher([ISSUE]).matches(FAILURE)
    assert (match.issue, match.likeness, match.mend) == (ISSUE, Likeness.MATCH, False)
    assert [(item.place, item.text) for item in match.evidence] == [
        ("error", "ended with status 1: Another instance is running"),
        ("output", "process 3121 is gone"),
    ]


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({"states": ("InstallationFailed",)}, True),
        ({"states": ("DownloadFailed",)}, False),
        ({"phases": ("prepare",)}, False),
        ({"kinds": ("command",), "step": "^migr"}, True),
        ({"step": "drain"}, False),
        ({"none": ("status 1",)}, False),
        ({"places": (Place.ERROR,)}, False),
        ({"facts": (FactTest("free-mib", Comparison.BELOW, ("200",)),)}, True),
        ({"facts": (FactTest("free-mib", Comparison.AT_LEAST, ("200",)),)}, False),
        ({"facts": (FactTest("load", Comparison.AT_LEAST, ("0",)),)}, False),
        ({"said": ((r"another.instance.*gone",),), "places": ()}, False),
        ({"said": ((r"looking.*gone",),)}, True),
    ],
)
def test_all_that_a_signature_names_must_hold(fields: dict[str, object], matches: bool) -> None:
    assert (first(with_signature(**fields)) == "match") is matches


def test_what_excludes_speaks_against_everything() -> None:
    alive = Signature(said=((r"process \d+ is alive",),))
    issue = replace(ISSUE, excludes=(alive,))
    assert first(issue) == "match"
    assert first(issue, replace(FAILURE, log=("process 9 is alive",))) is None


@pytest.mark.parametrize(
    ("applicable", "fixed_in", "offered"),
    [
        (Applicable(all_supported=True), None, True),
        (Applicable(families=("2610",)), None, True),
        (Applicable(families=("2604",)), None, False),
        (Applicable(builds=("1.2610.0.40",)), None, True),
        (Applicable(builds=("1.2610.0.39",)), None, False),
        (Applicable(all_supported=True), "1.2610.0.40", False),
        (Applicable(all_supported=True), "1.2610.0.41", True),
    ],
)
def test_issues_of_other_versions_are_not_offered(
    applicable: Applicable, fixed_in: str | None, offered: bool
) -> None:
    failure = replace(FAILURE, version=Version.parse("1.2610.0.40"), family="2610")
    issue = replace(ISSUE, applicable=applicable, fixed_in=fixed_in)
    assert (first(issue, failure) is not None) is offered
    assert first(issue) == "match"  # the failure does not say which version it is of


def test_what_is_certain_and_said_last_comes_first() -> None:
    likely = replace(ISSUE, id="a", signatures=(Signature(said=(("gone",),), certainty=Certainty.LIKELY),))
    early = replace(ISSUE, id="b", signatures=(Signature(said=(("looking",),), places=(Place.OUTPUT,)),))
    late = replace(ISSUE, id="c", signatures=(Signature(said=(("is gone",),), places=(Place.OUTPUT,)),))
    error = replace(ISSUE, id="d", signatures=(Signature(said=(("status 1",),)),))
    ranked = Matcher([likely, early, late, error]).matches(FAILURE)
    assert [match.issue.id for match in ranked] == ["d", "c", "b", "a"]


def test_a_mend_is_offered_on_evidence_that_is_enough_and_uncontested() -> None:
    enough = replace(with_signature(mend=True), mend=MEND)
    assert Matcher([enough]).matches(FAILURE)[0].mend
    assert not Matcher([replace(ISSUE, mend=MEND)]).matches(FAILURE)[0].mend
    other = replace(ISSUE, id="other", signatures=(Signature(said=(("is gone",),)),))
    assert not any(match.mend for match in Matcher([enough, other]).matches(FAILURE))
    unsure = replace(other, signatures=(replace(other.signatures[0], certainty=Certainty.LIKELY),))
    assert [match.mend for match in Matcher([enough, unsure]).matches(FAILURE)] == [True, False]


def test_wording_alone_is_told_apart_and_offers_no_mend() -> None:
    told = replace(
        ISSUE,
        signatures=(),
        mend=MEND,
        title="The turbine gasket leaks",
        symptom="Coolant drips from the gasket of the turbine, pressure sinks",
    )
    others = [replace(ISSUE, id=f"o{n}", title=f"Other trouble {n}", symptom="x") for n in range(5)]
    failure = Failure(error="turbine: coolant pressure sinks, the gasket drips")
    (match,) = Matcher([told, *others]).matches(failure)
    assert (match.issue, match.likeness, match.mend) == (told, Likeness.RELATED, False)
    assert "coolan…" in match.evidence[-1].text
    assert Matcher([told, *others]).matches(Failure(error="the turbine is fine, status 1")) == ()


def test_texts_are_compared_in_one_form() -> None:
    assert first(ISSUE, replace(FAILURE, error="\x1b[31mANOTHER\tinstance\x1b[0m is running")) == "match"
    quoted = replace(ISSUE, signatures=(Signature(said=(("cannot open 'x'",),)),))
    assert first(quoted, Failure(error="cannot open ‘x’")) == "match"  # noqa: RUF001 as coreutils print it
    assert (
        first(replace(ISSUE, signatures=(Signature(said=(("ロック",),)),)), Failure(output="ﾛｯｸ")) == "match"
    )


@given(st.builds(Failure, error=st.text(), output=st.text(), log=st.lists(st.text()).map(tuple)))
def test_any_failure_is_borne(failure: Failure) -> None:
    Matcher([ISSUE]).matches(failure)


def test_a_failure_of_any_size_takes_bounded_time() -> None:
    evil = replace(
        ISSUE,
        signatures=(
            Signature(
                said=((r"(a+)+$x",), (r"(.*){1,8}y",)),
            ),
        ),
    )
    matcher = Matcher([replace(evil, id=f"e{n}") for n in range(100)])
    failure = Failure(error="a" * 1_000_000, output="a" * 10_000_000, log=("a" * 100,) * 100_000)
    began = time.perf_counter()
    matcher.matches(failure)
    assert time.perf_counter() - began < 5


def test_a_case_that_expects_nothing_is_right_when_nothing_is_offered() -> None:
    mended = replace(with_signature(mend=True), mend=MEND)
    cases = [
        Case("1", "dev", FAILURE, "stale"),
        Case("2", "dev", FAILURE, None),
        Case("3", "dev", Failure(error="something else"), None),
        Case("4", "dev", Failure(error="something else"), "stale"),
    ]
    score, judged = evaluate([mended], cases)
    assert (score.issues, score.cases, score.top1, score.top3, score.false_mends) == (1, 4, 0.5, 0.5, 1)
    assert [one.case.id for one in judged if not one.is_within(1)] == ["2", "4"]


FULL = replace(
    ISSUE,
    id="full",
    title="The node's disk is full",
    symptom="A step cannot write, because there is no free space.",
    cause="Logs fill the file system.",
    remediation="Free space, then resume.",
    signatures=(),
)
LATE = replace(
    ISSUE,
    id="late",
    title="Clocks differ",
    symptom="A certificate is not yet valid, as the clock of a node is wrong.",
    cause="Time synchronisation does not run.",
    remediation="Start it, then resume.",
    signatures=(Signature(said=(("0x80072f05",),)),),
)


@pytest.mark.parametrize(
    ("said", "issue"),
    [
        ("tar: x: Cannot write: ENOSPC", "full"),
        ("cp: Auf dem Gerät ist kein Speicherplatz mehr verfügbar", "full"),
        ("cp: erreur d'écriture : Aucun espace disponible sur le périphérique", "full"),
        ("cp: デバイスに空き領域がありません", "full"),
        ("chronyd: system time is 4102 s behind; x509: certificate is not yet valid", "late"),
        ("ls: cannot access 'x': No such file or directory", None),
        ("ended with status 1", None),
    ],
)
def test_the_same_trouble_in_other_words_is_related(said: str, issue: str | None) -> None:
    found = Matcher([ISSUE, FULL, LATE]).matches(Failure(output=said))
    assert [(match.issue.id, match.likeness) for match in found] == (
        [(issue, Likeness.RELATED)] if issue else []
    )


def test_what_is_alike_is_shown_as_the_failure_says_it() -> None:
    (match,) = Matcher([ISSUE, FULL]).matches(Failure(output="tar: x: Cannot write: ENOSPC"))
    assert "about no space (ENOSPC)" in match.evidence[0].text


def test_what_a_signature_speaks_against_is_not_related_either() -> None:
    failure = Failure(output="chronyd: system time is 4102 s behind; x509: certificate is not yet valid")
    assert first(LATE, failure) == "related"
    spoilt = Signature(said=(("not yet valid",),), none=("seconds? behind|s behind",))
    assert first(replace(LATE, signatures=(spoilt,)), failure) is None
    assert first(replace(LATE, excludes=(Signature(said=(("chronyd",),)),)), failure) is None


def test_the_more_patterns_do_not_hold_the_more_it_takes() -> None:
    failure = Failure(output="cp: ENOSPC; the database has a certificate")
    assert first(FULL, failure) == "related"
    many = Signature(said=(tuple(f"message {number}" for number in range(1000)),))
    assert first(replace(FULL, signatures=(many,)), failure) is None


def test_of_issues_that_match_alike_the_wording_decides() -> None:
    said = (Signature(said=(("cannot write",),)),)
    other = replace(LATE, id="a", signatures=said)
    found = Matcher([other, replace(FULL, signatures=said)]).matches(
        Failure(output="tar: x: Cannot write: ENOSPC")
    )
    assert [match.issue.id for match in found] == ["full", "a"]
