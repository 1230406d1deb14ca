"""Every release on this system, and why one can or cannot go on, as faces show them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pitstop.model.answers import ask
from pitstop.model.conditions import FactTest, Risk
from pitstop.model.errors import NotFound
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.model.updates import UpdateState
from pitstop.policy.applicability import Applicability, applicabilities, applicability, situation_of
from pitstop.policy.facts import SystemFacts
from pitstop.policy.filters import without_refused
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.rules.risks import risks as risk_rule
from pitstop.policy.situation import Situation
from pitstop.policy.support import known_day
from pitstop.ports.records import AcceptedRisk
from pitstop.service.findings import finding_view
from pitstop.service.policy_paths import path_view
from pitstop.service.question import PathQuestion
from pitstop.service.released import released_text
from pitstop.wire.policy_views import Explanation, PathView, PrerequisiteView, ReleaseView, RiskView

_IS_PAST = frozenset({UpdateState.INSTALLED, UpdateState.OBSOLETE})
_STANDINGS = {"risk": "affected", "risk-unknown": "unknown", "risk-accepted": "accepted"}

NOT_AFFECTED = "not-affected"


def release_views(graph: ReleaseGraph, facts: SystemFacts) -> tuple[ReleaseView, ...]:
    """Newest first, the platform's before the OEM's."""
    verdicts = list(applicabilities(graph, facts).values())
    return tuple(release_view(verdict) for verdict in reversed(verdicts))


def release_view(verdict: Applicability) -> ReleaseView:
    release = verdict.release
    blocking = verdict.blocking
    return ReleaseView(
        name=release.name,
        title=release.title,
        publisher=release.id.publisher,
        product=release.id.product,
        version=str(release.version),
        package_type=release.type,
        families=(release.family,) if release.family else release.families,
        released=released_text(release.released),
        state=verdict.state,
        installable=verdict.installable,
        recommended=verdict.recommended,
        withdrawn=release.status is ReleaseStatus.WITHDRAWN,
        reason=blocking[0].what if blocking else "",
        reasons=len(blocking),
    )


def explanation(
    graph: ReleaseGraph, facts: SystemFacts, text: str, accepted: Mapping[str, AcceptedRisk]
) -> Explanation:
    """All there is to say of one release on this system.

    Args:
        text: its name or build.

    Raises:
        NotFound: there is no such release.
    """
    release = graph.find(text)
    situation = situation_of(graph, facts)
    verdict = applicability(release, situation)
    removal = without_refused(situation).removed.get(release.id)
    return Explanation(
        release=release_view(verdict),
        reasons=tuple(finding_view(finding) for finding in verdict.reasons),
        prerequisites=tuple(
            PrerequisiteView(what=item.what, met=item.met, install_first=item.install_first or "")
            for item in verdict.prerequisites
        ),
        risks=tuple(_risk_view(risk, (release,), situation, accepted) for risk in release.risks),
        removed=finding_view(removal) if removal else None,
        missing_facts=tuple(_missing(_tests_of(release), facts)),
        first=None if removal else _path_to(graph, facts, verdict),
        as_known_on=known_day(graph, facts),
    )


def _path_to(graph: ReleaseGraph, facts: SystemFacts, verdict: Applicability) -> PathView | None:
    """What must go on first, and then the release itself, without what is only recommended; where the
    release itself cannot go on, as far as what has to be there before it."""
    release = verdict.release
    if verdict.state in _IS_PAST:
        return None
    whole = path_view(graph, facts, PathQuestion(release.name, recommended=False))
    if whole.reached:
        return whole
    before = (
        path_view(graph, facts, PathQuestion(name, recommended=False)) for name in _before(graph, release)
    )
    return next((path for path in before if path.reached and path.steps), whole)


def _before(graph: ReleaseGraph, release: Release) -> Iterator[str]:
    """The builds of the families that the system must be on for this release, the newest first."""
    node = graph.families.get(release.family or "")
    for id_ in release.families if node is None else node.entered_from:
        yield from (build.name for build in graph.builds(graph.families[id_]) if build is not release)


# --- risks -----------------------------------------------------------------------------------------------


def risk_views(
    graph: ReleaseGraph, facts: SystemFacts, accepted: Mapping[str, AcceptedRisk]
) -> tuple[RiskView, ...]:
    """Every risk that a release carries, by name, as it stands on this system."""
    situation = situation_of(graph, facts)
    return tuple(
        _risk_view(risk, releases, situation, accepted) for risk, releases in _known_risks(graph).values()
    )


def require_risk(graph: ReleaseGraph, name: str) -> None:
    """Raises NotFound: no release carries a risk of this name."""
    known = _known_risks(graph)
    if name not in known:
        raise NotFound(
            f"no release carries a risk named {name!r}",
            hint=f"Known risks: {', '.join(known) or 'none'}. See `pitstop risk list`.",
        )


def _known_risks(graph: ReleaseGraph) -> dict[str, tuple[Risk, tuple[Release, ...]]]:
    found: dict[str, tuple[Risk, tuple[Release, ...]]] = {}
    for release in graph.releases.values():
        for risk in release.risks:
            _, before = found.get(risk.name, (risk, ()))
            found[risk.name] = (risk, (*before, release))
    return dict(sorted(found.items()))


def _risk_view(
    risk: Risk, releases: tuple[Release, ...], situation: Situation, accepted: Mapping[str, AcceptedRisk]
) -> RiskView:
    acceptance = accepted.get(risk.name)
    standing = _standing(risk, releases, situation)
    return RiskView(
        name=risk.name,
        message=risk.message,
        link=risk.link,
        standing=standing,
        missing=tuple(_missing(risk.rules, situation.facts)) if standing == "unknown" else (),
        fixed_in=str(risk.fixed_in or ""),
        releases=tuple(release.name for release in releases),
        accepted_by=acceptance.by if acceptance else "",
        accepted_at=acceptance.at if acceptance else None,
        reason=acceptance.reason if acceptance else "",
    )


def _standing(risk: Risk, releases: Iterable[Release], situation: Situation) -> str:
    """As the rule says it of any release that carries it and is not on yet."""
    for release in releases:
        for word in risk_rule(replace(release, risks=(risk,)), situation):
            if word.finding is not None:
                return _STANDINGS[word.finding.code]
    return "accepted" if risk.name in situation.facts.accepted_risks else NOT_AFFECTED


# --- facts that are asked for ----------------------------------------------------------------------------


def asked_facts(graph: ReleaseGraph) -> Mapping[str, tuple[str, ...]]:
    """By name of a fact, who asks for it: names of releases, and ``support policy``."""
    return graph.remembered("facts asked for", lambda: _asked_facts(graph))


def _asked_facts(graph: ReleaseGraph) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for who, test in _all_tests(graph):
        found.setdefault(test.fact, {})[who] = None
    return {name: tuple(found[name]) for name in sorted(found)}


def _all_tests(graph: ReleaseGraph) -> Iterator[tuple[str, FactTest]]:
    """Every test with who makes it."""
    for release in graph.releases.values():
        yield from ((release.name, test) for test in _tests_of(release))
    if graph.platform is not None:
        tests = [entry.when for entry in graph.platform.support_exceptions]
        tests += [entry.when for entry in graph.platform.support_ends]
        yield from (("support policy", test) for when in tests for test in when)


def _tests_of(release: Release) -> Iterator[FactTest]:
    for condition in release.conditions:
        yield from (*condition.when, *condition.facts)
    for item in release.content:
        yield from item.when
    for risk in release.risks:
        yield from risk.rules


def _missing(tests: Iterable[FactTest], facts: SystemFacts) -> list[str]:
    """The facts that cannot be read, each once."""
    return list(dict.fromkeys(test.fact for test in tests if ask(test, facts.facts).holds is None))
