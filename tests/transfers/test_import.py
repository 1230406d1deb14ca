"""Imports: what an honest transfer brings, in every form; and that nothing else is brought by any."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import (
    Conflict,
    InvalidInput,
    InvalidMove,
    NoSpace,
    NotFound,
    NotPermitted,
)
from pitstop.model.packages import PackageType
from pitstop.model.releases import ReleaseStatus
from pitstop.wire.views import ImportView, NewFile, NewImport
from transfers.conftest import Pitstop, Sites
from transfers.publishers import Publisher, oem, package, platform
from transfers.system import OPERATOR, READER, System, system
from transport.repository import NOW, laid_out, new_key

FULL = "Northstar1.2402.0.8"
HOTFIX = "Northstar1.2402.1.20"


@pytest.fixture
def publisher() -> Publisher:
    return platform()


@pytest.fixture
def rack(publisher: Publisher, tmp_path: Path) -> Iterator[System]:
    """A system without a connection that knows both publishers."""
    with system(tmp_path / "state", [publisher, oem()]) as made:
        yield made


@pytest.fixture
def medium(publisher: Publisher, tmp_path: Path) -> Path:
    """The platform's whole repository on a medium."""
    return laid_out(publisher.repository.for_media(), tmp_path / "usb" / "northstar")


def codes(item: ImportView) -> list[str]:
    return [finding.code for finding in item.findings]


# --- what is brought


def test_a_repository_on_a_medium_is_imported_whole(rack: System, medium: Path) -> None:
    item = rack.handed(medium)
    assert (item.state, codes(item)) == ("succeeded", [])
    assert [(source.source, source.standing) for source in item.sources] == [("northstar", "newer")]
    assert {entry.name for entry in item.packages} == set(rack.known())
    assert all(rack.whole(name) for name in rack.known())
    assert set(rack.known().values()) == {"Ready"}


