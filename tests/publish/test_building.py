"""Building: the same source gives the same bytes; a source that is wrong leaves nothing behind."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import Conflict, DigestMismatch, InvalidInput, InvalidPackage, NotFound
from pitstop.model.packages import PackageType
from pitstop.model.releases import DatePrecision, HardwareMatch
from pitstop.publish.building import build, plan_kinds
from pitstop.publish.releasing import read_built
from publish.press import Press

RICH = """
type = "Express"
family = "2"
predecessor = "1"
description = "Many things."
released_precision = "month"
required_hotfix = "1.1.1.2"
min_version = "1.1.0.1"
min_oem_version = "2.1"
prerequisites = ["Hotfix 1.1.1.2"]
restarts_nodes = true
support_address = "help@example.org"
article_link = "https://example.org/kb/1"
volume_bytes = 12
hardware = [{ family = "Lumen" }, { family = "Lumen", model = "R4" }]
expected_runtimes = [
  { nodes = 4, least_minutes = 1, most_minutes = 2 },
  { least_minutes = 2, most_minutes = 9 },
]
content = [
  { from = "content" },
  { from = "content/opt/run.sh", to = "opt/twin.sh", mode = "0700" },
  { text = "@VERSION@ of @NAME@\\n", to = "opt/VERSION" },
]

[release]
hotfix_rides = true
risks = [{ name = "slow", message = "May be slow." }]
"""


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_source_gives_the_same_bytes(press: Press) -> None:
    source = press.source("1.2.0.3", RICH)
    one = press.build(source, "one")
    for path in source.rglob("*"):
        os.utime(path, (1, 1))
    previous = os.umask(0o077)
    try:
        other = press.build(source, "other")
    finally:
        os.umask(previous)
    assert files_of(one.folder) == files_of(other.folder)
    assert read_built(one.folder).metadata == one.metadata


def test_all_that_the_source_says_is_in_metadata_and_entry(press: Press) -> None:
    built = press.build(press.source("1.2.0.3", RICH))
    metadata, entry = built.metadata, built.draft.release
    assert metadata.name == "Northstar1.2.0.3"
    assert metadata.type is entry.type is PackageType.EXPRESS
    assert (metadata.min_oem_version, metadata.support_address) == (entry.min_oem_version, "help@example.org")
    assert (entry.family, built.draft.predecessor, str(entry.required_hotfix)) == ("2", "1", "1.1.1.2")
    assert entry.released is not None
    assert entry.released.precision is DatePrecision.MONTH
    assert entry.hardware == (HardwareMatch("Lumen"), HardwareMatch("Lumen", "R4"))
    assert metadata.expected_runtimes == entry.expected_runtimes
    assert entry.hotfix_rides
    assert entry.risks[0].name == "slow"
    assert entry.size == sum(volume.size for volume in metadata.volumes) == metadata.size
    assert read_built(built.folder).draft == built.draft


def test_links_lead_to_the_site_once_it_has_an_address(press: Press) -> None:
    source = press.source("1.1.0.1")
    settings = replace(press.settings, site_url="https://updates.example/")
    built = build(source, press.work / "with", settings, plan_kinds())
    link = "https://updates.example/releases/Northstar1.1.0.1.html"
    assert built.metadata.release_link == built.draft.release.notes_link == link
    assert press.build(source).metadata.release_link == "releases/Northstar1.1.0.1.html"


def test_content_is_carried_by_as_many_volumes_as_the_limit_asks(press: Press) -> None:
    built = press.build(press.source("1.2.0.3", RICH))
    found: dict[str, bytes] = {}
    for volume in built.metadata.volumes:
        with zipfile.ZipFile(built.package_folder / volume.name) as archive:
            found |= {entry.filename: archive.read(entry) for entry in archive.infolist()}
    assert len(built.metadata.volumes) == 4
    assert found == {
        "opt/VERSION": b"1.2.0.3 of Northstar1.2.0.3\n",
        "opt/greeting.txt": b"hello",
        "opt/run.sh": b"#!/bin/sh\n",
        "opt/twin.sh": b"#!/bin/sh\n",
    }


def test_a_later_part_of_the_content_replaces_an_earlier_one(press: Press) -> None:
    more = """type = "Full"
