"""What state each release shows on a system, with all reasons: *why can't I install X?*

Stored are the states of the process; the others are derived here whenever they are asked for. What is
installed, in progress, or half installed shows that. A failure before the install (download, preparation,
health check) shows as itself too, as long as nothing else keeps the update from being tried again; Ready and
ReadyToInstall are refined by the first of ``PRECEDENCE`` that a rule says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.model.updates import ACTIONS, IN_PROGRESS, UpdateState, Verb
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.installed import Installation, installation
from pitstop.policy.rules.adopted import adopted
from pitstop.policy.rules.conditions import conditions
from pitstop.policy.rules.content import content
from pitstop.policy.rules.family_before import family_before
from pitstop.policy.rules.hardware import hardware
from pitstop.policy.rules.health_check_age import health_check_age
from pitstop.policy.rules.hotfix_gate import hotfix_gate
from pitstop.policy.rules.identity import identity
from pitstop.policy.rules.import_by_hand import import_by_hand
from pitstop.policy.rules.newest_hotfix import newest_hotfix
from pitstop.policy.rules.nodes_agree import nodes_agree
from pitstop.policy.rules.oem_gate import oem_gate
from pitstop.policy.rules.one_at_a_time import one_at_a_time
from pitstop.policy.rules.passed import passed
from pitstop.policy.rules.platform_gate import platform_gate
from pitstop.policy.rules.recalled import recalled
from pitstop.policy.rules.risks import risks
from pitstop.policy.rules.system_checks import system_checks
from pitstop.policy.situation import Rule, Situation, Word

GATES: tuple[Rule, ...] = (
    recalled,
    identity,
    hardware,
    passed,
    family_before,
    oem_gate,
    platform_gate,
    hotfix_gate,
    conditions,
    content,
    risks,
)
"""Rules about release and system: they hold at each step of a path as well."""

OF_THE_MOMENT: tuple[Rule, ...] = (adopted, one_at_a_time, nodes_agree, health_check_age)
"""Rules about what is going on right now."""

BEFORE_IT_BEGINS: tuple[Rule, ...] = (system_checks,)
"""Rules about whether the system is well enough, asked of what could go on now."""

ADVICE: tuple[Rule, ...] = (import_by_hand, newest_hotfix)
"""Said beside the reasons; they never keep anything off."""

PRECEDENCE: tuple[UpdateState, ...] = (
    UpdateState.RECALLED,
    UpdateState.INVALID,
    UpdateState.OBSOLETE,
    UpdateState.HAS_PREREQUISITE,
    UpdateState.ADDITIONAL_CONTENT_REQUIRED,
    UpdateState.ANOTHER_IN_PROGRESS,
    UpdateState.HEALTH_CHECK_EXPIRED,
)
"""Which derived state shows when several rules speak: the one that is hardest to change."""

_STAYS = IN_PROGRESS | {UpdateState.INSTALLATION_FAILED}
_MAY_START = next(action.states for action in ACTIONS if action.verb is Verb.APPLY)


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something that a release asks for: met, not met, or (None) not known."""

    what: str
    met: bool | None
    install_first: str | None = None