def test_what_is_known_is_known_as_of_when_the_medium_was_made(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    made = NOW - timedelta(days=30)
    rack.handed(laid_out(publisher.repository.for_media(made), tmp_path / "old"))
    (status, _) = rack.sources.statuses()
    assert status.last_checked == made


def test_a_transfer_with_two_publishers_is_imported_at_once(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    assert pitstop("download", *sites.both, "--to", tmp_path / "out", "--everything").status == 0
    with system(tmp_path / "state", [sites.platform, sites.oem]) as rack:
        item = rack.handed(tmp_path / "out")
        assert item.state == "succeeded"
        assert {source.source for source in item.sources} == {"northstar", "emberforge"}
        assert rack.whole("Emberforge2.1")
        assert rack.whole(FULL)


def test_a_publisher_that_is_not_known_is_refused_and_the_other_is_taken(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    assert pitstop("download", *sites.both, "--to", tmp_path / "out", "--everything").status == 0
    with system(tmp_path / "state", [sites.platform]) as rack:
        item = rack.handed(tmp_path / "out")
        assert (item.state, codes(item)) == ("failed", ["not-trusted"])
        assert "emberforge is of no source" in item.findings[0].what
        assert rack.whole(FULL)
        assert "Emberforge2.1" not in rack.known()


def test_a_part_of_the_site_is_enough(rack: System, publisher: Publisher, tmp_path: Path) -> None:
    files = {
        path: content
        for path, content in publisher.repository.for_media().items()
        if not path.startswith("targets/packages/") or HOTFIX in path
    }
    item = rack.handed(laid_out(files, tmp_path / "part"))
    assert (item.state, [entry.name for entry in item.packages]) == ("succeeded", [HOTFIX])
    assert rack.whole(HOTFIX)
    assert set(rack.known()) == set(publisher.packages)


def test_a_second_medium_brings_what_the_first_left_out(
    rack: System, publisher: Publisher, medium: Path, tmp_path: Path
) -> None:
    (medium / "targets" / "packages" / FULL / f"{FULL}-2.zip").unlink()
    item = rack.handed(medium)
    assert (item.state, codes(item)) == ("succeeded", ["payload-incomplete"])
    (full,) = [entry for entry in item.packages if entry.name == FULL]
    assert full.missing == (f"{FULL}-2.zip",)
    again = rack.handed(laid_out(publisher.repository.for_media(), tmp_path / "second"))
    assert (again.state, codes(again), again.sources[0].standing) == ("succeeded", [], "same")
    assert rack.whole(FULL)


def test_an_older_medium_delivers_payload_and_says_so(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    old = publisher.repository.for_media(NOW - timedelta(days=20))
    publisher.catalogue = replace(publisher.catalogue, issued=publisher.catalogue.issued + timedelta(days=1))
    publisher.release()
    newer = {
        path: content
        for path, content in publisher.repository.for_media().items()
        if not path.startswith("targets/packages/")
    }
    rack.handed(laid_out(newer, tmp_path / "newer"))
    item = rack.handed(laid_out(old, tmp_path / "old"))
    assert (item.state, item.sources[0].standing) == ("succeeded", "older")
    assert rack.whole(FULL)
    known = dict(rack.stored.catalogues.catalogues())
    assert known["northstar"] == publisher.catalogue


def test_a_medium_past_90_days_is_taken_with_a_warning(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    made = NOW - timedelta(days=100)
    item = rack.handed(laid_out(publisher.repository.for_media(made), tmp_path / "old"))
    assert (item.state, codes(item)) == ("succeeded", ["medium-old"])
    assert "100 days ago" in item.findings[0].what
    assert item.findings[0].severity == "Warning"


def test_a_medium_past_365_days_is_refused(rack: System, publisher: Publisher, tmp_path: Path) -> None:
    made = NOW - timedelta(days=366)
    files = publisher.repository.for_media(made, lasting=timedelta(days=2000))
    item = rack.handed(laid_out(files, tmp_path / "old"))
    assert (item.state, codes(item)) == ("failed", ["metadata-expired"])
    assert rack.known() == {}


def test_a_withdrawn_release_is_not_taken(rack: System, publisher: Publisher, tmp_path: Path) -> None:
    releases = tuple(
        replace(release, status=ReleaseStatus.WITHDRAWN, revision=2) if release.name == HOTFIX else release
        for release in publisher.catalogue.releases
    )
    publisher.catalogue = replace(publisher.catalogue, releases=releases)
    publisher.release()
    item = rack.handed(laid_out(publisher.repository.for_media(), tmp_path / "usb"))
    assert HOTFIX not in {entry.name for entry in item.packages}
    assert not (rack.folder / "packages" / HOTFIX).exists()


def test_a_changed_byte_is_refused_and_the_other_packages_are_taken(rack: System, medium: Path) -> None:
    victim = medium / "targets" / "packages" / HOTFIX / f"{HOTFIX}-1.zip"
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    item = rack.handed(medium)
    assert (item.state, codes(item)) == ("failed", ["digest-mismatch"])
    assert HOTFIX in item.findings[0].subject
    assert list((rack.folder / "packages" / HOTFIX / "volumes").iterdir()) == []
    assert rack.whole(FULL)


def test_a_hostile_medium_leaves_nothing_behind(rack: System, publisher: Publisher, tmp_path: Path) -> None:
    rack.handed(laid_out(publisher.repository.for_media(), tmp_path / "honest"))
    before = {name: content for name, content in rack.everything().items() if "imports/" not in name}
    publisher.repository.signers["targets"] = [new_key()]
    publisher.repository.publish()
    item = rack.handed(laid_out(publisher.repository.for_media(), tmp_path / "hostile"))
    assert (item.state, codes(item)) == ("failed", ["not-trusted"])
    after = {name: content for name, content in rack.everything().items() if "imports/" not in name}
    assert after == before


# --- volumes of a transfer


def volumes_of(sites: Sites, pitstop: Pitstop, to: Path) -> list[Path]:
    large = package(
        "1.2402.2.30", package_type=PackageType.HOTFIX, families=("2402",), size=6_000_000, volumes=2
    )
    sites.platform.release(large)
    sites.platform_site.files = sites.platform.media_site()
    call = ["download", *sites.one, "--to", to, "--everything", "--volume-size", "5M"]
    assert pitstop(*call).status == 0
    return sorted(to.iterdir())


@pytest.mark.parametrize("order", ["forwards", "backwards", "from the middle"])
def test_single_volumes_are_imported_in_any_order(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, order: str
) -> None:
    volumes = volumes_of(sites, pitstop, tmp_path / "out")
    assert len(volumes) >= 3
    if order == "backwards":
        volumes.reverse()
    elif order == "from the middle":
        volumes = volumes[2:] + volumes[:2]
    with system(tmp_path / "state", [sites.platform]) as rack:
        items = [rack.handed(volume) for volume in volumes]
        assert {item.state for item in items} == {"succeeded"}
        assert "payload-incomplete" in codes(items[0])
        assert codes(items[-1]) == []
        assert all(rack.whole(name) for name in sites.platform.packages)
        assert not list(rack.folder.rglob("*.slices*"))


def test_a_folder_of_volumes_is_imported_at_once_and_again_is_no_harm(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    volumes_of(sites, pitstop, tmp_path / "out")
    with system(tmp_path / "state", [sites.platform]) as rack:
        assert rack.handed(tmp_path / "out").state == "succeeded"
        assert all(rack.whole(name) for name in sites.platform.packages)
        assert rack.handed(tmp_path / "out").state == "succeeded"


def test_a_slice_that_was_damaged_is_refused_and_comes_again(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    volumes = volumes_of(sites, pitstop, tmp_path / "out")
    good = volumes[1].read_bytes()
    at = len(good) // 2
    volumes[1].write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    with system(tmp_path / "state", [sites.platform]) as rack:
        items = [rack.handed(volume) for volume in volumes]
        assert items[1].state == "failed"
        assert codes(items[1])[0] == "digest-mismatch"
        volumes[1].write_bytes(good)
        assert rack.handed(volumes[1]).state == "succeeded"
        assert all(rack.whole(name) for name in sites.platform.packages)


# --- loose file sets


def loose(publisher: Publisher, folder: Path, name: str = HOTFIX, xml: str = "Metadata.xml") -> Path:
    """A package's files, as an operator got them from somewhere."""
    folder.mkdir(parents=True)
    for file, content in publisher.packages[name].files.items():
        (folder / (xml if file == "Metadata.xml" else file)).write_bytes(content)
    return folder


def without_payload(publisher: Publisher) -> dict[str, bytes]:
    return {
        path: content
        for path, content in publisher.repository.for_media().items()
        if not path.startswith("targets/packages/")
    }


@pytest.mark.parametrize("xml", ["Metadata.xml", f"{HOTFIX}.xml"])
@pytest.mark.parametrize("named", ["folder", "file"])
def test_a_loose_set_whose_xml_a_known_publisher_has_signed_is_taken(
    rack: System, publisher: Publisher, tmp_path: Path, xml: str, named: str
) -> None:
    rack.handed(laid_out(without_payload(publisher), tmp_path / "metadata"))
    folder = loose(publisher, tmp_path / "set", xml=xml)
    item = rack.handed(folder if named == "folder" else folder / xml)
    assert (item.state, [entry.name for entry in item.packages]) == ("succeeded", [HOTFIX])
    assert rack.whole(HOTFIX)


def test_a_loose_set_that_nobody_has_signed_is_refused_unread(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    rack.handed(laid_out(without_payload(publisher), tmp_path / "metadata"))
    folder = loose(publisher, tmp_path / "set")
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
    for content in (bomb, (folder / "Metadata.xml").read_bytes() + b" "):
        (folder / "Metadata.xml").write_bytes(content)
        item = rack.handed(folder)
        assert (item.state, codes(item)) == ("failed", ["not-trusted"])
        assert "no known publisher has signed Metadata.xml" in item.findings[0].what


def test_a_loose_set_of_a_system_that_knows_nothing_yet_is_refused(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    item = rack.handed(loose(publisher, tmp_path / "set"))
    assert (item.state, codes(item)) == ("failed", ["not-trusted"])
    assert "newest transfer first" in item.findings[0].remedy


def test_a_loose_set_judged_by_what_is_too_old_is_refused(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    rack.handed(laid_out(without_payload(publisher), tmp_path / "metadata"))
    rack.clock.ahead = timedelta(days=366)
    item = rack.handed(loose(publisher, tmp_path / "set"))
    assert (item.state, codes(item)) == ("failed", ["metadata-expired"])


@pytest.mark.parametrize(
    ("file", "code"),
    [(f"{HOTFIX}-1.zip", "digest-mismatch"), ("plan.json", "digest-mismatch")],
)
def test_a_changed_file_of_a_loose_set_is_refused(
    rack: System, publisher: Publisher, tmp_path: Path, file: str, code: str
) -> None:
    rack.handed(laid_out(without_payload(publisher), tmp_path / "metadata"))
    folder = loose(publisher, tmp_path / "set")
    (folder / file).write_bytes((folder / file).read_bytes()[:-1] + b"x")
    item = rack.handed(folder)
    assert (item.state, codes(item)) == ("failed", [code])


def test_a_loose_set_without_its_plan_says_what_is_lacking(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    rack.handed(laid_out(without_payload(publisher), tmp_path / "metadata"))
    folder = loose(publisher, tmp_path / "set")
    (folder / "plan.json").unlink()
    item = rack.handed(folder)
    assert (item.state, "plan.json" in item.findings[0].what) == ("failed", True)


def test_a_loose_set_of_another_publisher_is_not_taken_for_this_one(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    rack.handed(laid_out(without_payload(publisher), tmp_path / "metadata"))
    folder = loose(oem(), tmp_path / "set", "Emberforge2.1")
    item = rack.handed(folder)
    assert (item.state, codes(item)) == ("failed", ["not-trusted"])


# --- handing over


def test_an_upload_goes_on_where_it_was_and_leaves_nothing_behind(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    files = publisher.repository.for_media()
    wanted = tuple(NewFile(name=name, size=len(content)) for name, content in files.items())
    item = rack.imports.begin(OPERATOR, NewImport(name="usb", files=wanted))
    for number, (name, content) in enumerate(files.items()):
        half = len(content) // 2
        assert rack.imports.receive(OPERATOR, item.id, number, 0, content[:half]) == half
        with pytest.raises(Conflict, match=f"{name} is here up to byte {half}"):
            rack.imports.receive(OPERATOR, item.id, number, 0, content)
        with pytest.raises(InvalidInput, match="and more came"):
            rack.imports.receive(OPERATOR, item.id, number, half, content[half:] + b"x")
    with pytest.raises(Conflict, match="is not whole yet"):
        rack.imports.finish(OPERATOR, item.id)
    for number, content in enumerate(files.values()):
        half = rack.imports.show(OPERATOR, item.id).files[number].received
        rack.imports.receive(OPERATOR, item.id, number, half, content[half:])
    rack.imports.finish(OPERATOR, item.id)
    ended = rack.imports.show(OPERATOR, item.id)
    assert (ended.state, ended.kept) == ("succeeded", False)
    assert rack.whole(FULL)
    assert not (rack.folder / "imports" / item.id / "files").exists()
    with pytest.raises(InvalidMove):
        rack.imports.finish(OPERATOR, item.id)


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "a/../b", "", "a//b", "a\\b", "a\0b", "./a", "x" * 300],
)
def test_names_that_lead_elsewhere_are_refused_before_the_first_byte(rack: System, name: str) -> None:
    wanted = NewImport(name="usb", files=(NewFile(name=name, size=1),))
    with pytest.raises(InvalidInput):
        rack.imports.begin(OPERATOR, wanted)
    assert rack.imports.list(OPERATOR) == ()


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("ß", "SS")])
def test_names_that_clash_are_refused(rack: System, names: tuple[str, str]) -> None:
    files = tuple(NewFile(name=name, size=1) for name in names)
    with pytest.raises(InvalidInput):
        rack.imports.begin(OPERATOR, NewImport(name="usb", files=files))


def test_too_many_files_and_sizes_below_zero_are_refused(rack: System) -> None:
    many = tuple(NewFile(name=f"f{number}", size=0) for number in range(20_001))
    with pytest.raises(InvalidInput, match="at most 20000"):
        rack.imports.begin(OPERATOR, NewImport(name="usb", files=many))
    with pytest.raises(InvalidInput, match="below zero"):
        rack.imports.begin(OPERATOR, NewImport(name="usb", files=(NewFile(name="f", size=-1),)))


def test_free_space_is_looked_at_before_the_first_byte(publisher: Publisher, tmp_path: Path) -> None:
    with system(tmp_path / "state", [publisher], free=lambda _folder: 1 << 30) as rack:
        wanted = NewImport(name="usb", files=(NewFile(name="f", size=1 << 30),))
        with pytest.raises(NoSpace, match="taking in 1073741824 bytes needs"):
            rack.imports.begin(OPERATOR, wanted)
        assert rack.imports.list(OPERATOR) == ()


def test_without_room_for_the_payload_the_upload_is_kept_for_another_try(
    publisher: Publisher, tmp_path: Path
) -> None:
    room = [1 << 40]
    files = publisher.repository.for_media()
    with system(tmp_path / "state", [publisher], free=lambda _folder: room[0]) as rack:
        wanted = tuple(NewFile(name=name, size=len(content)) for name, content in files.items())
        item = rack.imports.begin(OPERATOR, NewImport(name="usb", files=wanted))
        for number, content in enumerate(files.values()):
            rack.imports.receive(OPERATOR, item.id, number, 0, content)
        room[0] = 1000
        rack.imports.finish(OPERATOR, item.id)
        failed = rack.imports.show(OPERATOR, item.id)
        assert (failed.state, failed.kept, set(codes(failed))) == ("failed", True, {"no-space"})
        room[0] = 1 << 40
        rack.imports.finish(OPERATOR, item.id)
        assert rack.imports.show(OPERATOR, item.id).state == "succeeded"
        assert rack.whole(FULL)


def test_after_a_restart_what_was_handed_over_is_gone_on_with(
    publisher: Publisher, medium: Path, tmp_path: Path
) -> None:
    with system(tmp_path / "state", [publisher]) as rack:
        rack.jobs.held = True
        item = rack.imports.begin(OPERATOR, NewImport(path=str(medium)))
        assert item.state == "waiting"
    with system(tmp_path / "state", [publisher]) as rack:
        assert rack.imports.unfinished() == (item.id,)
        rack.imports.do(item.id)
        assert rack.imports.show(OPERATOR, item.id).state == "succeeded"


def test_a_form_cannot_go_on_after_a_restart_and_leaves_nothing(publisher: Publisher, tmp_path: Path) -> None:
    with system(tmp_path / "state", [publisher]) as rack:
        item = rack.imports.begin_form(OPERATOR, "usb", 100)
        rack.imports.receive_named(OPERATOR, item.id, "usb/a.bin", b"abc")
    with system(tmp_path / "state", [publisher]) as rack:
        rack.imports.drop_broken()
        assert rack.imports.list(OPERATOR) == ()
        assert list((rack.folder / "imports").iterdir()) == []


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "", "A.BIN", "a.bin/b", "a\x00b"])
def test_a_form_cannot_name_what_an_announced_upload_could_not(rack: System, name: str) -> None:
    item = rack.imports.begin_form(OPERATOR, "usb", 100)
    rack.imports.receive_named(OPERATOR, item.id, "a.bin", b"abc")
    before = rack.everything()
    with pytest.raises(InvalidInput):
        rack.imports.receive_named(OPERATOR, item.id, name, b"x")
    assert rack.everything() == before


def test_a_form_that_does_not_fit_is_refused_before_the_first_byte(
    publisher: Publisher, tmp_path: Path
) -> None:
    with system(tmp_path / "state", [publisher], free=lambda _folder: 1 << 30) as rack:
        with pytest.raises(NoSpace, match="taking in 1073741824 bytes needs"):
            rack.imports.begin_form(OPERATOR, "usb", 1 << 30)
        assert rack.imports.list(OPERATOR) == ()


def test_an_announced_upload_takes_no_further_files(rack: System) -> None:
    item = rack.imports.begin(OPERATOR, NewImport(name="usb", files=(NewFile(name="f", size=10),)))
    with pytest.raises(Conflict, match="were all named"):
        rack.imports.receive_named(OPERATOR, item.id, "g", b"x")


def test_files_without_bytes_are_here_at_once(rack: System) -> None:
    files = (NewFile(name="usb/empty", size=0), NewFile(name="usb/f", size=10))
    item = rack.imports.begin(OPERATOR, NewImport(name="usb", files=files))
    assert (rack.folder / "imports" / item.id / "files" / "usb" / "empty").is_file()


@pytest.mark.parametrize(
    ("path", "error"), [("relative", InvalidInput), ("/nowhere/at/all", NotFound), ("{empty}", NotFound)]
)
def test_a_path_with_nothing_to_import_is_said_at_once(
    rack: System, tmp_path: Path, path: str, error: type[Exception]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(error):
        rack.imports.begin(OPERATOR, NewImport(path=path.format(empty=tmp_path / "empty")))
    assert rack.imports.list(OPERATOR) == ()


def test_readers_see_and_operators_import(rack: System, medium: Path) -> None:
    with pytest.raises(NotPermitted):
        rack.imports.begin(READER, NewImport(path=str(medium)))
    item = rack.handed(medium)
    assert rack.imports.list(READER) == (item,)
    with pytest.raises(NotPermitted):
        rack.imports.discard(READER, item.id)
    rack.imports.discard(OPERATOR, item.id)
    assert rack.imports.list(READER) == ()
    assert rack.whole(FULL)


def test_uploads_that_nobody_goes_on_with_are_removed(rack: System) -> None:
    files = (NewFile(name="f", size=10),)
    item = rack.imports.begin(OPERATOR, NewImport(name="usb", files=files))
    rack.imports.receive(OPERATOR, item.id, 0, 0, b"12345")
    rack.clock.ahead = timedelta(days=1)
    rack.imports.tidy()
    assert rack.imports.show(OPERATOR, item.id).files[0].received == 5
    rack.clock.ahead = timedelta(days=3)
    rack.imports.tidy()
    assert rack.imports.list(OPERATOR) == ()
    assert list((rack.folder / "imports").iterdir()) == []


def test_an_import_that_breaks_ends_as_failed(
    rack: System, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(rack.stored.payloads), "volume", lambda *_: 1 / 0)
    item = rack.handed(medium)
    assert (item.state, codes(item)) == ("failed", ["internal-error"])
    assert "ZeroDivisionError" in item.findings[0].what


# --- the watched folder


def test_what_is_put_into_the_watched_folder_is_imported_once_it_stands_still(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    marks = rack.imports.look_into(inbox, {})
    place = laid_out(publisher.repository.for_media(), inbox / "usb")
    marks = rack.imports.look_into(inbox, marks)
    (place / "late").write_bytes(b"still coming")
    marks = rack.imports.look_into(inbox, marks)
    assert rack.imports.list(OPERATOR) == ()
    for _ in range(3):
        marks = rack.imports.look_into(inbox, marks)
    (item,) = rack.imports.list(OPERATOR)
    assert (item.handed, item.state) == ("watched", "succeeded")
    shutil.rmtree(place)
    rack.imports.look_into(inbox, marks)
    assert rack.imports.list(OPERATOR) == ()


def test_what_is_refused_in_the_watched_folder_is_an_alert(
    rack: System, publisher: Publisher, tmp_path: Path
) -> None:
    publisher.repository.signers["snapshot"] = [new_key()]
    publisher.repository.publish()
    inbox = tmp_path / "inbox"
    laid_out(publisher.repository.for_media(), inbox / "usb")
    (inbox / "notes.txt").write_text("nothing to import")
    marks: dict[str, str] = {}
    for _ in range(3):
        marks = rack.imports.look_into(inbox, marks)
    (alert,) = rack.stored.alerts.alerts(active_only=True)
    assert alert.finding.code == "not-trusted"


def test_a_watched_folder_that_is_not_there_is_no_crash(rack: System, tmp_path: Path) -> None:
    assert rack.imports.look_into(tmp_path / "nowhere", {}) == {}
