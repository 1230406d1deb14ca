"""The files of packages: documents that belong together, and content that is what was signed."""

from __future__ import annotations

import errno
import io
import struct
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitstop.model.errors import (
    DigestMismatch,
    InvalidPackage,
    InvalidPlan,
    NoSpace,
    NotFound,
    PitstopError,
    StateUnusable,
)
from pitstop.model.packages import Manifest
from pitstop.package.fileset import MANIFEST, METADATA, PLAN
from pitstop.store.durable import translated
from pitstop.store.payloads import SPARE_BYTES, FilePayloads
from store.packages import CONTENT, Package, carrier, content_file, digest, manifest_of, package

LINK = 0o120777


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def payloads(state: Path) -> FilePayloads:
    return FilePayloads(state)


def hold(payloads: FilePayloads, made: Package) -> None:
    """Put documents and volumes where they belong."""
    payloads.put_documents(made.name, made.documents)
    for name, raw in made.volumes.items():
        payloads.volume(made.name, name).write_bytes(raw)


def silent(_done: int, _in_all: int) -> None:
    pass


def unpacked(payloads: FilePayloads, made: Package) -> None:
    hold(payloads, made)
    payloads.unpack(made.name, silent)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def rewritten(raw: bytes, change: Callable[[zipfile.ZipFile], None]) -> bytes:
    """The volume with further entries."""
    to = io.BytesIO(raw)
    with zipfile.ZipFile(to, "a") as archive:
        change(archive)
    return to.getvalue()