@dataclass(frozen=True, slots=True)
class Applicability:
    """One release on one system.

    Attributes:
        reasons: all of them, those that decide the state and those that are only worth knowing.
        prerequisites: everything that it asks for, met or not.
        installable: whether *Update now* is open and no reason keeps it off.
        recommended: installable, and no risk speaks against it, accepted or not.
    """

    release: Release
    state: UpdateState
    reasons: tuple[Finding, ...]
    prerequisites: tuple[Prerequisite, ...]
    installable: bool
    recommended: bool

    @property
    def may_begin(self) -> bool:
        """Whether its state is one that *Update now* is open in, whatever the reasons say."""
        return self.state in _MAY_START

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The reasons that would have to go before it can be installed."""
        return tuple(finding for finding in self.reasons if finding.blocks)


def applicabilities(graph: ReleaseGraph, facts: SystemFacts) -> Mapping[str, Applicability]:
    """Every release by its update's name: OEM by line, then the platform's in order of release."""
    situation = Situation(graph, facts, installation(graph, facts))
    return {release.name: applicability(release, situation) for release in graph.releases.values()}


def situation_of(graph: ReleaseGraph, facts: SystemFacts, on: Installation | None = None) -> Situation:
    """The situation of a system as its ledger says, or with ``on`` instead."""
    return Situation(graph, facts, on if on is not None else installation(graph, facts))


def applicability(release: Release, situation: Situation) -> Applicability:
    """What ``release`` shows on this system now."""
    words = list(said(release, situation, (*GATES, *OF_THE_MOMENT, *ADVICE)))
    stored = situation.facts.states.get(release.name, UpdateState.READY)
    installed = stored is UpdateState.INSTALLED or situation.has(release)
    if installed:
        words = [_only_worth_knowing(word) for word in words if word.state is UpdateState.RECALLED]
    state = UpdateState.INSTALLED if installed else _state(stored, words)
    if state in _MAY_START:
        words += said(release, situation, BEFORE_IT_BEGINS)
    reasons = tuple(_weighed(word.finding, situation) for word in words if word.finding is not None)
    installable = state in _MAY_START and not any(finding.blocks for finding in reasons)
    risky = any(finding.code.startswith("risk") for finding in reasons)
    return Applicability(
        release, state, reasons, _prerequisites(words), installable, installable and not risky
    )


def said(release: Release, situation: Situation, rules: Iterable[Rule]) -> Iterable[Word]:
    """What these rules say of a release; a release that a filter took out carries the filter's finding."""
    removal = situation.graph.removed.get(release.id) if situation.graph.removed else None
    if removal is not None:
        yield Word(finding=removal)
    if rules is GATES:
        graph = situation.graph
        rules = graph.remembered(("gates", release.name), lambda: _gates_of(release, graph))
    for rule in rules:
        for word in rule(release, situation):
            if removal is None or word.finding != removal:
                yield word


def blocking_words(release: Release, situation: Situation) -> list[Word]:
    """What keeps ``release`` off a system where nothing else is going on: what a path has to lift."""
    return [word for word in said(release, situation, GATES) if blocks(word, situation)]


def _gates_of(release: Release, graph: ReleaseGraph) -> tuple[Rule, ...]:
    """The gates that have anything to say of this release, on some system."""
    silent: dict[Rule, bool] = {
        recalled: release.status is ReleaseStatus.AVAILABLE,
        identity: not graph.disputed(release),
        hardware: not release.hardware,
        oem_gate: release.min_oem_version is None,
        platform_gate: release.min_platform_version is None,
        hotfix_gate: release.required_hotfix is None,
        conditions: not release.conditions,
        content: not release.content,
        risks: not release.risks,
    }
    return tuple(rule for rule in GATES if not silent.get(rule, False))


def blocks(word: Word, situation: Situation) -> bool:
    """Whether this word keeps its release off: not if the operator has set it aside by name."""
    return word.finding is not None and _weighed(word.finding, situation).blocks


def _state(stored: UpdateState, words: Iterable[Word]) -> UpdateState:
    if stored in _STAYS:
        return stored
    derived = {word.state for word in words}
    return next((state for state in PRECEDENCE if state in derived), stored)


def _weighed(finding: Finding, situation: Situation) -> Finding:
    """A warning that the operator has set aside by name is worth knowing, and no more."""
    if finding.severity is not Severity.WARNING or finding.code not in situation.facts.overrides:
        return finding
    return _informational(finding)


def _only_worth_knowing(word: Word) -> Word:
    return Word(finding=_informational(word.finding) if word.finding else None)


def _informational(finding: Finding) -> Finding:
    return Finding(
        finding.code,
        Severity.INFORMATIONAL,
        finding.subject,
        finding.what,
        finding.remedy,
        finding.impact,
        finding.detail,
        finding.links,
    )


def _prerequisites(words: Iterable[Word]) -> tuple[Prerequisite, ...]:
    return tuple(
        Prerequisite(word.what, word.met, word.first[0].name if word.first else None)
        for word in words
        if word.what
    )
