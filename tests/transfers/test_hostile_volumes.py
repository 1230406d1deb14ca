"""Volumes that somebody has made to do harm: refused as a whole, and nothing of them is left anywhere."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pitstop.cli.main import run
from pitstop.model.errors import InvalidInput, InvalidPackage, NotFound, PitstopError, TrustError
from pitstop.transport.slices import Incoming, take
from pitstop.transport.volume import Wanted
from pitstop.wire.views import NewFile, NewImport
from transfers.publishers import Publisher, platform
from transfers.system import OPERATOR, System, system
from transport.repository import laid_out

Entries = list[tuple[zipfile.ZipInfo, bytes]]


@pytest.fixture(scope="module")
def publisher() -> Publisher:
    """No test releases anything more."""
    return platform()


@pytest.fixture
def rack(publisher: Publisher, tmp_path: Path) -> Iterator[System]:
    with system(tmp_path / "state", [publisher]) as made:
        yield made


@pytest.fixture(scope="module")
def downloaded(publisher: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume as the downloader writes it."""
    folder = tmp_path_factory.mktemp("downloaded")
    (folder / "root.json").write_bytes(publisher.root)
    with publisher.site() as site, pytest.MonkeyPatch.context() as environment:
        environment.delenv("PITSTOP_PROXY", raising=False)
        call = ["download", site.url, "--root", folder / "root.json", "--to", folder / "out", "--everything"]
        assert run([*map(str, call), "--volume-size", "9M"]) == 0
    (volume,) = (folder / "out").iterdir()
    return volume


@pytest.fixture
def honest(downloaded: Path, tmp_path: Path) -> Path:
    """A copy of it, for this test."""
    (tmp_path / "out").mkdir()
    return Path(shutil.copy(downloaded, tmp_path / "out"))


def entries_of(volume: Path) -> Entries:
    with zipfile.ZipFile(volume) as archive:
        return [(entry, archive.read(entry)) for entry in archive.infolist()]