class TestDocuments:
    def test_are_read_back_as_values(self, payloads: FilePayloads) -> None:
        made = package()
        payloads.put_documents(made.name, made.documents)
        assert payloads.metadata(made.name) == made.metadata
        assert payloads.manifest(made.name) == made.manifest
        assert payloads.plan(made.name) == made.plan
        assert payloads.document(made.name, PLAN) == made.documents[PLAN]

    def test_again_is_no_harm_and_keeps_the_volumes(self, payloads: FilePayloads) -> None:
        made = package()
        hold(payloads, made)
        payloads.put_documents(made.name, made.documents)
        (name,) = made.volumes
        assert payloads.volume(made.name, name).read_bytes() == made.volumes[name]

    def test_others_take_their_place_and_that_of_their_volumes(self, payloads: FilePayloads) -> None:
        hold(payloads, package())
        other = package(content={"a": b"new"})
        payloads.put_documents(other.name, other.documents)
        assert payloads.manifest(other.name) == other.manifest
        (name,) = other.volumes
        assert not payloads.volume(other.name, name).exists()

    def test_notes_may_come_with_them_and_be_renewed(self, payloads: FilePayloads, state: Path) -> None:
        made = package()
        hold(payloads, made)
        for text in (b"# One", b"# Two"):
            payloads.put_documents(made.name, {**made.documents, "notes.md": text})
            assert payloads.document(made.name, "notes.md") == text
        (name,) = made.volumes
        assert payloads.volume(made.name, name).exists()
        assert files_in(state / "incoming") == []

    @pytest.mark.parametrize(
        "name", ["other.json", "volumes", "../x/plan.json", "/etc/passwd", "", "plan.json/"]
    )
    def test_what_is_not_here_is_not_found(self, payloads: FilePayloads, name: str) -> None:
        made = package()
        payloads.put_documents(made.name, made.documents)
        with pytest.raises(NotFound, match=made.name):
            payloads.document(made.name, name)
        with pytest.raises(NotFound, match="Nothing"):
            payloads.metadata("Nothing")

    @pytest.mark.parametrize("name", ["..", "../Star1", "a/b", "", "Star\0", ".hidden", "Star..1"])
    def test_a_name_that_leads_elsewhere_is_refused(self, payloads: FilePayloads, name: str) -> None:
        made = package()
        for call in (
            lambda: payloads.put_documents(name, made.documents),
            lambda: payloads.document(name, PLAN),
            lambda: payloads.volume(name, f"{name}-1.zip"),
            lambda: payloads.discard(name),
        ):
            with pytest.raises(InvalidPackage):
                call()

    @pytest.mark.parametrize(
        "name", ["../../x.zip", "Star1.2311.0.5-1.exe", "Star1.2311.0.5-0.zip", "plan.json"]
    )
    def test_a_volume_is_named_as_one(self, payloads: FilePayloads, name: str) -> None:
        with pytest.raises(InvalidPackage, match="volume"):
            payloads.volume("Star1.2311.0.5", name)

    def test_must_belong_together(self, payloads: FilePayloads, state: Path) -> None:
        made, other = package(), package(content={"a": b"b"})
        for changed, error in (
            ({MANIFEST: other.documents[MANIFEST]}, DigestMismatch),
            ({PLAN: made.documents[PLAN] + b" "}, DigestMismatch),
            ({METADATA: b"<x/>"}, InvalidPackage),
            ({METADATA: package("1.2311.0.6").documents[METADATA]}, InvalidPackage),
            ({"volumes": b"x"}, InvalidPackage),
            ({"../x.md": b"x"}, InvalidPackage),
        ):
            with pytest.raises(error):
                payloads.put_documents(made.name, {**made.documents, **changed})
        with pytest.raises(InvalidPackage, match=PLAN):
            payloads.put_documents(made.name, {METADATA: b"", MANIFEST: b""})
        assert files_in(state) == []

    def test_signed_but_not_of_the_format_is_refused(self, payloads: FilePayloads) -> None:
        made = package()
        bad = b'{"format": 99}'
        metadata = made.documents[METADATA].replace(
            digest(made.documents[PLAN]).encode(), digest(bad).encode()
        )
        with pytest.raises(InvalidPlan):
            payloads.put_documents(made.name, {**made.documents, METADATA: metadata, PLAN: bad})

    def test_changed_on_the_disk_are_refused_when_read(self, payloads: FilePayloads, state: Path) -> None:
        made = package()
        payloads.put_documents(made.name, made.documents)
        for name, read in ((PLAN, payloads.plan), (MANIFEST, payloads.manifest)):
            (state / "packages" / made.name / name).write_bytes(b"{}")
            with pytest.raises(DigestMismatch, match=name):
                read(made.name)
        payloads.put_documents(made.name, made.documents)
        assert payloads.plan(made.name) == made.plan

    def test_left_over_from_a_crash_go_at_the_next_start(self, state: Path) -> None:
        (state / "incoming" / "abc").mkdir(parents=True)
        (state / "incoming" / "abc" / PLAN).write_bytes(b"half")
        FilePayloads(state)
        assert list((state / "incoming").iterdir()) == []


