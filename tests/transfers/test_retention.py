"""What is kept of payloads after the install: never what the next update is made from, never for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.packages import PackageType
from pitstop.model.releases import ReleaseId
from pitstop.model.system import Installed, InstalledBy, SystemDescription
from pitstop.model.versions import Version
from pitstop.package.delta_route import Delta
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge
from pitstop.service.retention import Retention, current
from simulators.systems import GivenSystem
from transfers.publishers import Publisher, oem, package, platform
from transfers.system import Now, System, system
from transport.repository import NOW, laid_out

FIRST, SECOND = "Northstar1.2311.0.5", "Northstar1.2402.0.8"
HOTFIX, THIRD = "Northstar1.2402.1.20", "Northstar1.2405.0.4"
OLD_OEM, NEW_OEM = "Emberforge2.0", "Emberforge2.1"


@dataclass
class Kept:
    """A system with all packages unpacked, their volumes still here."""

    rack: System
    retention: Retention
    clock: Now
    publishers: list[Publisher]

    def installed(self, *names: str, days_ago: int = 30) -> None:
        """All these went on, one after the other."""
        releases = {
            release.name: release for publisher in self.publishers for release in publisher.catalogue.releases
        }
        at = NOW - timedelta(days=days_ago)
        self.rack.stored.ledger.adopt(
            [
                Installed(
                    releases[name].id,
                    releases[name].type,
                    releases[name].family or next(iter(releases[name].families), None),
                    at + timedelta(minutes=number),
                    InstalledBy.BASELINE,
                )
                for number, name in enumerate(names)
            ]
        )

    def volumes(self) -> set[str]:
        """The packages whose volumes are here."""
        names = [name for publisher in self.publishers for name in publisher.packages]
        return {name for name in names if self.rack.stored.payloads.has_volumes(name)}

    def whole(self) -> set[str]:
        """The packages whose content is here."""
        names = [name for publisher in self.publishers for name in publisher.packages]
        return {name for name in names if not self.rack.stored.payloads.missing_content(name)}


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    publishers = [platform(), oem()]
    with system(tmp_path / "state", publishers) as rack:
        for publisher in publishers:
            name = publisher.catalogue.publisher
            rack.handed(laid_out(publisher.repository.for_media(), tmp_path / "usb" / name))
            for made in publisher.packages:
                assert rack.whole(made)
        stored, audited = rack.stored, Audited(rack.stored.audit, rack.clock)
        systems = GivenSystem(SystemDescription("aurora", "north", "", "", ()))
        knowledge = Knowledge(
            stored.catalogues, stored.ledger, stored.runs, stored.declarations, systems, rack.clock
        )
        retention = Retention(knowledge, stored.payloads, audited, rack.clock, timedelta(days=14))
        yield Kept(rack, retention, rack.clock, publishers)


ALL = {FIRST, SECOND, HOTFIX, THIRD, OLD_OEM, NEW_OEM}


def test_before_its_time_nothing_goes(kept: Kept) -> None:
    kept.installed(FIRST, SECOND, days_ago=13)
    kept.retention.tidy()
    assert (kept.volumes(), kept.whole()) == (ALL, ALL)


def test_volumes_go_and_what_the_next_update_is_made_from_stays(kept: Kept) -> None:
    kept.installed(FIRST, SECOND, HOTFIX, OLD_OEM)
    kept.retention.tidy()
    assert kept.volumes() == {THIRD, NEW_OEM}
    assert kept.whole() == ALL - {FIRST}


def test_of_an_oem_line_the_last_one_stays(kept: Kept) -> None:
    kept.installed(SECOND, OLD_OEM, NEW_OEM)
    kept.retention.tidy()
    assert kept.whole() == ALL - {OLD_OEM}


def test_what_a_delta_that_lies_here_builds_on_stays(kept: Kept) -> None:
    kept.installed(FIRST, SECOND)
    delta = Delta(THIRD, FIRST, f"{THIRD}-from-{FIRST}.delta", 3)
    kept.rack.stored.payloads.delta(THIRD, delta).write_bytes(b"xyz")
    kept.retention.tidy()
    assert FIRST in kept.whole()
    assert FIRST not in kept.volumes()


def test_again_removes_nothing_more_and_writes_nothing_more(kept: Kept) -> None:
    kept.installed(FIRST, SECOND)
    kept.retention.tidy()
    entries = len(kept.rack.stored.audit.entries())
    kept.retention.tidy()
    assert len(kept.rack.stored.audit.entries()) == entries


def test_what_was_removed_can_be_brought_again(kept: Kept, tmp_path: Path) -> None:
    kept.installed(FIRST, SECOND)
    kept.retention.tidy()
    assert FIRST not in kept.whole()
    assert kept.rack.handed(tmp_path / "usb" / "northstar").state == "succeeded"
    assert kept.rack.whole(FIRST)


def test_what_runs_now_is_the_last_family_and_all_since() -> None:
    def entry(version: str, package_type: PackageType) -> Installed:
        release = package(version, package_type=package_type).release
        return Installed(release.id, package_type, None, NOW, InstalledBy.RUN)

    ledger = [
        entry("1.1.0.1", PackageType.FULL),
        entry("1.1.1.1", PackageType.HOTFIX),
        entry("1.2.0.1", PackageType.EXPRESS),
        entry("1.2.1.1", PackageType.HOTFIX),
        entry("1.2.1.2", PackageType.HOTFIX),
    ]
    kept = {str(release.version) for release in current(ledger)}
    assert kept == {"1.2.0.1", "1.2.1.1", "1.2.1.2"}
    assert current([]) == frozenset()
    only = ReleaseId("northstar", "lantern", Version.parse("1.1.1.1"))
    assert current(ledger[1:2]) == {only}
