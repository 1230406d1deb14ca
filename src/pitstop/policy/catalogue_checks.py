"""Whether catalogues hold together: every problem is found and listed, not the first alone.

Asked before a catalogue is taken into use; the catalogue in use stays as it was while there is a problem.
Each check takes a line (all that is known of one product) and yields findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.errors import InvalidVersion
from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import PackageType
from pitstop.model.releases import (
    Catalogue,
    PublisherKind,
    Release,
    ReleaseStatus,
    SupportEnd,
    SupportException,
)
from pitstop.model.versions import Version
from pitstop.policy.merging import Line, merged
from pitstop.policy.release_order import families_in_order, hotfixes_in_order

DISPUTED = "identity-disputed"
_INVALID = "catalogue-invalid"


def problems(catalogues: Sequence[Catalogue]) -> list[Finding]:
    """All that is wrong with these catalogues, each by itself and together; empty when they may be used."""
    found = [finding for catalogue in catalogues for finding in _alone(catalogue)]
    lines = merged(catalogues)
    found += _together(lines)
    for line in lines:
        found += _families(line)
        found += _builds(line)
        found += _references(line)
        found += _tests(line)
    return found


def _problem(subject: str, what: str, code: str = _INVALID) -> Finding:
    return Finding(
        code,
        Severity.CRITICAL,
        subject,
        what,
        "Keep the catalogue in use, and report this to the publisher.",
        "The catalogue is not taken into use." if code == _INVALID else "The release cannot be installed.",
    )


def _of(release: Release) -> str:
    return f"release {release.name}"


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


# --- one catalogue by itself --------------------------------------------------------------------------------


def _alone(catalogue: Catalogue) -> Iterator[Finding]:
    subject = f"catalogue {catalogue.publisher}/{catalogue.product}"
    for id_ in _repeated(family.id for family in catalogue.families):
        yield _problem(subject, f"family {id_} is listed twice")
    for version in _repeated(str(release.version) for release in catalogue.releases):
        yield _problem(subject, f"build {version} is listed twice")
    for release in catalogue.releases:
        if (release.id.publisher, release.id.product) != (catalogue.publisher, catalogue.product):
            yield _problem(_of(release), f"it is of {release.id}, which is not this catalogue's to list")
        yield from _form(release, catalogue.kind)


def _form(release: Release, kind: PublisherKind) -> Iterator[Finding]:
    """Whether type, family and families fit together."""
    if release.type is not PackageType.OEM and kind is PublisherKind.OEM:
        yield _problem(_of(release), f"an OEM's catalogue lists a {release.type} release")
    if release.type.opens_family != (release.family is not None):
        yield _problem(_of(release), f"a {release.type} release names family {release.family!r}")
    if (release.type is PackageType.HOTFIX) != bool(release.families):
        served = ", ".join(release.families) or "none"
        yield _problem(_of(release), f"a {release.type} release serves the families: {served}")


# --- together -----------------------------------------------------------------------------------------------


def _together(lines: Sequence[Line]) -> Iterator[Finding]:
    platforms = [f"{line.publisher}/{line.product}" for line in lines if line.kind is PublisherKind.PLATFORM]
    if len(platforms) > 1:
        yield _problem("catalogues", f"several platforms for one system: {', '.join(platforms)}")
    for name in _repeated(release.name for line in lines for release in line.releases.values()):
        yield _problem(f"release {name}", "two releases have this name")
    for line in lines:
        for id_, digests in line.disputed.items():
            short = ", ".join(digest[:12] for digest in digests)
            yield _problem(
                f"release {id_}", f"{len(digests)} different packages claim this identity: {short}", DISPUTED
            )


def _families(line: Line) -> Iterator[Finding]:
    subject = f"catalogue {line.publisher}/{line.product}"
    for family in line.families.values():
        for id_ in (family.predecessor, *family.also_from):
            if id_ is not None and id_ not in line.families:
                yield _problem(f"family {family.id}", f"it follows family {id_}, which does not exist")
    roots = [family.id for family in line.families.values() if family.predecessor is None]
    if len(roots) > 1:
        yield _problem(subject, f"several families follow none: {', '.join(roots)}")
    withdrawn = _withdrawn_families(line)
    order = {id_: place for place, id_ in enumerate(families_in_order(line.families, withdrawn))}
    lost = [id_ for id_ in line.families if id_ not in order]
    if lost:
        yield _problem(subject, f"families follow each other in a circle: {', '.join(lost)}")
    yield from _forks(line, withdrawn)
    for family in line.families.values():
        for id_ in family.also_from:
            if order.get(id_, -1) > order.get(family.id, len(order)):
                yield _problem(f"family {family.id}", f"it is entered from family {id_}, which is newer")


def _withdrawn_families(line: Line) -> set[str]:
    """Families that have builds, all of them withdrawn."""
    opened: dict[str, bool] = {}
    for release in line.releases.values():
        if release.family is not None:
            gone = release.status is ReleaseStatus.WITHDRAWN
            opened[release.family] = opened.get(release.family, True) and gone
    return {id_ for id_, gone in opened.items() if gone}


def _forks(line: Line, withdrawn: set[str]) -> Iterator[Finding]:
    followers: dict[str, list[str]] = {}
    for family in line.families.values():
        if family.predecessor is not None and family.id not in withdrawn:
            followers.setdefault(family.predecessor, []).append(family.id)
    for id_, after in followers.items():
        if len(after) > 1:
            yield _problem(f"family {id_}", f"several families follow it: {', '.join(sorted(after))}")


def _builds(line: Line) -> Iterator[Finding]:
    owner: dict[Version, Release] = {}
    for release in line.releases.values():
        for version in (release.version, *release.equivalent_builds):
            other = owner.setdefault(version, release)
            if other is not release:
                yield _problem(_of(release), f"build {version} is also that of {other.name}")
        for id_ in (release.family, *release.families):
            if id_ is not None and id_ not in line.families:
                yield _problem(_of(release), f"family {id_} does not exist")
    yield from _reissues(line)
    yield from _hotfix_circles(line)


def _reissues(line: Line) -> Iterator[Finding]:
    by_family: dict[str, dict[Version, Release]] = {}
    for release in line.releases.values():
        if release.family is not None:
            by_family.setdefault(release.family, {})[release.version] = release
    for id_, builds in by_family.items():
        roots = [build for build in builds.values() if build.reissues is None]
        if len(roots) != 1:
            names = ", ".join(str(build.version) for build in roots) or "none"
            yield _problem(f"family {id_}", f"one build must open it without re-issuing another, not {names}")
        for build in builds.values():
            if build.reissues is not None and build.reissues not in builds:
                yield _problem(_of(build), f"it re-issues {build.reissues}, which is not of family {id_}")


def _hotfix_circles(line: Line) -> Iterator[Finding]:
    by_family: dict[str, list[Release]] = {}
    for release in line.releases.values():
        for id_ in release.families:
            by_family.setdefault(id_, []).append(release)
    for id_, hotfixes in by_family.items():
        lost = len(hotfixes) - len(hotfixes_in_order(hotfixes))
        if lost:
            yield _problem(f"family {id_}", f"{lost} hotfixes replace each other in a circle")


# --- what releases refer to ---------------------------------------------------------------------------------


def _references(line: Line) -> Iterator[Finding]:
    versions = {v: r for r in line.releases.values() for v in (r.version, *r.equivalent_builds)}
    for release in line.releases.values():
        for what, version in _named(release):
            if version not in versions:
                yield _problem(_of(release), f"{what} {version} does not exist")
        yield from _gate(release, line, versions)
    for entry in _policy(line):
        for id_ in entry.families:
            if id_ not in line.families:
                yield _problem("support policy", f"it names family {id_}, which does not exist")
    for exception in line.support_exceptions:
        if exception.while_newest is not None and exception.while_newest not in line.families:
            yield _problem(
                "support policy", f"it names family {exception.while_newest}, which does not exist"
            )


def _policy(line: Line) -> tuple[SupportException | SupportEnd, ...]:
    return (*line.support_exceptions, *line.support_ends)


def _named(release: Release) -> Iterator[tuple[str, Version]]:
    """The builds of its own line that a release names, each with what for."""
    if release.required_hotfix is not None:
        yield "required hotfix", release.required_hotfix
    for version in release.replaces:
        yield "replaced hotfix", version
    for condition in release.conditions:
        if condition.when_installed is not None:
            yield "a condition's build", condition.when_installed
        if condition.hotfix is not None:
            yield "a condition's hotfix", condition.hotfix
    for risk in release.risks:
        for version in risk.from_builds:
            yield f"risk {risk.name!r} from build", version


def _gate(release: Release, line: Line, versions: dict[Version, Release]) -> Iterator[Finding]:
    """The required hotfix must be of the family before."""
    family = line.families.get(release.family or "")
    gate = versions.get(release.required_hotfix) if release.required_hotfix else None
    if family is None or gate is None:
        return
    of = {gate.family, *gate.families}
    if not of & {family.predecessor, *family.also_from}:
        yield _problem(
            _of(release), f"required hotfix {gate.version} is not of the family before, {family.predecessor}"
        )


# --- fact tests ---------------------------------------------------------------------------------------------


def _tests(line: Line) -> Iterator[Finding]:
    for release in line.releases.values():
        for test in _tests_of(release):
            fault = _fault(test)
            if fault:
                yield _problem(_of(release), f"the test of fact {test.fact!r} {fault}")
    for entry in _policy(line):
        for test in entry.when:
            fault = _fault(test)
            if fault:
                yield _problem("support policy", f"the test of fact {test.fact!r} {fault}")


def _tests_of(release: Release) -> Iterator[FactTest]:
    for condition in release.conditions:
        yield from condition.when
        yield from condition.facts
    for content in release.content:
        yield from content.when
    for risk in release.risks:
        yield from risk.rules


def _fault(test: FactTest) -> str:
    several = test.comparison in (Comparison.ONE_OF, Comparison.NONE_OF)
    if not test.values or (len(test.values) > 1 and not several):
        return f"has {len(test.values)} values"
    try:
        if test.comparison in (Comparison.AT_LEAST, Comparison.BELOW):
            Decimal(test.values[0])
        elif test.comparison in (Comparison.VERSION_AT_LEAST, Comparison.VERSION_BELOW):
            Version.parse(test.values[0])
    except (InvalidOperation, InvalidVersion):
        return f"compares with {test.values[0]!r}, which is no number of its kind"
    return ""
