"""Bad catalogue data is refused with all problems listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pitstop.model.conditions import Comparison, Condition, FactTest, Risk
from pitstop.model.errors import InvalidCatalogue
from pitstop.model.packages import PackageType
from pitstop.model.releases import (
    Catalogue,
    Family,
    PublisherKind,
    ReleaseStatus,
    SupportEnd,
    SupportException,
)
from pitstop.policy.catalogue_checks import problems
from pitstop.policy.graph import ReleaseGraph, checked
from policy.building import chain, codes, full, hotfix, oem, oem_line, platform, v
from policy.hub_history import firmware, history

A, B = full("1.1.0.1", "a"), full("1.2.0.1", "b")


def what(*catalogues: Catalogue) -> str:
    return "\n".join(f"{finding.subject}: {finding.what}" for finding in problems(catalogues))


def test_real_history_with_its_awkward_cases_holds_together() -> None:
    assert problems([history(), firmware()]) == []


@pytest.mark.parametrize(
    ("catalogue", "says"),
    [
        (platform((Family("a", "b"), Family("b", "a")), A, B), "in a circle: a, b"),
        (platform((Family("a", "x"),), A), "follows family x, which does not exist"),
        (platform((Family("a", None), Family("b", None)), A, B), "several families follow none: a, b"),
        (platform((*chain("a"), *chain("a")), A), "family a is listed twice"),
        (platform((Family("a", None, ("x",)),), A), "family x, which does not exist"),
        (platform((Family("a", None, ("b",)), Family("b", "a")), A, B), "family b, which is newer"),
        (
            platform((*chain("a", "b"), Family("c", "a")), A, B, full("1.3.0.1", "c")),
            "several families follow it: b, c",
        ),
        (platform(chain("a"), A, A), "build 1.1.0.1 is listed twice"),
        (
            platform(chain("a", "b"), A, full("1.2.0.1", "b", equivalent_builds=(v("1.1.0.1"),))),
            "build 1.1.0.1 is also that of Cloud1.1.0.1",
        ),
        (platform(chain("a"), A, replace(B, name=A.name, family="a")), "two releases have this name"),
        (platform(chain("a"), full("1.9.0.1", "z")), "family z does not exist"),
        (platform(chain("a"), A, hotfix("1.1.1.1", "z")), "family z does not exist"),
        (platform(chain("a"), A, hotfix("1.1.1.1")), "serves the families: none"),
        (platform(chain("a"), replace(A, family=None)), "a Full release names family None"),
        (platform(chain("a"), replace(A, families=("a",))), "a Full release serves the families: a"),
        (oem_line(replace(oem("2.0"), type=PackageType.HOTFIX, families=("a",))), "lists a Hotfix release"),
        (platform(chain("a"), A, oem("2.0")), "not this catalogue's to list"),
        (
            platform(chain("a", "b"), A, full("1.2.0.1", "b", "1.1.7.7")),
            "required hotfix 1.1.7.7 does not exist",
        ),
        (
            platform(chain("a", "b"), A, hotfix("1.2.7.7", "b"), full("1.2.0.1", "b", "1.2.7.7")),
            "required hotfix 1.2.7.7 is not of the family before, a",
        ),
        (platform(chain("a"), A, full("1.1.0.2", "a")), "one build must open it"),
        (platform(chain("a"), A, full("1.1.0.2", "a", reissues=v("1.5"))), "re-issues 1.5, which is not of"),
        (
            platform(
                chain("a"),
                A,
                hotfix("1.1.1.1", "a", replaces=(v("1.1.2.2"),)),
                hotfix("1.1.2.2", "a", replaces=(v("1.1.1.1"),)),
            ),
            "2 hotfixes replace each other in a circle",
        ),
        (platform(chain("a"), A, hotfix("1.1.1.1", "a", replaces=(v("9"),))), "replaced hotfix 9 does not"),
        (
            platform(chain("a"), replace(A, conditions=(Condition("c", when_installed=v("9")),))),
            "a condition's build 9 does not exist",
        ),
        (
            platform(chain("a"), replace(A, conditions=(Condition("c", hotfix=v("9")),))),
            "a condition's hotfix 9 does not exist",
        ),
        (
            platform(chain("a"), replace(A, risks=(Risk("r", "m", from_builds=(v("9"),)),))),
            "risk 'r' from build 9 does not exist",
        ),
        (
            platform(
                chain("a"),
                replace(
                    A, conditions=(Condition("c", facts=(FactTest("m", Comparison.AT_LEAST, ("many",)),)),)
                ),
            ),
            "compares with 'many'",
        ),
        (
            platform(
                chain("a"), replace(A, risks=(Risk("r", "m", rules=(FactTest("f", Comparison.IS, ()),)),))
            ),
            "the test of fact 'f' has 0 values",
        ),
        (
            platform(chain("a"), A, support_ends=(SupportEnd(date(2024, 1, 1), ("z",)),)),
            "support policy: it names family z",
        ),
        (
            platform(chain("a"), A, support_exceptions=(SupportException(3, while_newest="z"),)),
            "support policy: it names family z",
        ),
    ],
)
def test_what_does_not_hold_together_is_said(catalogue: Catalogue, says: str) -> None:
    assert says in what(catalogue)
    with pytest.raises(InvalidCatalogue) as refused:
        checked([catalogue])
    assert says in refused.value.message


def test_all_problems_are_listed_not_the_first_alone() -> None:
    bad = platform(
        (Family("a", "b"), Family("b", "a")),
        full("1.1.0.1", "z", "1.5.5.5"),
        hotfix("1.1.1.1"),
        B,
        B,
    )
    with pytest.raises(InvalidCatalogue) as refused:
        ReleaseGraph.of([bad])
    for part in ("circle", "family z", "1.5.5.5 does not", "serves the families: none", "listed twice"):
        assert part in refused.value.message
    assert refused.value.message.startswith("5 problem(s)")


def test_two_platforms_for_one_system_are_refused() -> None:
    other = replace(platform(chain("a")), publisher="other")
    assert "several platforms for one system" in what(platform(chain("a"), A), other)


def test_one_identity_with_two_digests_is_a_problem_of_its_own() -> None:
    one = platform(chain("a"), replace(A, package_sha256="1" * 64))
    other = platform(chain("a"), replace(A, package_sha256="2" * 64, revision=2))
    assert codes(problems([one, other])) == {"identity-disputed"}
    with pytest.raises(InvalidCatalogue, match="different packages claim"):
        checked([one, other])
    assert len(ReleaseGraph.of([one, other]).disputed(A)) == 2


def test_what_two_sources_say_of_one_release_is_one_release_of_the_highest_revision() -> None:
    old = platform(chain("a"), replace(A, title="new words", revision=2))
    new = platform(chain("a"), replace(A, title="old words"))
    graph = checked([old, new])
    assert [release.title for release in graph.releases.values()] == ["new words"]


def test_a_branch_that_was_withdrawn_as_a_whole_is_no_fork() -> None:
    gone = full("1.2.0.1", "b", status=ReleaseStatus.WITHDRAWN)
    families = (*chain("a", "b"), Family("c", "a", also_from=("b",)))
    graph = checked([platform(families, A, gone, full("1.3.0.1", "c"))])
    assert list(graph.families) == ["a", "b", "c"]


def test_an_oem_catalogue_needs_no_families() -> None:
    assert oem_line(oem("2.0")).kind is PublisherKind.OEM
    assert problems([oem_line(oem("2.0"))]) == []
