"""A release graph of any size, the same for the same seed: what the graph benchmark asks its questions of.

It is shaped like a real line, only larger: families one after the other, each with its own line of hotfixes,
some re-issued; gates, minimum OEM versions, hotfixes that ride along, withdrawn releases; and conditional
rules of every kind that the release format has.

- A *rule* is one condition, one risk or one piece of required content of a release.
- An *edge* is a move between two releases as :attr:`ReleaseGraph.edges` counts them: from each build to each
  newer hotfix of its family, and from each build at or above a gate to each build that opens a next family.
  The gates are laid so that the edges come out at the number asked for.

The system that goes with it is on the first family, and there is a way to the last one. Of the hotfixes on
the way a third cannot go on (a fact does not hold, or is missing; a risk), so that others are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

from pitstop.model.conditions import Comparison, Condition, FactTest, RequiredContent, Risk
from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import (
    Catalogue,
    Family,
    HardwareMatch,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
    ReleaseStatus,
)
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.versions import Version
from pitstop.policy.facts import SystemFacts

ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_DAY = date(2000, 1, 1)
PUBLISHER, PRODUCT = "synthetic", "cloud"
OEM, FIRMWARE = "forge", "firmware"
HARDWARE = "rack"
FACTS = 40
"""So many facts are asked for; every tenth is not recorded."""

_VARIES = 4
"""A family's line of hotfixes is up to a fourth longer or shorter than the middle."""

_RULES_OF_A_BUILD = 6
_EVERY = 5
"""Every fifth family asks for firmware; every fifth hotfix has no rule, every fiftieth is withdrawn."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is wanted: exactly so many of each. ``rules`` are spread over all releases."""

    families: int = 30
    reissued: int = 3
    oem: int = 20
    releases: int = 1_100
    edges: int = 20_000
    rules: int = 1_800

    def times(self, factor: int) -> Size:
        return Size(*(factor * wanted for wanted in astuple(self)))


@dataclass(slots=True)
class _Draft:
    """One family: how many builds open it, how many hotfixes it has, and the hotfix level of the family
    before that its builds need."""

    order: int
    builds: int
    hotfixes: int
    gate: int = 0

    @property
    def id(self) -> str:
        return f"f{self.order:04}"

    @property
    def edges_inside(self) -> int:
        return self.builds * self.hotfixes + self.hotfixes * (self.hotfixes - 1) // 2

    def build(self, issue: int) -> Version:
        return Version((1, 1000 + self.order, issue, 10))

    def hotfix(self, level: int) -> Version:
        return Version((1, 1000 + self.order, 2, 100 + level))


def synthetic(size: Size, seed: int = 1) -> tuple[tuple[Catalogue, ...], SystemFacts]:
    """The catalogues of platform and OEM, and the system.

    Raises:
        ValueError: no gates make so many edges of so many releases.
    """
    random = Random(seed)  # noqa: S311 - no secret hangs on it: the same graph each time
    drafts = _drafts(size, random)
    _lay_gates(drafts, size.edges - sum(draft.edges_inside for draft in drafts), random)
    releases = [*_platform(drafts, size), *(_firmware(number) for number in range(size.oem))]
    spread = _Rules(random).spread(releases, drafts, size.rules)
    return (_catalogue(drafts, spread), _oem_catalogue(spread)), _system()


def rules_of(catalogues: Sequence[Catalogue]) -> int:
    """How many conditional rules there are."""
    releases = (release for catalogue in catalogues for release in catalogue.releases)
    return sum(len(r.conditions) + len(r.risks) + len(r.content) for r in releases)


# --- the shape ----------------------------------------------------------------------------------------------


