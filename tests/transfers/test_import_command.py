"""``pitstop import`` against a real service: in place, by upload, through breaks; and what a transfer is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pitstop.api.app import create_app
from pitstop.client.client import PitstopClient
from pitstop.model.errors import Conflict, PitstopError
from pitstop.wire.views import NewFile, NewImport
from simulators import desk as simulated
from simulators.desk import Scene
from simulators.serving import serving
from transfers.conftest import Pitstop, Sites
from transfers.publishers import Publisher, noise, platform
from transfers.system import System, system
from transport.repository import laid_out

FULL = "Northstar1.2402.0.8"


@dataclass
class Service:
    """A service with real imports, and its address."""

    url: str
    rack: System
    publisher: Publisher
    scene: Scene

    def client(self) -> PitstopClient:
        return PitstopClient(self.url, token=self.scene.token("ada"))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    publisher, scene = platform(), simulated.quiet()
    with system(tmp_path / "state", [publisher]) as rack:
        app = create_app(replace(scene.desk, imports=rack.imports))
        with serving(app) as url:
            monkeypatch.setenv("PITSTOP_URL", url)
            monkeypatch.setenv("PITSTOP_TOKEN", scene.token("ada"))
            yield Service(url, rack, publisher, scene)


@pytest.fixture
def medium(service: Service, tmp_path: Path) -> Path:
    return laid_out(service.publisher.repository.for_media(), tmp_path / "usb" / "northstar")


@pytest.mark.parametrize("how", ["--in-place", "--upload"])
def test_a_medium_is_handed_over_and_what_came_of_it_is_said(
    service: Service, medium: Path, pitstop: Pitstop, how: str
) -> None:
    ended = pitstop("import", medium, how)
    assert ended.status == 0, ended.err
    assert "Succeeded: northstar" in ended.out
    assert "newer than what was known" in ended.out
    assert service.rack.whole(FULL)


def test_a_service_on_this_machine_is_given_the_path(
    service: Service, medium: Path, pitstop: Pitstop
) -> None:
    ended = pitstop("import", medium, "--json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["path"] == str(medium)


def test_what_is_refused_is_said_and_ends_with_2(service: Service, medium: Path, pitstop: Pitstop) -> None:
    victim = medium / "targets" / "packages" / FULL / f"{FULL}-1.zip"
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    ended = pitstop("import", medium)
    assert ended.status == 2
    assert "is not what was signed" in " ".join(ended.out.split())
    assert "refused, in part or as a whole: northstar" in ended.err


@pytest.mark.parametrize("how", ["--in-place", "--upload"])
def test_a_path_with_nothing_is_said(service: Service, tmp_path: Path, pitstop: Pitstop, how: str) -> None:
    assert pitstop("import", tmp_path / "nowhere", how).status == 3


def test_a_loose_set_is_handed_over_file_by_file(
    service: Service, medium: Path, tmp_path: Path, pitstop: Pitstop
) -> None:
    for volume in medium.rglob("*.zip"):
        volume.unlink()
    assert pitstop("import", medium).status == 0
    folder = tmp_path / "set"
    folder.mkdir()
    for name, content in service.publisher.packages[FULL].files.items():
        (folder / name).write_bytes(content)
    files = sorted(folder.iterdir())
    assert pitstop("import", *files, "--in-place").status == 0
    assert service.rack.whole(FULL)
    assert pitstop("import", *files, "--upload").status == 0


def test_an_upload_that_broke_off_goes_on_where_it_was(
    service: Service, medium: Path, pitstop: Pitstop
) -> None:
    class Gone(Exception):
        pass

    files = sorted(file for file in medium.rglob("*") if file.is_file())
    largest = max(files, key=lambda file: file.stat().st_size)
    wanted = tuple(
        NewFile(name=file.relative_to(medium).as_posix(), size=file.stat().st_size) for file in files
    )
    number = files.index(largest)
    content = largest.read_bytes()

    def breaking() -> Iterator[bytes]:
        yield content[:200_000]
        raise Gone

    with service.client() as client:
        item = client.begin_import(NewImport(name="usb", files=wanted))
        with pytest.raises(Gone):
            client.upload(item.id, number, 0, breaking())
        assert client.import_(item.id).state == "receiving"
    ended = pitstop("import", medium, "--resume", item.id)
    assert ended.status == 0, ended.err
    assert service.rack.whole(FULL)


def test_a_range_at_the_wrong_place_says_where_to_go_on(service: Service) -> None:
    content = noise("range", 3_000_000)
    with service.client() as client:
        files = (NewFile(name="a.zip", size=len(content)),)
        item = client.begin_import(NewImport(name="a", files=files))
        assert client.upload(item.id, 0, 0, iter([content[:2_500_000]])).files[0].received == 2_500_000
        with pytest.raises(Conflict) as refused:
            client.upload(item.id, 0, 0, iter([content]))
        assert refused.value.hint == "Go on from byte 2500000."
        with pytest.raises(PitstopError, match="more came"):
            client.upload(item.id, 0, 2_500_000, iter([content]))
        with pytest.raises(Conflict, match="is not whole yet"):
            client.finish_import(item.id)
        client.discard_import(item.id)
        assert client.imports() == ()
    assert list((service.rack.folder / "imports").iterdir()) == []


def test_a_request_is_written_for_the_downloader(service: Service, tmp_path: Path, pitstop: Pitstop) -> None:
    assert pitstop("transfer", "request", "--to", tmp_path / "request.json").status == 0
    assert json.loads((tmp_path / "request.json").read_text())["format"] == 1
    printed = pitstop("transfer", "request")
    assert json.loads(printed.out)["hardwareFamily"] == "Lumen"


# --- looking at transfers


def test_a_transfer_is_shown_and_verified(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    to = tmp_path / "out"
    assert pitstop("download", *sites.both, "--to", to, "--family", "2402").status == 0
    shown = pitstop("transfer", "show", to)
    assert (shown.status, FULL in shown.out, "signed for media on" in shown.out) == (0, True, True)
    roots = ["--root", sites.oem_root, "--root", sites.platform_root]
    verified = pitstop("transfer", "verify", to, *roots)
    assert verified.status == 0, verified.err
    assert "northstar: signed by its publisher, for media" in verified.err
    only = pitstop("transfer", "verify", to, "--root", sites.oem_root)
    assert (only.status, "northstar is not vouched for" in only.err) == (6, True)
    assert pitstop("transfer", "show", to, "--json").out.startswith("{")


@pytest.mark.parametrize("harm", ["missing", "changed", "longer", "a link out"])
def test_what_a_transfer_lacks_is_said_by_name(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, harm: str
) -> None:
    to = tmp_path / "out"
    assert pitstop("download", *sites.one, "--to", to, "--version", "1.2402.0.8").status == 0
    victim = next(to.rglob("plan.json"))
    content = victim.read_bytes()
    victim.unlink()
    if harm == "a link out":
        (tmp_path / "outside").write_bytes(content)
        victim.symlink_to(tmp_path / "outside")
    elif harm != "missing":
        victim.write_bytes(content + b" " if harm == "longer" else content[:-1] + b"x")
    ended = pitstop("transfer", "verify", to)
    assert (ended.status, "plan.json" in ended.err) == (2, True)


def test_a_folder_that_is_no_transfer_is_said(pitstop: Pitstop, tmp_path: Path) -> None:
    ended = pitstop("transfer", "show", tmp_path)
    assert (ended.status, "there is no transfer" in ended.err) == (3, True)
