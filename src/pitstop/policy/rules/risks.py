"""Named risks: a release that may harm this system is not recommended until the operator accepts the risk.

The rules of a risk are tried in order; the first that can be evaluated decides. What cannot be evaluated is
not recommended.
"""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.answers import YES, Answer, ask
from pitstop.model.conditions import Risk
from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import PackageType
from pitstop.model.releases import Release
from pitstop.model.versions import Version
from pitstop.policy.riding import riding_level
from pitstop.policy.rules.hotfix_gate import has_hotfix
from pitstop.policy.situation import Situation, Word, subject_of


def risks(release: Release, situation: Situation) -> Iterator[Word]:
    if situation.has(release):
        return
    for risk in release.risks:
        if not _on_this_step(risk, situation) or _fixed(risk, release, situation):
            continue
        affected = _affected(risk, situation)
        if affected.holds is not False:
            yield Word(
                finding=_finding(risk, release, situation, affected), first=_lifted_by(risk, situation)
            )


def _lifted_by(risk: Risk, situation: Situation) -> tuple[Release, ...]:
    """Hotfixes of the family that the system is on after which the risk is gone."""
    here = situation.family
    if here is None:
        return ()
    fixed = here.levels.get(risk.fixed_in) if risk.fixed_in is not None else None
    if fixed:
        return tuple(situation.graph.hotfixes(here, fixed))
    if not risk.from_builds:
        return ()
    newer = situation.graph.hotfixes(here, situation.on.level + 1)
    return tuple(h for h in newer if h.changes_version and h.version not in risk.from_builds)


def is_accepted(risk: Risk, situation: Situation) -> bool:
    return risk.name in situation.facts.accepted_risks


def _on_this_step(risk: Risk, situation: Situation) -> bool:
    return not risk.from_builds or situation.on.version in risk.from_builds


def _fixed(risk: Risk, release: Release, situation: Situation) -> bool:
    """Whether the build that mends it is on, or goes on in the same run."""
    if risk.fixed_in is None:
        return False
    return _is_past(risk.fixed_in, situation) or _rides(risk.fixed_in, release, situation)


def _is_past(version: Version, situation: Situation) -> bool:
    known, here = situation.graph.platform_build(version), situation.family
    if known is None or here is None:
        return False
    homes = situation.graph.homes(known)
    return has_hotfix(version, situation) or bool(homes and homes[-1].order < here.order)


def _rides(version: Version, release: Release, situation: Situation) -> bool:
    node = situation.graph.families.get(release.family or "")
    if release.type is PackageType.OEM or node is None or version not in node.levels:
        return False
    return 0 < node.levels[version] <= riding_level(situation.graph, release)


def _affected(risk: Risk, situation: Situation) -> Answer:
    missing: list[str] = []
    for rule in risk.rules:
        answer = ask(rule, situation.facts.facts)
        if answer.holds is not None:
            return answer
        missing.extend(answer.missing)
    return Answer(None, tuple(missing)) if risk.rules else YES


def _finding(risk: Risk, release: Release, situation: Situation, affected: Answer) -> Finding:
    accepted = is_accepted(risk, situation)
    unknown = f" Whether this system is affected is not known: {'; '.join(affected.missing)}."
    fixed = f" Fixed in {risk.fixed_in}." if risk.fixed_in else ""
    return Finding(
        "risk-accepted" if accepted else "risk-unknown" if affected.holds is None else "risk",
        Severity.INFORMATIONAL if accepted else Severity.WARNING,
        subject_of(release),
        f"Risk {risk.name}: {risk.message}{'' if affected.holds else unknown}{fixed}",
        "" if accepted else f"Read about it, then wait for the fix or accept the risk {risk.name} by name.",
        links=(risk.link,) if risk.link else (),
    )