def written(entries: Entries, to: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that are there twice
        with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as archive:
            for entry, content in entries:
                archive.writestr(entry, content)
    return to


def plain(name: str, content: bytes = b"harm") -> tuple[zipfile.ZipInfo, bytes]:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100644 << 16
    return entry, content


def of_kind(kind: int) -> tuple[zipfile.ZipInfo, bytes]:
    entry, _ = plain("northstar/targets/harm")
    entry.external_attr = (kind | 0o777) << 16
    return entry, b"/etc/passwd"


def compressed() -> tuple[zipfile.ZipInfo, bytes]:
    entry, _ = plain("northstar/targets/bomb")
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry, bytes(20_000_000)


ADDED: dict[str, Callable[[Entries], Entries]] = {
    "traversal": lambda entries: [*entries, plain("../../harm")],
    "traversal inside": lambda entries: [*entries, plain("northstar/../../harm")],
    "absolute": lambda entries: [*entries, plain("/etc/harm")],
    "backslashes": lambda entries: [*entries, plain("..\\harm")],
    "control characters": lambda entries: [*entries, plain("northstar/\x1b[2J")],
    "a link": lambda entries: [*entries, of_kind(stat.S_IFLNK)],
    "a device": lambda entries: [*entries, of_kind(stat.S_IFCHR)],
    "a pipe": lambda entries: [*entries, of_kind(stat.S_IFIFO)],
    "a folder": lambda entries: [*entries, plain("northstar/empty/", b"")],
    "twice the same": lambda entries: [*entries, entries[0]],
    "case collision": lambda entries: [*entries, plain(entries[0][0].filename.upper())],
    "a file where a folder is": lambda entries: [*entries, plain("northstar")],
    "a bomb": lambda entries: [*entries, compressed()],
}


@pytest.mark.parametrize("how", ADDED)
def test_what_no_honest_volume_has_is_refused(rack: System, honest: Path, how: str) -> None:
    hostile = written(ADDED[how](entries_of(honest)), honest.with_name("hostile.zip"))
    before = rack.everything()
    with pytest.raises(InvalidPackage, match=r"hostile\.zip"):
        rack.imports.begin(OPERATOR, NewImport(path=str(hostile)))
    assert rack.everything() == before
    assert not list(rack.folder.parent.glob("harm*"))


def patched(volume: Path, at: int, content: bytes) -> Path:
    raw = bytearray(volume.read_bytes())
    place = at if at >= 0 else len(raw) + at
    raw[place : place + len(content)] = content
    hostile = volume.with_name("hostile.zip")
    hostile.write_bytes(bytes(raw))
    return hostile


def first_in_directory(volume: Path) -> int:
    """Where the directory's first record begins."""
    return int(struct.unpack("<L", volume.read_bytes()[-6:-2])[0])


LIES: dict[str, Callable[[Path], Path]] = {
    "millions of entries": lambda volume: patched(volume, -12, struct.pack("<H", 0xFFFE)),
    "a directory of gigabytes": lambda volume: patched(volume, -10, struct.pack("<L", 0xFFFFFFFE)),
    "a directory outside of the file": lambda volume: patched(volume, -6, struct.pack("<L", 0xFFFFFFF0)),
    "a comment": lambda volume: patched(volume, -2, struct.pack("<H", 7)),
    "an entry of gigabytes": lambda volume: patched(
        volume, first_in_directory(volume) + 20, struct.pack("<2L", 0xFFFFFFF0, 0xFFFFFFF0)
    ),
    "an entry outside of the file": lambda volume: patched(
        volume, first_in_directory(volume) + 42, struct.pack("<L", 0xFFFFFFF0)
    ),
    "encrypted": lambda volume: patched(volume, first_in_directory(volume) + 8, struct.pack("<H", 1)),
}


@pytest.mark.parametrize("how", LIES)
def test_a_volume_that_lies_about_itself_is_refused(rack: System, honest: Path, how: str) -> None:
    hostile = LIES[how](honest)
    before = rack.everything()
    with pytest.raises(InvalidPackage, match=r"hostile\.zip"):
        rack.imports.begin(OPERATOR, NewImport(path=str(hostile)))
    assert rack.everything() == before


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.9, -1])
def test_a_volume_that_was_cut_short_is_refused(rack: System, honest: Path, keep: float) -> None:
    raw = honest.read_bytes()
    hostile = honest.with_name("hostile.zip")
    hostile.write_bytes(raw[: int(keep * len(raw)) if 0 < keep < 1 else int(keep)])
    with pytest.raises(InvalidPackage, match=r"hostile\.zip"):
        rack.imports.begin(OPERATOR, NewImport(path=str(hostile)))


def test_an_entry_whose_own_header_says_another_name_is_refused(rack: System, honest: Path) -> None:
    """Two readers could see two different files in such an archive."""
    raw = honest.read_bytes()
    name = b"northstar/metadata/timestamp.json"
    hostile = patched(honest, raw.index(name), b"northstar/metadata/TIMESTAMP.json")
    item = rack.handed(hostile)
    assert item.state == "failed"
    assert "not where its directory says" in item.findings[0].what
    assert rack.known() == {}


def test_a_volume_inside_of_a_volume_is_only_a_file(rack: System, honest: Path) -> None:
    hostile = written(
        [*entries_of(honest), plain("northstar/targets/inner.zip", honest.read_bytes())],
        honest.with_name("hostile.zip"),
    )
    item = rack.handed(hostile)
    assert item.state == "succeeded"
    assert not list(rack.folder.rglob("inner*"))


def test_an_index_that_is_none_is_refused(rack: System, honest: Path) -> None:
    for content in (b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1, "format": 1}', b"[" * 100_000):
        entries = [pair for pair in entries_of(honest) if pair[0].filename != "transfer.json"]
        hostile = written([*entries, plain("transfer.json", content)], honest.with_name("hostile.zip"))
        with pytest.raises(InvalidInput, match=r"transfer\.json"):
            rack.imports.begin(OPERATOR, NewImport(path=str(hostile)))


