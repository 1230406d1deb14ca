"""From a system's request to exactly what it lacks, deltas included, and back to the system."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.system import Installed, InstalledBy, SystemDescription
from pitstop.package.site_layout import package_target
from pitstop.service.facts import Knowledge
from pitstop.service.transfers import TransfersService
from pitstop.transport.transfer_files import read_request, written
from pitstop.wire.transfers import TransferRequest
from simulators.systems import GivenSystem
from transfers.conftest import Pitstop, Sites
from transfers.publishers import Package, Publisher
from transfers.system import READER, System, system
from transport.repository import NOW, laid_out

FIRST, SECOND = "Northstar1.2311.0.5", "Northstar1.2402.0.8"
HOTFIX, THIRD = "Northstar1.2402.1.20", "Northstar1.2405.0.4"
OLD_OEM, NEW_OEM = "Emberforge2.0", "Emberforge2.1"


@pytest.fixture
def rack(sites: Sites, tmp_path: Path) -> Iterator[System]:
    """On family 2311 and OEM 2.0, both with their content here; it knows all that there is."""
    with system(tmp_path / "state", [sites.platform, sites.oem]) as made:
        for publisher in (sites.platform, sites.oem):
            name = publisher.catalogue.publisher
            files = {
                path: content
                for path, content in publisher.repository.for_media().items()
                if not path.endswith(".zip") or FIRST in path or OLD_OEM in path
            }
            assert made.handed(laid_out(files, tmp_path / "usb" / name)).state == "succeeded"
        made.whole(FIRST)
        made.whole(OLD_OEM)
        installed = [sites.platform.packages[FIRST], sites.oem.packages[OLD_OEM]]
        made.stored.ledger.adopt([entry(item) for item in installed])
        yield made


def entry(item: Package) -> Installed:
    release = item.release
    at = NOW - timedelta(days=90)
    return Installed(release.id, release.type, release.family, at, InstalledBy.BASELINE)


def asked(rack: System) -> TransferRequest:
    stored = rack.stored
    systems = GivenSystem(SystemDescription("aurora", "north", "Lumen", "L4", ()))
    knowledge = Knowledge(
        stored.catalogues, stored.ledger, stored.runs, stored.declarations, systems, rack.clock
    )
    return TransfersService(knowledge, rack.sources, rack.feeds, stored.payloads).request(READER)


def request_file(rack: System, to: Path) -> Path:
    to.write_bytes(written(asked(rack)))
    return to


def with_delta(publisher: Publisher, package: str, base: str, size: int = 1000) -> str:
    """Sign a file that is called like a delta; what it would make is not the downloader's business."""
    name = f"{package}-from-{base}.delta"
    publisher.repository.add(package_target(package, name), b"d" * size)
    publisher.repository.publish()
    return name


def payload(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.suffix in (".zip", ".delta")}


def test_a_request_says_what_is_installed_known_and_held(rack: System) -> None:
    request = asked(rack)
    assert {(entry.publisher, entry.version) for entry in request.installed} == {
        ("northstar", "1.2311.0.5"),
        ("emberforge", "2.0"),
    }
    held = {package.name: package for package in request.packages}
    assert held[FIRST].content
    assert held[FIRST].volumes == (f"{FIRST}-1.zip",)
    assert (held[SECOND].documents, held[SECOND].content, held[SECOND].volumes) == (True, False, ())
    (platform, _) = request.sources
    assert platform.signed is not None
    assert platform.signed.snapshot == 1
    assert request.states[THIRD] == "Ready"
    assert read_request(written(request)) == request


def test_exactly_what_lacks_on_the_way_is_carried(
    rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    """Family by family, with the newest hotfix before leaving one, and OEM 2.1 before what needs it."""
    request = request_file(rack, tmp_path / "request.json")
    ended = pitstop("download", *sites.both, "--to", tmp_path / "out", "--for", request)
    assert ended.status == 0, ended.err
    carried = {f"{SECOND}-1.zip", f"{SECOND}-2.zip", f"{HOTFIX}-1.zip", f"{THIRD}-1.zip", f"{NEW_OEM}-1.zip"}
    assert payload(tmp_path / "out") == carried
    assert rack.handed(tmp_path / "out").state == "succeeded"
    assert all(rack.whole(name) for name in (SECOND, HOTFIX, THIRD, NEW_OEM))


def test_a_target_may_be_named(rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    request = request_file(rack, tmp_path / "request.json")
    call = ["download", *sites.both, "--to", tmp_path / "out", "--for", request, "--target", SECOND]
    assert pitstop(*call).status == 0
    assert payload(tmp_path / "out") == {f"{SECOND}-1.zip", f"{SECOND}-2.zip"}


def test_what_is_there_in_part_is_completed(
    rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    volume = f"{SECOND}-2.zip"
    place = rack.stored.payloads.volume(SECOND, volume)
    place.write_bytes(sites.platform.packages[SECOND].files[volume])
    request = request_file(rack, tmp_path / "request.json")
    call = ["download", *sites.both, "--to", tmp_path / "out", "--for", request, "--target", SECOND]
    assert pitstop(*call).status == 0
    assert payload(tmp_path / "out") == {f"{SECOND}-1.zip"}


def test_a_delta_that_is_less_is_carried_instead_and_several_hops_count(
    rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    hops = {with_delta(sites.platform, SECOND, FIRST), with_delta(sites.platform, HOTFIX, SECOND)}
    sites.platform_site.files = sites.platform.media_site()
    request = request_file(rack, tmp_path / "request.json")
    call = ["download", *sites.both, "--to", tmp_path / "out", "--for", request, "--target", HOTFIX]
    ended = pitstop(*call)
    assert ended.status == 0, ended.err
    assert payload(tmp_path / "out") == hops
    item = rack.handed(tmp_path / "out")
    assert item.state == "succeeded", item.findings
    assert {package.name: package.missing for package in item.packages}[HOTFIX] == ()
    here = {delta.name for name in (SECOND, HOTFIX) for delta in rack.stored.payloads.deltas(name)}
    assert here == hops


def test_a_delta_that_is_more_than_the_volumes_is_left_there(
    rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    with_delta(sites.platform, SECOND, FIRST, size=2_000_000)
    sites.platform_site.files = sites.platform.media_site()
    request = request_file(rack, tmp_path / "request.json")
    call = ["download", *sites.both, "--to", tmp_path / "out", "--for", request, "--target", SECOND]
    assert pitstop(*call).status == 0
    assert payload(tmp_path / "out") == {f"{SECOND}-1.zip", f"{SECOND}-2.zip"}


def test_a_delta_on_what_the_system_does_not_hold_is_of_no_use(
    rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    with_delta(sites.platform, THIRD, HOTFIX)
    sites.platform_site.files = sites.platform.media_site()
    call = ["download", *sites.one, "--to", tmp_path / "out", "--version", "1.2405.0.4"]
    assert pitstop(*call).status == 0
    assert payload(tmp_path / "out") == {f"{THIRD}-1.zip"}


def test_a_system_that_cannot_go_on_is_told_why(
    rack: System, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    """Without the OEM's site the way ends before what needs its package."""
    request = request_file(rack, tmp_path / "request.json")
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--for", request, "--target", THIRD)
    assert ended.status == 4
    assert "cannot be brought to" in ended.err


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 9}', b'{"format": 1}', b"\xff"])
def test_what_is_no_request_is_refused(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "request.json").write_bytes(content)
    call = ["download", *sites.one, "--to", tmp_path / "out", "--for", tmp_path / "request.json"]
    ended = pitstop(*call)
    assert (ended.status, "request.json" in ended.err) == (2, True)
