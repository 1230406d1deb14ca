"""The watched bucket, a real S3 store and a folder: what is put there is imported once it stands still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import obstore
import pytest
from obstore.store import from_url

from pitstop.model.errors import Conflict, InvalidInput, NoSpace, Unreachable
from pitstop.ports.buckets import Bucket, BucketFile
from pitstop.service.bucket_watch import LOOSE, BucketWatch, grouped
from pitstop.transport.bucket import ObjectBucket
from pitstop.wire.views import ImportView
from simulators.s3_store import s3_store
from transfers.conftest import Pitstop, Sites
from transfers.publishers import Publisher, platform
from transfers.system import OPERATOR, System, system
from transfers.test_import import volumes_of
from transport.polled import link_for_tests

FULL = "Northstar1.2402.0.8"
HOTFIX = "Northstar1.2402.1.20"
URL = "s3://inbox/rack"


@dataclass
class Inbox:
    """A bucket that a test puts things into, as it is put into by others, and as Pitstop sees it."""

    url: str
    options: Mapping[str, str]

    @property
    def bucket(self) -> ObjectBucket:
        return ObjectBucket(self.url, self.options, link_for_tests([]))

    def put(self, name: str, content: bytes) -> None:
        obstore.put(self._store(), name, content)

    def put_all(self, files: Mapping[str, bytes], below: str) -> None:
        for name, content in files.items():
            self.put(f"{below}/{name}", content)

    def remove(self, below: str) -> None:
        names = [file.name for file in self.bucket.files() if file.name.startswith(below)]
        obstore.delete(self._store(), names)

    def _store(self) -> obstore.store.ObjectStore:
        if self.url.startswith("file:"):
            return from_url(self.url)
        link = {"allow_http": True}
        return from_url(self.url, client_options=link, **self.options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="module")
def s3() -> Iterator[Mapping[str, str]]:
    """What a client of the S3 store on loopback is told."""
    with s3_store("inbox") as options:
        yield options


@pytest.fixture(params=["s3", "folder"])
def inbox(request: pytest.FixtureRequest, s3: Mapping[str, str], tmp_path: Path) -> Inbox:
    """Empty, one of each kind."""
    if request.param == "folder":
        (tmp_path / "inbox").mkdir()
        return Inbox((tmp_path / "inbox").as_uri(), {})
    return Inbox(f"{URL}/{tmp_path.name}", s3)


@pytest.fixture
def publisher() -> Publisher:
    return platform()


@pytest.fixture
def rack(publisher: Publisher, tmp_path: Path) -> Iterator[System]:
    with system(tmp_path / "state", [publisher]) as made:
        yield made


@dataclass
class Looking:
    """Looks one after the other."""

    rack: System
    bucket: Bucket
    marks: Mapping[str, str] = field(default_factory=dict)

    def look(self, times: int = 1) -> tuple[ImportView, ...]:
        """Look; the imports that there are then."""
        watch = BucketWatch(self.bucket, "the inbox", self.rack.imports)
        for _ in range(times):
            self.marks = watch.look(self.marks)
        return self.rack.imports.list(OPERATOR)


@dataclass
class BreaksOff:
    """A bucket whose link breaks after so many bytes of all, until ``mended``."""

    inner: Bucket
    left: int
    read_bytes: int = 0
    starts: list[int] = field(default_factory=list)

    def files(self) -> list[BucketFile]:
        return list(self.inner.files())

    def read(self, file: BucketFile, start: int) -> Iterator[bytes]:
        self.starts.append(start)
        for chunk in self.inner.read(file, start):
            at = 0
            while at < len(chunk):
                if self.left <= 0:
                    raise Unreachable("the link broke")
                part = chunk[at : at + min(1000, self.left)]
                self.left -= len(part)
                self.read_bytes += len(part)
                at += len(part)
                yield part


# --- the bucket itself


def test_files_are_listed_and_read_from_where_one_stands(inbox: Inbox) -> None:
    assert inbox.bucket.files() == []
    inbox.put("usb/b.bin", bytes(range(256)) * 10_000)
    inbox.put("a.zip", b"")
    listed = inbox.bucket.files()
    assert [(file.name, file.size) for file in listed] == [("a.zip", 0), ("usb/b.bin", 2_560_000)]
    assert b"".join(inbox.bucket.read(listed[1], 2_559_999)) == b"\xff"
    assert b"".join(inbox.bucket.read(listed[1], 0)) == bytes(range(256)) * 10_000
    assert list(inbox.bucket.read(listed[0], 0)) == []


def test_a_file_that_was_changed_meanwhile_is_not_mixed_with_its_former_self(inbox: Inbox) -> None:
    inbox.put("a", b"before")
    (file,) = inbox.bucket.files()
    inbox.put("a", b"after!")
    with pytest.raises(Conflict, match="another file there"):
        list(inbox.bucket.read(file, 3))


def test_a_file_that_is_gone_is_said(inbox: Inbox) -> None:
    inbox.put("a", b"before")
    (file,) = inbox.bucket.files()
    inbox.remove("a")
    with pytest.raises(Unreachable, match="cannot be read"):
        list(inbox.bucket.read(file, 0))


@pytest.mark.parametrize("url", ["nowhere", "ftp://x/y", "s3://"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(InvalidInput, match="import_bucket"):
        ObjectBucket(url, {}, link_for_tests([]))


def test_a_bucket_that_is_not_there_is_unreachable(s3: Mapping[str, str]) -> None:
    with pytest.raises(Unreachable, match="cannot be read"):
        ObjectBucket("s3://nowhere/x", s3, link_for_tests([])).files()


def test_what_makes_an_import_together() -> None:
    names = ["Metadata.xml", "a.bin", "usb/m/x", "usb/y", "t-1-of-2.zip", "t-2-of-2.zip", ".hidden", ".h/x"]
    things = grouped([BucketFile(name, 1, "") for name in names])
    assert {name: [file.name for file in files] for name, files in things.items()} == {
        LOOSE: ["Metadata.xml", "a.bin"],
        "usb": ["usb/m/x", "usb/y"],
        "t-1-of-2.zip": ["t-1-of-2.zip"],
        "t-2-of-2.zip": ["t-2-of-2.zip"],
    }


# --- watching


def test_what_is_put_there_is_imported_once_it_stands_still(
    inbox: Inbox, rack: System, publisher: Publisher
) -> None:
    looking = Looking(rack, inbox.bucket)
    inbox.put_all(publisher.repository.for_media(), "usb")
    assert looking.look() == ()
    inbox.put("usb/late", b"still coming")
    assert looking.look() == ()
    (item,) = looking.look()
    assert (item.name, item.handed, item.by, item.state) == ("usb", "bucket", "pitstop", "succeeded")
    assert rack.whole(FULL)
    assert not item.kept
    assert not list((rack.folder / "imports").rglob("*.zip"))
    assert looking.look(2) == (item,)
    inbox.remove("usb")
    assert looking.look() == ()


def test_volumes_are_imported_one_by_one_in_the_order_in_which_they_come(
    inbox: Inbox, sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    with system(tmp_path / "rack", [sites.platform]) as made:
        volumes = volumes_of(sites, pitstop, tmp_path / "out")[::-1]
        assert len(volumes) > 2
        looking = Looking(made, inbox.bucket)
        for number, volume in enumerate(volumes, start=1):
            inbox.put(volume.name, volume.read_bytes())
            items = looking.look(2)
            assert len(items) == number
            assert items[0].state == "succeeded"
        assert made.whole(FULL)


def test_loose_files_at_the_top_are_one_import(inbox: Inbox, rack: System, publisher: Publisher) -> None:
    looking = Looking(rack, inbox.bucket)
    files = publisher.repository.for_media()
    inbox.put_all({name: raw for name, raw in files.items() if name.startswith("metadata/")}, "news")
    inbox.put_all({name: raw for name, raw in files.items() if name.startswith("targets/catalogue/")}, "news")
    looking.look(2)
    for name, content in publisher.packages[HOTFIX].files.items():
        inbox.put(name, content)
    item = looking.look(2)[0]
    assert (item.name, item.state) == (LOOSE, "succeeded")
    assert rack.whole(HOTFIX)


def test_after_a_break_it_goes_on_where_it_was(inbox: Inbox, rack: System, publisher: Publisher) -> None:
    files = publisher.repository.for_media()
    whole = sum(map(len, files.values()))
    inbox.put_all(files, "usb")
    weak = BreaksOff(inbox.bucket, left=whole // 2)
    looking = Looking(rack, weak)
    (item,) = looking.look(2)
    assert item.state == "receiving"
    assert 0 < sum(file.received for file in item.files) < whole
    (alert,) = rack.stored.alerts.alerts(active_only=True)
    assert alert.finding.code == "unreachable"
    rack.clock.ahead = rack.clock.ahead.__class__(days=5)
    rack.imports.tidy()
    weak.left = 2 * whole
    (ended,) = looking.look()
    assert (ended.id, ended.state) == (item.id, "succeeded")
    assert weak.read_bytes == whole
    assert rack.stored.alerts.alerts(active_only=True) == []
    assert max(weak.starts) > 0


def test_a_file_of_which_less_comes_than_was_listed_is_not_imported(rack: System) -> None:
    class Short:
        def files(self) -> list[BucketFile]:
            return [BucketFile("usb/a.zip", 10, "x")]

        def read(self, file: BucketFile, start: int) -> Iterator[bytes]:
            del file, start
            yield b"half"

    (item,) = Looking(rack, Short()).look(2)
    assert (item.state, item.files[0].received) == ("receiving", 4)
    (alert,) = rack.stored.alerts.alerts(active_only=True)
    assert "ended after 4 of 10 bytes" in alert.finding.what


def test_what_is_refused_is_an_alert_and_is_not_fetched_again(
    inbox: Inbox, rack: System, publisher: Publisher
) -> None:
    files = publisher.repository.for_media()
    files["metadata/timestamp.json"] = b"{}"
    inbox.put_all(files, "usb")
    counted = BreaksOff(inbox.bucket, left=1 << 30)
    looking = Looking(rack, counted)
    (item,) = looking.look(2)
    assert item.state == "failed"
    assert [alert.finding.code for alert in rack.stored.alerts.alerts(active_only=True)] == ["not-trusted"]
    before = counted.read_bytes
    looking.look(3)
    assert counted.read_bytes == before


def test_names_that_lead_elsewhere_are_refused(rack: System) -> None:
    class Hostile:
        def files(self) -> list[BucketFile]:
            return [BucketFile("usb/../../harm", 4, "x")]

        def read(self, file: BucketFile, start: int) -> Iterator[bytes]:
            raise AssertionError(f"{file} is read from {start}")

    assert Looking(rack, Hostile()).look(3) == ()
    (alert,) = rack.stored.alerts.alerts(active_only=True)
    assert alert.finding.code == InvalidInput.code
    assert not list(rack.folder.parent.rglob("harm"))


def test_what_does_not_fit_is_said_before_the_first_byte_and_taken_when_there_is_room(
    inbox: Inbox, publisher: Publisher, tmp_path: Path
) -> None:
    room = [1000]
    with system(tmp_path / "small", [publisher], free=lambda _folder: room[0]) as rack:
        inbox.put_all(publisher.repository.for_media(), "usb")
        counted = BreaksOff(inbox.bucket, left=1 << 30)
        looking = Looking(rack, counted)
        assert looking.look(3) == ()
        assert counted.read_bytes == 0
        (alert,) = rack.stored.alerts.alerts(active_only=True)
        assert alert.finding.code == NoSpace.code
        room[0] = 1 << 40
        (item,) = looking.look()
        assert item.state == "succeeded"


def test_another_thing_of_the_same_name_is_imported_anew(
    inbox: Inbox, rack: System, publisher: Publisher
) -> None:
    looking = Looking(rack, inbox.bucket)
    inbox.put_all(publisher.repository.for_media(), "usb")
    (first,) = looking.look(2)
    inbox.put("usb/another", b"file")
    assert looking.look() == ()
    (second,) = looking.look()
    assert second.id != first.id
    assert second.state == "succeeded"