family = "1"
content = [{ from = "content" }, { text = "overlaid", to = "opt/greeting.txt" }]"""
    built = press.build(press.source("1.1.0.1", more))
    with zipfile.ZipFile(built.package_folder / "Northstar1.1.0.1-1.zip") as archive:
        assert archive.read("opt/greeting.txt") == b"overlaid"


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(source: Path) -> None:
        text = (source / file).read_text(encoding="utf-8")
        assert old in text
        (source / file).write_text(text.replace(old, new), encoding="utf-8")

    return change


def linked(source: Path) -> None:
    (source / "content" / "opt" / "link").symlink_to("/etc/hostname")


def linked_folder(source: Path) -> None:
    (source / "content" / "opt" / "link").symlink_to("/etc")


def piped(source: Path) -> None:
    os.mkfifo(source / "content" / "opt" / "pipe")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (replaced("package.toml", "format = 1", "format = 9"), "format 9 is not known"),
        (replaced("package.toml", "format = 1", "format = "), "package.toml"),
        (replaced("package.toml", 'title = "', 'titel = "'), "title|titel"),
        (replaced("package.toml", "1.2.0.3", "1.2.x"), "version: .* is not a version"),
        (replaced("package.toml", '"Express"', '"OEM"'), "kind platform publishes no package of type OEM"),
        (replaced("package.toml", '"Express"', '"Hotfix"'), "'families' belongs to Hotfix"),
        (replaced("package.toml", 'family = "2"\n', ""), "'family' belongs to Full and Express"),
        (replaced("package.toml", '{ from = "content" }', '{ from = "nothing" }'), "nothing is not there"),
        (replaced("package.toml", 'from = "content" }', 'from = "content", text = "" }'), r"content\[0\]"),
        (replaced("package.toml", 'to = "opt/VERSION"', 'to = "../VERSION"'), "not normalised"),
        (replaced("package.toml", 'to = "opt/VERSION"', 'to = "opt/GREETING.txt"'), "only in case"),
        (replaced("package.toml", "hotfix_rides = true", "hotfix_rides = 1"), "hotfix_rides"),
        (replaced("package.toml", "hotfix_rides = true", "bogus = 1"), "unknown field 'bogus'"),
        (replaced("package.toml", "most_minutes = 2", "most_minutes = 0"), "at least 1 and at most 0"),
        (replaced("plan.yaml", "kind: copy", "kind: download"), "unknown kind 'download'"),
        (replaced("plan.yaml", "to: /opt", "to: opt"), r"items\[0\].items\[0\] \('Copy'\)"),
        (replaced("plan.yaml", "from: opt", "from: usr"), "the content has no 'usr'"),
        (replaced("plan.yaml", "format: 1", "format: 1\nx: &a [*a]"), "anchors and aliases"),
        (lambda source: (source / "plan.yaml").unlink(), "plan.yaml cannot be read"),
        (lambda source: (source / "notes.md").unlink(), "notes.md cannot be read"),
        (linked, "no plain file"),
        (linked_folder, "no plain file"),
        (piped, "no plain file"),
    ],
)
def test_a_source_that_is_wrong_is_refused_and_leaves_nothing(
    press: Press, change: Callable[[Path], None], says: str
) -> None:
    source = press.source("1.2.0.3", RICH)
    change(source)
    with pytest.raises(InvalidInput, match=says):
        press.build(source)
    assert not (press.work / "built").exists()


def test_no_source_is_told(press: Press) -> None:
    with pytest.raises(NotFound, match=r"package\.toml is missing"):
        press.build(press.work)


def test_a_build_is_not_written_over(press: Press) -> None:
    source = press.source("1.1.0.1")
    press.build(source)
    with pytest.raises(Conflict, match="is there already"):
        press.build(source)


@pytest.mark.parametrize("file", ["Metadata.xml", "manifest.json", "plan.json", "Northstar1.1.0.1-1.zip"])
def test_a_built_package_that_was_changed_is_refused(press: Press, file: str) -> None:
    built = press.build(press.source("1.1.0.1"))
    path = built.package_folder / file
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(DigestMismatch, match="not as it was built"):
        read_built(built.folder)
    path.unlink()
    with pytest.raises(NotFound, match="missing"):
        read_built(built.folder)


@pytest.mark.parametrize(
    ("version", "more", "says"),
    [
        ("1.3.0.1", 'type = "Full"\nfamily = "3"\npredecessor = "2"', "predecessor 2 is not there"),
        ("1.3.0.1", 'type = "Full"\nfamily = "3"', "names no predecessor"),
        ("1.1.0.2", 'type = "Full"\nfamily = "1"', "does not say which build it re-issues"),
        ("1.1.0.2", 'type = "Full"\nfamily = "1"\nreissues = "1.1.0.9"', "does not say which build"),
        ("1.1.1.2", 'type = "Hotfix"\nfamilies = ["1", "7"]', "the families 7 are not there"),
        (
            "1.2.0.3",
            'type = "Full"\nfamily = "2"\npredecessor = "1"\nrequired_hotfix = "1.1.1.2"',
            "required hotfix 1.1.1.2 is no released hotfix of family 1",
        ),
        (
            "1.2.0.3",
            'type = "Full"\nfamily = "2"\npredecessor = "1"\nrequired_hotfix = "1.1.0.1"',
            "required hotfix 1.1.0.1 is no released hotfix of family 1",
        ),
    ],
)
def test_a_release_must_fit_into_the_catalogue(press: Press, version: str, more: str, says: str) -> None:
    press.publish("1.1.0.1")
    with pytest.raises(InvalidPackage, match=says):
        press.publish(version, more)
    assert len(press.repository.read().catalogue.releases) == 1


def test_a_family_may_be_reissued_under_a_second_build(press: Press) -> None:
    press.publish("1.1.0.1")
    entry = press.publish("1.1.0.2", 'type = "Full"\nfamily = "1"\nreissues = "1.1.0.1"')
    assert [family.id for family in press.repository.read().catalogue.families] == ["1"]
    assert str(entry.reissues) == "1.1.0.1"
