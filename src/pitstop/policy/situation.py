"""What a rule is handed, and what it says: facts in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release
from pitstop.model.updates import UpdateState
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import FamilyNode, ReleaseGraph
from pitstop.policy.installed import Installation


@dataclass(frozen=True, slots=True)
class Situation:
    """A graph, a system, and what is on it (or would be, further along a path)."""

    graph: ReleaseGraph
    facts: SystemFacts
    on: Installation

    @property
    def family(self) -> FamilyNode | None:
        """The family that the system is on; None when there is none or no catalogue knows it."""
        return self.graph.families.get(self.on.family) if self.on.family is not None else None

    def has(self, release: Release) -> bool:
        """Whether this very release went on."""
        return release.id in self.on.on


@dataclass(frozen=True, slots=True)
class Word:
    """What one rule says of one release on one system.

    Attributes:
        what: the question that the rule asked, as a short phrase, where it is a prerequisite; else "".
        met: whether it is fulfilled; None: unknown.
        finding: what to know; None where it is met.
        state: the state that the update shows for this reason; None: it does not change the state.
        first: releases any of which, installed first, would lift it; the preferred one first.
    """

    what: str = ""
    met: bool | None = None
    finding: Finding | None = None
    state: UpdateState | None = None
    first: tuple[Release, ...] = ()


Rule = Callable[[Release, Situation], Iterator[Word]]
"""Yields nothing where the rule does not concern the release."""


def subject_of(release: Release) -> str:
    """How findings name a release."""
    return f"update {release.name}"


def refusal(state: UpdateState, code: str, release: Release, what: str, remedy: str) -> Word:
    """A reason why the release cannot go on, of a kind that no prerequisite lifts."""
    return Word(finding=Finding(code, Severity.CRITICAL, subject_of(release), what, remedy), state=state)


def unmet(  # noqa: PLR0917 - said by position at every gate, in the order of the sentence
    code: str,
    release: Release,
    question: str,
    what: str,
    remedy: str,
    first: tuple[Release, ...] = (),
    *,
    met: bool | None = False,
    state: UpdateState = UpdateState.HAS_PREREQUISITE,
) -> Word:
    """A prerequisite that is not met, or not known to be."""
    return Word(
        question, met, Finding(code, Severity.CRITICAL, subject_of(release), what, remedy), state, first
    )


def install_first(first: tuple[Release, ...], otherwise: str) -> str:
    """The remedy that names the release to install first."""
    return f"Install {first[0].name} first." if first else otherwise


def next_on_the_way(situation: Situation) -> tuple[Release, ...]:
    """The builds that the system can go to next, of the family after its own."""
    if situation.on.family is None:
        return ()
    for node in situation.graph.entered_next(situation.on.family):
        builds = situation.graph.builds(node)
        if builds and not node.withdrawn:
            return builds
    return ()
