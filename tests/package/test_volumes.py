"""Volumes: reproducible carriers; an entry that the manifest does not know is refused."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import IO

import pytest

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.fileset import metadata_names, volume_name, volume_name_problem
from pitstop.package.site_layout import catalogue_number, catalogue_target, newest_catalogue
from pitstop.package.volumes import split, volume_entries, write_volume

BYTES = {"bin/run": b"#!/bin/sh\n" * 100, "etc/empty": b"", "share/text": "größe\n".encode()}
MANIFEST = Manifest(
    tuple(
        ContentFile(path, 0o755 if path == "bin/run" else 0o644, len(raw), hashlib.sha256(raw).hexdigest())
        for path, raw in sorted(BYTES.items())
    )
)


def opened(file: ContentFile) -> IO[bytes]:
    return io.BytesIO(BYTES[file.path])


def volume() -> io.BytesIO:
    made = io.BytesIO()
    write_volume(made, MANIFEST.files, opened)
    return made


def test_the_same_content_gives_the_same_bytes_and_comes_back() -> None:
    made = volume()
    assert made.getvalue() == volume().getvalue()
    with zipfile.ZipFile(made) as archive:
        assert {entry.filename: archive.read(entry) for entry in archive.infolist()} == BYTES
        assert archive.getinfo("bin/run").external_attr >> 16 == 0o100755
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [file for _, file in volume_entries(archive, MANIFEST)] == list(MANIFEST.files)


def sized(*sizes: int) -> list[ContentFile]:
    return [ContentFile(f"f{number}", 0o644, size, "0" * 64) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "volumes"),
    [
        ((), []),
        ((10,), [[10]]),
        ((4, 6, 1), [[4, 6], [1]]),
        ((25, 1, 25), [[25], [1], [25]]),
        ((0, 0, 10, 0), [[0, 0, 10, 0]]),
    ],
)
def test_content_is_split_at_the_limit_in_order(sizes: tuple[int, ...], volumes: list[list[int]]) -> None:
    assert [[file.size for file in volume] for volume in split(sized(*sizes), 10)] == volumes


def archive_of(*entries: tuple[str, bytes]) -> zipfile.ZipFile:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_BZIP2 if entries[0][0] == "bz" else 0) as archive:
        for name, raw in entries:
            archive.writestr("bin/run" if name == "bz" else name, raw)
    return zipfile.ZipFile(made)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ((("../../etc/passwd", b"x"),), "not in the manifest"),
        ((("etc/empty", b""), ("etc/empty", b"")), "there twice"),
        ((("etc/empty", b"x"),), "has 1 bytes, signed are 0"),
        ((("bz", BYTES["bin/run"]),), "compressed in an unknown way"),
    ],
)
def test_an_entry_that_was_not_signed_is_refused(entries: tuple[tuple[str, bytes], ...], says: str) -> None:
    with archive_of(*entries) as archive, pytest.raises(InvalidPackage, match=says):
        list(volume_entries(archive, MANIFEST))


def test_an_encrypted_entry_is_refused() -> None:
    raw = bytearray(volume().getvalue())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with zipfile.ZipFile(io.BytesIO(raw)) as archive, pytest.raises(InvalidPackage, match="encrypted"):
        list(volume_entries(archive, MANIFEST))


def test_names_of_the_file_set() -> None:
    assert volume_name("Northstar1.2", 1) == "Northstar1.2-1.zip"
    assert volume_name_problem("Northstar1.2", "Northstar1.2-12.bin") is None
    for name in ("Northstar1x2-1.zip", "Northstar1.2-0.zip", "Northstar1.2-1.zip\n", "Northstar1.2-1.exe"):
        assert volume_name_problem("Northstar1.2", name)
    assert metadata_names("X1") == ("Metadata.xml", "X1.xml")


def test_the_newest_catalogue_is_the_one_with_the_greatest_number() -> None:
    targets = ["catalogue/9.json", "catalogue/10.json", "catalogue/010.json", "packages/catalogue/11.json"]
    assert newest_catalogue(targets) == catalogue_target(10)
    assert newest_catalogue(targets[2:]) is None
    assert catalogue_number("catalogue/0.json") is None
