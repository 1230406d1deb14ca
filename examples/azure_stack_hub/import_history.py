"""From facts and repairs to catalogues: the platform's, and that of an OEM.

What the format has a field for is put there; what it has none for (a fix that was made, something to keep in
mind) stands in the description, with where it is from. What is not known stays out: sizes, digests, days of
hotfixes, links. A family's day of release is some day of the month in its name, unless an entry says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from azure_stack_hub.facts import History, Record, Statement
from azure_stack_hub.gaps import gaps
from azure_stack_hub.repairs import Repairs
from pitstop.model.conditions import Condition, RequiredContent
from pitstop.model.errors import InvalidInput
from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import (
    Catalogue,
    DatePrecision,
    Family,
    HardwareMatch,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
    SupportException,
)
from pitstop.model.versions import Version

PLATFORM, PRODUCT = "microsoft", "azure-stack-hub"
OEM, FIRMWARE = "dell", "azure-stack-hub-firmware"

_TYPES = {"full": PackageType.FULL, "express": PackageType.EXPRESS}
_HINT = "Put what is missing into repairs.toml, with its reason, and take out what repairs nothing."
_USUALLY_SUPPORTED = 3
_UNTIL = re.compile(r"until (\d{4}-\d\d-\d\d)")


def catalogues(history: History, repairs: Repairs) -> tuple[Catalogue, Catalogue]:
    """The platform's catalogue and the OEM's.

    Raises:
        InvalidInput: facts and repairs do not fit together; says all that does not.
    """
    problems = gaps(history, repairs)
    if problems:
        raise InvalidInput("\n".join(problems), hint=_HINT)
    return platform(history, repairs), oem(history, repairs)


def platform(history: History, repairs: Repairs) -> Catalogue:
    """All families, their builds, hotfixes and conditions, and what was said of support."""
    updates = [_update(record, history, repairs) for record in history.of("update")]
    hotfixes = [_hotfix(record, repairs) for record in history.of("hotfix") if not repairs.leaves_out(record)]
    return Catalogue(
        publisher=PLATFORM,
        product=PRODUCT,
        kind=PublisherKind.PLATFORM,
        issued=repairs.issued.at,
        families=tuple(Family(id_, history.before(id_)) for id_ in history.family_order),
        releases=(*updates, *hotfixes),
        support_exceptions=tuple(_exceptions(history)),
    )


def oem(history: History, repairs: Repairs) -> Catalogue:
    """The firmware packages of one OEM; one whose source names no hardware is for all of it."""
    releases = tuple(_firmware(record) for record in history.of("oem") if record.publisher.casefold() == OEM)
    return Catalogue(OEM, FIRMWARE, PublisherKind.OEM, repairs.issued.at, (), releases)


def _update(record: Record, history: History, repairs: Repairs) -> Release:
    family = record.family or ""
    kind = record.kind or repairs.kind_not_named.kind
    gate = record.prerequisite.required_hotfix if record.prerequisite else None
    version = Version.parse(repairs.build_of(record) or "")
    return Release(
        id=ReleaseId(PLATFORM, PRODUCT, version),
        name=f"{PLATFORM.title()}{version}",
        type=_TYPES[kind],
        title=f"{record.product} {family} update",
        description=_description(record),
        family=family,
        released=_released(record, repairs),
        revision=1 + sum(len(entry.builds) for entry in repairs.earlier_gate if entry.family == family),
        reissues=_version(record.reissue_of),
        required_hotfix=_version(gate),
        min_oem_version=_version(record.min_oem_version),
        expected_runtimes=tuple(_runtimes(record)),
        restarts_nodes=kind in repairs.restarts.kinds,
        equivalent_builds=tuple(Version.parse(build) for build in record.equivalent_builds),
        hotfix_rides=_rides(family, history, repairs),
        conditions=(*_named_conditions(record), *_spelled_conditions(family, repairs)),
        content=tuple(
            RequiredContent(entry.name, entry.description, entry.remedy, entry.when)
            for entry in repairs.content
            if entry.family == family
        ),
    )


def _hotfix(record: Record, repairs: Repairs) -> Release:
    version = Version.parse(record.build or "")
    replaces = (build for entry in repairs.order if entry.build == record.build for build in entry.replaces)
    return Release(
        id=ReleaseId(PLATFORM, PRODUCT, version),
        name=f"{PLATFORM.title()}{version}",
        type=PackageType.HOTFIX,
        title=f"{record.product} hotfix {version}",
        description=_description(record),
        families=repairs.scope_of(record.build) or (record.family or "",),
        changes_version=record.changes_cloud_version is not False,
        replaces=tuple(Version.parse(build) for build in replaces),
    )


def _firmware(record: Record) -> Release:
    version = Version.parse(record.build or "")
    return Release(
        id=ReleaseId(OEM, FIRMWARE, version),
        name=f"{OEM.title()}{version}",
        type=PackageType.OEM,
        title=f"{record.publisher} package {version} for {record.product}",
        description=_description(record),
        hardware=(HardwareMatch(record.family),) if record.family else (),
    )


# --- fields -------------------------------------------------------------------------------------------------


def _version(text: str | None) -> Version | None:
    return Version.parse(text) if text else None


def _description(record: Record) -> str:
    """What the notes say in words, one sentence to a line, and where all of it is from."""
    lines = [
        *record.words,
        f"Host operating system: {record.host_os}" if record.host_os else "",
        f"Article: KB {record.kb}" if record.kb else "",
        f"Build of the package: {record.package_build}" if record.package_build else "",
        f"File: {record.file}" if record.file else "",
        f"Listed beside the platform's image {record.hub_baseline}" if record.hub_baseline else "",
        f"Source: {record.source}",
    ]
    return "\n".join(line for line in lines if line)


def _released(record: Record, repairs: Repairs) -> ReleaseDate | None:
    entry = repairs.released_of(record)
    if entry is not None:
        if entry.not_before:
            return ReleaseDate(entry.not_before, DatePrecision.NOT_BEFORE)
        return ReleaseDate(entry.day) if entry.day else None
    year, month = 2000 + int((record.family or "")[:2]), int((record.family or "")[2:])
    return ReleaseDate(date(year, month, 1), DatePrecision.MONTH)


def _runtimes(record: Record) -> Iterator[ExpectedRuntime]:
    for what, (least, most) in (record.expected_runtime_hours or {}).items():
        nodes = None if what == "any" else int(what.removesuffix("_nodes"))
        yield ExpectedRuntime(nodes, least * 60, most * 60)


def _rides(family: str, history: History, repairs: Repairs) -> bool:
    order = history.family_order
    return order.index(family) >= order.index(repairs.riding.from_family)


def _named_conditions(record: Record) -> Iterator[Condition]:
    """With an older hotfix installed, a newer one goes first."""
    conditional = record.prerequisite.conditional if record.prerequisite else None
    if conditional is not None:
        yield Condition(
            says=f"Where hotfix {conditional.if_installed} went on, hotfix {conditional.then_require} or a "
            "newer one goes on first.",
            when_installed=Version.parse(conditional.if_installed),
            hotfix=Version.parse(conditional.then_require),
        )


def _spelled_conditions(family: str, repairs: Repairs) -> Iterator[Condition]:
    for entry in repairs.condition:
        if entry.family == family:
            yield Condition(
                entry.says, entry.remedy, when=entry.when, facts=entry.facts, excludes=entry.excludes
            )


# --- support ------------------------------------------------------------------------------------------------


def _exceptions(history: History) -> Iterable[SupportException]:
    """Where more was supported than the newest and the two before it."""
    for statement in history.support_statements:
        if len(statement.supported) > _USUALLY_SUPPORTED:
            yield _exception(statement)


def _exception(statement: Statement) -> SupportException:
    until = _UNTIL.search(statement.as_of)
    return SupportException(
        behind=len(statement.supported) - 1,
        while_newest=statement.supported[0],
        last_day=date.fromisoformat(until[1]) if until else None,
        reason=statement.rule,
    )
