"""One question, one answer: what a release shows, why, and the way to it."""

from __future__ import annotations

import pytest

from pitstop.model.errors import NotFound
from pitstop.model.updates import UpdateState
from pitstop.policy.explain import explain
from policy.building import graph_of, system
from policy.hub_history import firmware, history

HUB = graph_of(history(), firmware())
FACTS = system(HUB, "1.2301.2.58", "1.2301.3.97", "2.2")


def test_what_cannot_go_on_yet_is_told_with_the_way_to_it() -> None:
    answer = explain(HUB, FACTS, "1.2306.4.98")
    assert answer.applicability.state is UpdateState.HAS_PREREQUISITE
    assert answer.path is not None
    assert [step.release.name for step in answer.path.steps] == ["Cloud1.2306.2.47"]


@pytest.mark.parametrize("release", ["1.2306.2.47", "1.2301.2.58"])
def test_what_may_go_on_or_is_on_needs_no_way(release: str) -> None:
    assert explain(HUB, FACTS, release).path is None


def test_what_is_passed_has_no_way_and_says_so() -> None:
    answer = explain(HUB, FACTS, "1.2206.1.24")
    assert answer.applicability.state is UpdateState.OBSOLETE
    assert answer.path is not None
    assert not answer.path.reached


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound):
        explain(HUB, FACTS, "9.9.9")