class TestUnpacking:
    def test_content_is_there_by_digest(self, payloads: FilePayloads, state: Path) -> None:
        made = package()
        hold(payloads, made)
        assert payloads.missing_content(made.name) == list(made.manifest.files)
        payloads.unpack(made.name, silent)
        assert payloads.missing_content(made.name) == []
        for file in made.manifest.files:
            assert payloads.content(file).read_bytes() == CONTENT[file.path]
        assert len(files_in(state / "content")) == 2  # two of the three files have the same content
        assert files_in(state / "incoming") == []

    def test_progress_counts_bytes_to_the_end(self, payloads: FilePayloads) -> None:
        made = package(content={"a": bytes(3_000_000), "b": b"b" * 10})
        hold(payloads, made)
        seen: list[tuple[int, int]] = []
        payloads.unpack(made.name, lambda done, of: seen.append((done, of)))
        assert seen[-1] == (3_000_010, 3_000_010)
        assert seen == sorted(seen)
        assert len(seen) > 3

    def test_an_empty_file_is_content_too(self, payloads: FilePayloads) -> None:
        made = package(content={"empty": b"", "a": b"a"})
        unpacked(payloads, made)
        empty = made.manifest.file("empty")
        assert empty is not None
        assert payloads.content(empty).read_bytes() == b""

    def test_what_is_here_already_is_not_unpacked_again(self, payloads: FilePayloads) -> None:
        unpacked(payloads, package())
        more = package("1.2311.0.6", content={**CONTENT, "new": b"new"}, volumes=[carrier({"new": b"new"})])
        hold(payloads, more)
        assert [file.path for file in payloads.missing_content(more.name)] == ["new"]
        payloads.unpack(more.name, silent)
        assert payloads.missing_content(more.name) == []
        (volume,) = more.volumes
        payloads.volume(more.name, volume).unlink()
        payloads.unpack(more.name, silent)

    def test_content_may_lie_in_several_volumes(self, payloads: FilePayloads) -> None:
        volumes = [carrier({path: raw}) for path, raw in CONTENT.items()]
        made = package(volumes=volumes)
        unpacked(payloads, made)
        assert payloads.missing_content(made.name) == []

    def test_what_is_not_here_is_not_found(self, payloads: FilePayloads) -> None:
        with pytest.raises(NotFound, match="some/file"):
            payloads.content(content_file("some/file", b"never seen"))

    def test_content_cut_short_on_the_disk_counts_as_missing(self, payloads: FilePayloads) -> None:
        made = package()
        unpacked(payloads, made)
        file = made.manifest.files[0]
        path = payloads.content(file)
        path.chmod(0o644)
        path.write_bytes(b"short")
        assert payloads.missing_content(made.name) == [file]
        payloads.unpack(made.name, silent)
        assert payloads.content(file).read_bytes() == CONTENT[file.path]

    def test_content_that_was_changed_on_the_disk_is_dropped_and_unpacked_anew(
        self, payloads: FilePayloads
    ) -> None:
        made = package()
        unpacked(payloads, made)
        changed = made.manifest.files[0]
        path = payloads.content(changed)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[::-1])
        assert payloads.missing_content(made.name) == [], (
            "of the same length: it takes a whole reading to see it"
        )
        assert payloads.drop_damaged(made.manifest.files) == [changed]
        assert payloads.missing_content(made.name) == [changed]
        payloads.unpack(made.name, silent)
        assert payloads.drop_damaged(made.manifest.files) == []
        assert payloads.content(changed).read_bytes() == CONTENT[changed.path]

    def test_another_package_does_not_wait_for_an_unpacking_but_for_a_discarding(
        self, payloads: FilePayloads
    ) -> None:
        one, two, three = package(), package("1.2311.0.6"), package("1.2311.0.7")
        hold(payloads, one)
        going, release = threading.Event(), threading.Event()

        def slow(_done: int, _in_all: int) -> None:
            going.set()
            release.wait(20)

        with ThreadPoolExecutor(3) as pool:
            try:
                unpacking = pool.submit(payloads.unpack, one.name, slow)
                assert going.wait(20)
                pool.submit(payloads.put_documents, two.name, two.documents).result(20)
                discarding = pool.submit(payloads.discard, two.name)
                pool.submit(payloads.put_documents, three.name, three.documents).result(20)
                assert not unpacking.done()
                assert not discarding.done(), "what is just being unpacked must not be cleared away"
            finally:
                release.set()
            discarding.result(20)
            unpacking.result(20)
        assert payloads.missing_content(one.name) == []

    def test_two_at_once_wait_for_each_other(self, payloads: FilePayloads) -> None:
        made = package(content={str(number): bytes([number]) * 1000 for number in range(40)})
        hold(payloads, made)
        failures: list[BaseException] = []

        def work() -> None:
            try:
                payloads.unpack(made.name, silent)
            except BaseException as error:  # handed to the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert payloads.missing_content(made.name) == []


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