def test_slices_that_are_no_slices_are_refused_and_leave_nothing(
    rack: System, honest: Path, publisher: Publisher
) -> None:
    name = "Northstar1.2402.0.8"
    whole = f"northstar/targets/packages/{name}/{name}-1.zip"
    kept = [pair for pair in entries_of(honest) if pair[0].filename != whole]
    inside = f"packages/{name}/{name}-1.zip"
    forged = [plain(f"northstar/slices/{start}/{inside}", b"x" * 300_000) for start in (0, 262_144)]
    hostile = written([*kept, *forged], honest.with_name("hostile.zip"))
    item = rack.handed(hostile)
    assert item.state == "failed"
    assert {finding.code for finding in item.findings} == {"digest-mismatch"}
    assert not list(rack.folder.rglob(f"{name}-1.zip*"))
    assert rack.handed(honest).state == "succeeded"
    assert rack.whole(name)


@pytest.mark.parametrize("start", ["-1", "0x0", "9" * 30, "", "1.5", "\uff11"])
def test_slices_at_no_place_are_left_alone(rack: System, honest: Path, start: str) -> None:
    name = "Northstar1.2402.0.8"
    whole = f"northstar/targets/packages/{name}/{name}-1.zip"
    kept = [pair for pair in entries_of(honest) if pair[0].filename != whole]
    forged = plain(f"northstar/slices/{start}/packages/{name}/{name}-1.zip")
    hostile = written([*kept, forged], honest.with_name("hostile.zip"))
    if start == "":
        with pytest.raises(InvalidPackage):
            rack.imports.begin(OPERATOR, NewImport(path=str(hostile)))
        return
    item = rack.handed(hostile)
    assert "payload-incomplete" in [finding.code for finding in item.findings]


def test_a_slice_past_the_end_of_its_file_is_refused(tmp_path: Path) -> None:
    wanted = Wanted("volume:///x", 10, "0" * 64)
    with pytest.raises(PitstopError):
        take(
            wanted,
            tmp_path / "x",
            [Incoming(8, 5, iter([b"12345"]))],
            lambda _a, _b: None,
            lambda _f: 1 << 40,
        )
    assert list(tmp_path.iterdir()) == []


# --- the same by upload, and as folders


def test_a_hostile_volume_that_is_uploaded_ends_as_failed_and_its_bytes_go(
    rack: System, honest: Path
) -> None:
    hostile = written(ADDED["traversal"](entries_of(honest)), honest.with_name("transfer-1-of-1.zip"))
    content = hostile.read_bytes()
    files = (NewFile(name=hostile.name, size=len(content)),)
    item = rack.imports.begin(OPERATOR, NewImport(name="harm", files=files))
    rack.imports.receive(OPERATOR, item.id, 0, 0, content)
    rack.imports.finish(OPERATOR, item.id)
    ended = rack.imports.show(OPERATOR, item.id)
    assert (ended.state, ended.findings[0].code) == ("failed", "invalid-package")
    assert [path.name for path in (rack.folder / "imports" / item.id).iterdir()] == ["import.json"]


def test_links_out_of_a_medium_are_not_followed(rack: System, publisher: Publisher, tmp_path: Path) -> None:
    medium = laid_out(publisher.repository.for_media(), tmp_path / "usb")
    name = "Northstar1.2402.0.8"
    volume = medium / "targets" / "packages" / name / f"{name}-1.zip"
    volume.rename(tmp_path / "outside.zip")
    volume.symlink_to(tmp_path / "outside.zip")
    item = rack.handed(medium)
    assert item.state == "failed"
    assert "leads out of the folder" in item.findings[0].what
    assert item.findings[0].subject.startswith(f"update {name}")


def test_pipes_and_devices_on_a_medium_do_not_hang(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    medium = laid_out(publisher.repository.for_media(), tmp_path / "usb")
    (medium / "metadata" / "2.root.json").unlink(missing_ok=True)
    os.mkfifo(medium / "metadata" / "2.root.json")
    os.mkfifo(medium / "pipe.xml")
    os.mkfifo(medium / "transfer-1-of-1.zip")
    item = rack.handed(medium)
    assert item.state == "failed"


@pytest.mark.parametrize("kind", ["pipe", "folder", "text", "payload"])
def test_what_is_no_volume_at_all_is_said(rack: System, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing.zip"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("no zip file")
    else:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("app/part", b"x" * 1000)
        path.write_bytes(content.getvalue())
    with pytest.raises((InvalidPackage, NotFound, TrustError)):
        rack.imports.begin(OPERATOR, NewImport(path=str(path)))