def _drafts(size: Size, random: Random) -> list[_Draft]:
    """Families with uneven lines of hotfixes that come to the number of releases."""
    hotfixes = size.releases - size.oem - size.families - size.reissued
    each, more = divmod(hotfixes, size.families)
    drafts = [_Draft(order, 1, each + (order < more)) for order in range(size.families)]
    for one, other in zip(drafts[::2], drafts[1::2], strict=False):
        moved = random.randint(-(each // _VARIES), each // _VARIES)
        one.hotfixes, other.hotfixes = one.hotfixes + moved, other.hotfixes - moved
    for draft in random.sample(drafts[1:], size.reissued):
        draft.builds = 2
    return drafts


def _lay_gates(drafts: list[_Draft], edges: int, random: Random) -> None:
    """Gates at any level, then moved until just so many edges lead from family to family."""
    pairs = list(pairwise(drafts))
    for before, draft in pairs:
        draft.gate = random.randint(1, before.hotfixes)
    surplus = sum(draft.builds * (before.hotfixes - draft.gate + 1) for before, draft in pairs) - edges
    while surplus:
        moved = False
        for before, draft in pairs:
            step = 1 if surplus > 0 else -1
            if draft.builds <= abs(surplus) and 1 <= draft.gate + step <= before.hotfixes:
                draft.gate += step
                surplus -= step * draft.builds
                moved = True
        if not moved:
            raise ValueError(f"no gates make {edges} edges between these families")


def _platform(drafts: Sequence[_Draft], size: Size) -> Iterator[Release]:
    for draft in drafts:
        before = drafts[draft.order - 1] if draft.order else None
        yield from (_build(draft, issue, before, size) for issue in range(draft.builds))
        yield from (_hotfix(draft, level) for level in range(1, draft.hotfixes + 1))


def _build(draft: _Draft, issue: int, before: _Draft | None, size: Size) -> Release:
    version = draft.build(issue)
    needs_firmware = draft.order % _EVERY == _EVERY - 1
    return Release(
        ReleaseId(PUBLISHER, PRODUCT, version),
        f"Synthetic{version}",
        PackageType.FULL if draft.order % 2 else PackageType.EXPRESS,
        f"Update {version}",
        family=draft.id,
        released=ReleaseDate(_day(draft, issue)),
        reissues=draft.build(issue - 1) if issue else None,
        required_hotfix=before.hotfix(draft.gate) if before else None,
        min_oem_version=Version((1, size.oem * draft.order // size.families)) if needs_firmware else None,
        expected_runtimes=_runtimes(300),
        restarts_nodes=bool(draft.order % 2),
        hotfix_rides=draft.order > size.families // 2,
    )


def _hotfix(draft: _Draft, level: int) -> Release:
    version = draft.hotfix(level)
    return Release(
        ReleaseId(PUBLISHER, PRODUCT, version),
        f"Synthetic{version}",
        PackageType.HOTFIX,
        f"Hotfix {version}",
        families=(draft.id,),
        released=ReleaseDate(_day(draft, level)),
        expected_runtimes=_runtimes(30),
    )


def _firmware(number: int) -> Release:
    version = Version((1, number, 1))
    return Release(
        ReleaseId(OEM, FIRMWARE, version),
        f"Forge{version}",
        PackageType.OEM,
        f"Firmware {version}",
        hardware=(HardwareMatch(HARDWARE),),
        expected_runtimes=_runtimes(120),
        restarts_nodes=True,
    )


def _runtimes(minutes: int) -> tuple[ExpectedRuntime, ...]:
    return tuple(ExpectedRuntime(nodes, minutes + nodes, 2 * (minutes + nodes)) for nodes in (4, 8, 12, 16))


def _day(draft: _Draft, after: int) -> date:
    return FIRST_DAY + timedelta(days=30 * draft.order + after % 30)


def _catalogue(drafts: Sequence[_Draft], releases: Sequence[Release]) -> Catalogue:
    families = tuple(Family(d.id, drafts[d.order - 1].id if d.order else None) for d in drafts)
    own = tuple(release for release in releases if release.type is not PackageType.OEM)
    return Catalogue(PUBLISHER, PRODUCT, PublisherKind.PLATFORM, ISSUED, families, own)


def _oem_catalogue(releases: Sequence[Release]) -> Catalogue:
    own = tuple(release for release in releases if release.type is PackageType.OEM)
    return Catalogue(OEM, FIRMWARE, PublisherKind.OEM, ISSUED, (), own)


# --- rules --------------------------------------------------------------------------------------------------


class _Rules:
    """Conditional rules, one after the other, over releases."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made = 0

    def spread(self, releases: Sequence[Release], drafts: Sequence[_Draft], count: int) -> list[Release]:
        """The releases with just so many rules: a few for each build that opens a family, one for each OEM
        package, the rest over the hotfixes."""
        gates = {drafts[d.order - 1].hotfix(d.gate) for d in drafts[1:]}
        spread = {release.id: release for release in releases}
        for release in releases:
            if release.type is not PackageType.HOTFIX:
                spread[release.id] = self._of_a_build(release, drafts) if release.family else release
                for _ in range(_RULES_OF_A_BUILD if release.family else 1):
                    spread[release.id] = self._ruled(spread[release.id], holds=True)
        hotfixes = [release for release in releases if release.type is PackageType.HOTFIX]
        self._random.shuffle(hotfixes)
        for place, release in enumerate(hotfixes):
            if place % (_EVERY * 10) == 1 and release.version not in gates:
                spread[release.id] = replace(release, status=ReleaseStatus.WITHDRAWN)
        ruled = [release for place, release in enumerate(hotfixes) if place % _EVERY]
        while self._made < count:
            release = ruled[self._made % len(ruled)]
            holds = release.version in gates or self._random.random() < 0.8
            spread[release.id] = self._ruled(spread[release.id], holds=holds)
        return list(spread.values())

    def _of_a_build(self, release: Release, drafts: Sequence[_Draft]) -> Release:
        """With the rule that where the oldest hotfix of the family before went on, a newer one goes first."""
        draft = drafts[int((release.family or "")[1:])]
        if not draft.order:
            return release
        self._made += 1
        before = drafts[draft.order - 1]
        condition = Condition(
            "After the oldest hotfix a newer one.",
            when_installed=before.hotfix(1),
            hotfix=before.hotfix(draft.gate),
        )
        return replace(release, conditions=(condition,))

    def _ruled(self, release: Release, *, holds: bool) -> Release:
        """The release with one rule more, one that keeps it off this system unless it ``holds``."""
        self._made += 1
        match self._made % 6:
            case 0:
                return replace(release, risks=(*release.risks, self._risk(affects=not holds)))
            case 1:
                return replace(release, content=(*release.content, self._content(asked=not holds)))
            case 2:
                condition = self._condition("Only elsewhere.", (self._test(holds=False),), holds=False)
            case 3:
                condition = self._condition("Here as well.", (self._test(holds=True),), holds=holds)
            case _:
                condition = self._condition("Everywhere.", (), holds=holds)
        return replace(release, conditions=(*release.conditions, condition))

    def _condition(self, says: str, when: tuple[FactTest, ...], *, holds: bool) -> Condition:
        return Condition(says, "Bring it about.", when=when, facts=(self._test(holds=holds),))

    def _risk(self, *, affects: bool) -> Risk:
        rules = (self._test(holds=None), self._test(holds=affects))
        return Risk(f"risk-{self._made}", "A service stops.", "https://synthetic.example/risks", rules)

    def _content(self, *, asked: bool) -> RequiredContent:
        when = (self._test(holds=asked),)
        return RequiredContent(f"key-{self._made}", "A product key.", "Bring it.", when)

    def _test(self, *, holds: bool | None) -> FactTest:
        """A test that holds on the system or not; None: that cannot be answered there."""
        if holds is None:
            return FactTest(f"fact-{self._random.randrange(0, FACTS, 10)}", Comparison.IS, ("yes",))
        number = self._random.choice([number for number in range(FACTS) if number % 10])
        least = str(number if holds else number + 1)
        if self._made % 2:
            return FactTest(f"fact-{number}", Comparison.AT_LEAST, (least,))
        return FactTest(f"fact-{number}", Comparison.VERSION_AT_LEAST, (least,))


# --- the system ---------------------------------------------------------------------------------------------


def on_build_of(family: int) -> tuple[Installed, ...]:
    """The ledger of a system on the first build of this family."""
    draft = _Draft(family, 1, 0)
    id_ = ReleaseId(PUBLISHER, PRODUCT, draft.build(0))
    return (Installed(id_, PackageType.FULL, draft.id, ISSUED - timedelta(days=1), InstalledBy.BASELINE),)


def _system() -> SystemFacts:
    return SystemFacts(
        installed=on_build_of(0),
        at=ISSUED,
        hardware_family=HARDWARE,
        hardware_model="r1",
        nodes=8,
        facts={f"fact-{number}": str(number) for number in range(FACTS) if number % 10},
    )
