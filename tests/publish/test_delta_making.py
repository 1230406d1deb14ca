"""Deltas from the publisher's desk: made from what is on the site, checked, and signed with the release."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pitstop.cli.publish import app
from pitstop.model.errors import InvalidPackage, NotFound, TrustError
from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.delta_format import DeltaReader, Listed
from pitstop.package.delta_names import delta_name
from pitstop.package.delta_patches import STRETCH
from pitstop.package.manifest_format import read_manifest
from pitstop.package.site_layout import package_target
from pitstop.publish.building import BuiltPackage, build, plan_kinds
from pitstop.publish.delta_base import Base, base_on_site
from pitstop.publish.delta_making import Hop, write_delta
from pitstop.publish.delta_wishes import DeltaWishes
from pitstop.publish.releasing import files_of, read_built
from publish.press import Press

ONE, TWO = "1.2601.0.1", "1.2602.0.1"
SECOND = 'type = "Full"\nfamily = "2"\npredecessor = "1"'
TEXT = hashlib.shake_256(b"text").hexdigest(20_000)
CHANGED = TEXT.replace("abc", "cba")
NAME = delta_name(f"Northstar{TWO}", f"Northstar{ONE}")


@pytest.fixture
def first(press: Press) -> Press:
    """A publisher with one release on its site."""
    press.release(press.build(press.source(ONE, text=TEXT)))
    return press


def build_second(
    press: Press, *wishes: str, text: str = CHANGED, said: list[str] | None = None
) -> BuiltPackage:
    source = press.source(TWO, SECOND, text=text)
    say = (said if said is not None else []).append
    deltas = DeltaWishes(press.repository, wishes, say, lambda: lambda _done, _in_all: None)
    return build(source, press.work / "built", press.settings, plan_kinds(), deltas=deltas)


def listed(built: BuiltPackage) -> Listed:
    manifest = read_manifest((built.package_folder / "manifest.json").read_bytes())
    return Listed(built.metadata.name, manifest, built.metadata.manifest_sha256)


@pytest.mark.parametrize("release", [ONE, f"Northstar{ONE}"])
def test_a_delta_makes_what_is_new_out_of_what_is_on_the_site(first: Press, release: str) -> None:
    said: list[str] = []
    built = build_second(first, release, said=said)
    (delta,) = built.deltas
    assert delta.name == NAME
    assert delta.stat().st_size < built.metadata.size / 3
    sizes = f"has {delta.stat().st_size} bytes, the volumes have {built.metadata.size}"
    assert said[-1] == f"The delta from Northstar{ONE} {sizes}."
    with base_on_site(first.repository, ONE, first.work) as base, delta.open("rb") as source:
        reader = DeltaReader(source, listed(built), base.listed)
        made = {stretch.file.path: new for stretch, new in reader.made(base.read, lambda _file: True)}
    assert made == {"opt/greeting.txt": CHANGED.encode()}
    assert not list(first.work.glob(".delta-base*"))
    assert [path.name for path in built.folder.iterdir() if path.name.startswith(".")] == []


def test_the_delta_is_signed_with_the_release(first: Press) -> None:
    built = build_second(first, ONE)
    first.release(read_built(built.folder))
    target = first.repository.read().targets[package_target(f"Northstar{TWO}", NAME)]
    assert target.length == built.deltas[0].stat().st_size
    assert package_target(f"Northstar{TWO}", NAME) in files_of(built)


def test_one_that_is_no_smaller_than_the_volumes_is_not_kept(first: Press) -> None:
    said: list[str] = []
    built = build_second(first, ONE, text="short", said=said)
    assert built.deltas == []
    assert "no smaller than the volumes" in said[-1]


def test_the_same_gives_the_same_bytes_with_any_number_of_threads(first: Press) -> None:
    built = build_second(first)
    sources = {file.path: file for file in listed(built).manifest.files}
    content = first.work / "sources" / TWO / "content"
    made = []
    with base_on_site(first.repository, ONE, first.work) as base:
        hop = Hop(base, listed(built), lambda file: (content / sources[file.path].path).open("rb"))
        for threads in (1, 2, 5):
            made.append(write_delta(first.work / str(threads), hop, threads=threads).read_bytes())
    assert made[0] == made[1] == made[2]


def test_progress_is_told_in_bytes_of_content(first: Press) -> None:
    built = build_second(first)
    content = first.work / "sources" / TWO / "content"
    told: list[tuple[int, int]] = []
    with base_on_site(first.repository, ONE, first.work) as base:
        hop = Hop(base, listed(built), lambda file: (content / file.path).open("rb"))
        write_delta(first.work / "out", hop, lambda done, in_all: told.append((done, in_all)))
    assert told[-1] == (len(CHANGED), len(CHANGED))


def test_content_that_changes_meanwhile_gives_no_delta(first: Press) -> None:
    built = build_second(first)
    (first.work / "sources" / TWO / "content" / "opt" / "greeting.txt").write_text(TEXT[:-1] + "!")
    content = first.work / "sources" / TWO / "content"
    with base_on_site(first.repository, ONE, first.work) as base:
        hop = Hop(base, listed(built), lambda file: (content / file.path).open("rb"))
        with pytest.raises(InvalidPackage):
            write_delta(first.work / "out", hop)
    assert list((first.work / "out").iterdir()) == []


def test_a_release_that_is_not_there_is_no_base(first: Press) -> None:
    with pytest.raises(NotFound, match=r"no release 1\.2512\.0\.1"):
        build_second(first, "1.2512.0.1")
    assert not (first.work / "built" / f"Northstar{TWO}").exists()


def test_a_base_that_was_changed_on_the_site_is_refused(first: Press) -> None:
    site = first.settings.site_folder / "targets"
    volume = site / package_target(f"Northstar{ONE}", f"Northstar{ONE}-1.zip")
    volume.write_bytes(volume.read_bytes()[:-1] + b"!")
    with pytest.raises(TrustError, match="not as it was signed"):
        build_second(first, ONE)


def test_a_damaged_delta_is_not_released(first: Press) -> None:
    built = build_second(first, ONE)
    raw = bytearray(built.deltas[0].read_bytes())
    raw[len(raw) // 2] ^= 1
    built.deltas[0].write_bytes(raw)
    with pytest.raises(InvalidPackage, match="no whole delta"):
        read_built(built.folder)


def test_another_packages_delta_is_not_released(first: Press) -> None:
    built = build_second(first, ONE)
    built.deltas[0].rename(built.deltas[0].with_name("Moon1.0-from-Northstar1.0.delta"))
    with pytest.raises(InvalidPackage, match="no whole delta"):
        read_built(built.folder)


def test_the_command_makes_them(first: Press) -> None:
    source, out = first.source(TWO, SECOND, text=CHANGED), first.work / "out"
    words = ["build", source, "--publisher", first.settings.folder, "--out", out, "--delta-from", ONE]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0
    assert f"Making the delta from Northstar{ONE} ..." in done.stderr
    assert (out / f"Northstar{TWO}" / "deltas" / NAME).is_file()


def test_a_large_file_goes_in_stretches(tmp_path: Path) -> None:
    """More than one patch can make: few bytes, whatever it holds, and read back right."""
    mark = hashlib.shake_256(b"mark").digest(100_000)
    old, new = tmp_path / "old", tmp_path / "new"
    with old.open("wb") as to:
        to.truncate(STRETCH + 5000)
        to.write(mark)
    with new.open("wb") as to:
        to.truncate(STRETCH + 9000)
        to.seek(STRETCH - 30_000)
        to.write(mark)

    def described(package: str, path: Path) -> Listed:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        file = ContentFile("disk", 0o644, path.stat().st_size, digest)
        return Listed(package, Manifest((file,)), digest)

    base = Base(described("N1", old), lambda _file: old)
    hop = Hop(base, described("N2", new), lambda _file: new.open("rb"))
    delta = write_delta(tmp_path / "out", hop)
    with delta.open("rb") as source:
        assert [stretch.size for stretch in DeltaReader(source, hop.package, base.listed).stretches] == [
            STRETCH,
            new.stat().st_size - STRETCH,
        ]
    assert delta.stat().st_size < 20_000