GOOD = carrier(CONTENT)
WITHOUT_ONE = carrier({path: raw for path, raw in CONTENT.items() if path != "etc/star.conf"})
CONF = CONTENT["etc/star.conf"]
HOSTILE: dict[str, tuple[list[bytes], type[PitstopError]]] = {
    "not in the manifest": (
        [rewritten(GOOD, lambda archive: archive.writestr(entry("extra"), b"x"))],
        InvalidPackage,
    ),
    "leads out of the folder": (
        [rewritten(GOOD, lambda archive: archive.writestr(entry("../../etc/passwd"), b"x"))],
        InvalidPackage,
    ),
    "absolute": (
        [rewritten(GOOD, lambda archive: archive.writestr(entry("/etc/passwd"), b"x"))],
        InvalidPackage,
    ),
    "differs in case": (
        [rewritten(GOOD, lambda archive: archive.writestr(entry("BIN/star"), CONTENT["bin/star"]))],
        InvalidPackage,
    ),
    "a folder": ([rewritten(GOOD, lambda archive: archive.mkdir("bin2"))], InvalidPackage),
    "a link": (
        [rewritten(WITHOUT_ONE, lambda archive: archive.writestr(entry("etc/star.conf", LINK), CONF))],
        InvalidPackage,
    ),
    "a device": (
        [rewritten(WITHOUT_ONE, lambda archive: archive.writestr(entry("etc/star.conf", 0o020666), CONF))],
        InvalidPackage,
    ),
    "other bytes of the same size": (
        [carrier({**CONTENT, "etc/star.conf": CONF.replace(b"1", b"2")})],
        DigestMismatch,
    ),
    "longer": ([carrier({**CONTENT, "etc/star.conf": CONF + b"x"})], InvalidPackage),
    "a file is missing": ([carrier({"bin/star": CONTENT["bin/star"]})], InvalidPackage),
    "no archive": ([b"no archive"], InvalidPackage),
    "empty": ([b""], InvalidPackage),
    "no volumes": ([], InvalidPackage),
    "the second is damaged": (
        [carrier({"bin/star": CONTENT["bin/star"]}), b"PK\3\4 damaged"],
        InvalidPackage,
    ),
    "cut off": ([GOOD[:-30]], InvalidPackage),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_volume_is_refused_and_leaves_nothing(
    payloads: FilePayloads, state: Path, what: str
) -> None:
    volumes, error = HOSTILE[what]
    made = package(volumes=volumes)
    hold(payloads, made)
    before = files_in(state)
    with pytest.raises(error) as caught:
        payloads.unpack(made.name, silent)
    assert caught.value.hint
    assert files_in(state) == before
    assert payloads.missing_content(made.name) == list(made.manifest.files)


def test_the_same_entry_twice_is_refused(payloads: FilePayloads) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        raw = rewritten(GOOD, lambda archive: archive.writestr(entry("bin/star"), CONTENT["bin/star"]))
    made = package(volumes=[raw])
    hold(payloads, made)
    with pytest.raises(InvalidPackage, match="bin/star"):
        payloads.unpack(made.name, silent)


def test_an_entry_that_unpacks_to_more_than_it_says_is_not_read_to_its_end(
    payloads: FilePayloads, state: Path
) -> None:
    bomb = carrier({"a": bytes(5_000_000)})
    # Both the local header and the directory say four bytes.
    for at in (bomb.index(b"PK\3\4") + 22, bomb.index(b"PK\1\2") + 24):
        bomb = bomb[:at] + struct.pack("<I", 4) + bomb[at + 4 :]
    made = package(content={"a": bytes(4)}, volumes=[bomb])
    hold(payloads, made)
    seen: list[int] = []
    with pytest.raises((InvalidPackage, DigestMismatch)):
        payloads.unpack(made.name, lambda done, _of: seen.append(done))
    assert max(seen, default=0) <= 5
    assert files_in(state / "content") == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_volume_gets_through(payloads: FilePayloads, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    raw = bytearray(GOOD)
    raw[at] ^= data.draw(st.integers(1, 255))
    made = package(volumes=[bytes(raw)])
    hold(payloads, made)
    try:
        payloads.unpack(made.name, silent)
    except (InvalidPackage, DigestMismatch):
        assert payloads.missing_content(made.name) == list(made.manifest.files)
    else:
        for file in made.manifest.files:
            assert payloads.content(file).read_bytes() == CONTENT[file.path]
    finally:
        payloads.discard(made.name)


def test_one_digest_with_two_sizes_is_refused(payloads: FilePayloads, state: Path) -> None:
    good = manifest_of({"a": b"one", "b": b"one"})
    made = package(
        content={"a": b"one", "b": b"one"}, manifest=Manifest((good.files[0], replace(good.files[1], size=2)))
    )
    hold(payloads, made)
    with pytest.raises((InvalidPackage, DigestMismatch)):
        payloads.unpack(made.name, silent)
    assert files_in(state / "content") == []


def test_a_volume_of_another_size_than_signed_is_not_opened(payloads: FilePayloads) -> None:
    made = package()
    hold(payloads, made)
    (name,) = made.volumes
    path = payloads.volume(made.name, name)
    path.write_bytes(made.volumes[name] + b"x")
    with pytest.raises(InvalidPackage, match="signed are"):
        payloads.unpack(made.name, silent)
    path.unlink()
    with pytest.raises(InvalidPackage, match="not here"):
        payloads.unpack(made.name, silent)


def test_too_little_room_is_said_before_anything_is_written(state: Path) -> None:
    made = package()
    payloads = FilePayloads(state, free_bytes=lambda _folder: SPARE_BYTES + 10)
    hold(payloads, made)
    seen: list[int] = []
    with pytest.raises(NoSpace, match=made.name) as caught:
        payloads.unpack(made.name, lambda done, _of: seen.append(done))
    assert seen == []
    assert "bytes more" in caught.value.hint
    assert files_in(state / "content") == []


def test_a_failure_keeps_what_was_here_before(payloads: FilePayloads) -> None:
    first = package(content={"a": b"shared"})
    unpacked(payloads, first)
    broken = package("1.2311.0.6", content={"a": b"shared", "b": b"b"}, volumes=[carrier({"a": b"shared"})])
    hold(payloads, broken)
    with pytest.raises(InvalidPackage, match="lack b"):
        payloads.unpack(broken.name, silent)
    assert payloads.missing_content(first.name) == []


class TestDiscarding:
    def test_volumes_and_content_go_and_documents_stay(self, payloads: FilePayloads, state: Path) -> None:
        made = package()
        unpacked(payloads, made)
        payloads.discard(made.name)
        assert payloads.metadata(made.name) == made.metadata
        assert files_in(state / "content") == []
        assert not (state / "packages" / made.name / "volumes").exists()
        payloads.discard(made.name)

    def test_content_that_another_package_names_stays(self, payloads: FilePayloads) -> None:
        first = package(content={"a": b"shared", "b": b"own"})
        second = package("1.2311.0.6", content={"a": b"shared"})
        unpacked(payloads, first)
        unpacked(payloads, second)
        payloads.discard(first.name)
        assert payloads.missing_content(second.name) == []
        assert [file.path for file in payloads.missing_content(first.name)] == ["b"]
        payloads.discard(second.name)
        assert [file.path for file in payloads.missing_content(first.name)] == ["a", "b"]

    def test_a_discarded_package_can_come_back(self, payloads: FilePayloads) -> None:
        made, other = package(), package("1.2311.0.6")
        unpacked(payloads, made)
        payloads.discard(made.name)
        unpacked(payloads, made)
        hold(payloads, other)
        payloads.discard(other.name)
        assert payloads.missing_content(made.name) == []

    def test_an_unknown_one_is_no_harm(self, payloads: FilePayloads) -> None:
        payloads.discard("Nothing")


def test_errors_of_the_machine_are_said_as_pitstops() -> None:
    with pytest.raises(NoSpace, match=r"cannot be kept: .*\(/x\)"), translated("it cannot be kept"):
        raise OSError(errno.ENOSPC, "No space left on device", "/x")
    with pytest.raises(StateUnusable, match="Permission"), translated("it cannot be kept"):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_state_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("x")
    with pytest.raises(StateUnusable, match="state"):
        FilePayloads(tmp_path / "state")
