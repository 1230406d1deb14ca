"""Volumes: resumed, checked, and at their destination whole or not at all. Over HTTP and from a folder."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pitstop.model.errors import DigestMismatch, InvalidInput, NoSpace, TrustError, Unreachable
from pitstop.transport.feed import TufFeed
from pitstop.transport.feeds import TufFeeds
from transport.http_site import Trouble, answers, cuts, drips, never_ends, stalls
from transport.polled import Polled, link_for_tests
from transport.repository import PACKAGE, VOLUME

SIZE = 1_000_000
CONTENT = random.Random(7).randbytes(SIZE)
AT = f"targets/packages/{PACKAGE}/{VOLUME}"


@pytest.fixture
def with_volume(polled: Polled) -> Polled:
    polled.repository.add_package({VOLUME: CONTENT})
    polled.repository.publish()
    return polled


@pytest.fixture(params=["http", "file"])
def feed(request: pytest.FixtureRequest, with_volume: Polled, tmp_path: Path) -> TufFeed:
    if request.param == "http":
        return with_volume.feed()
    with_volume.repository.lay_out(tmp_path / "medium")
    return with_volume.over_folder(tmp_path / "medium")


@pytest.fixture
def to(tmp_path: Path) -> Path:
    folder = tmp_path / "payloads"
    folder.mkdir()
    return folder / VOLUME


def quiet(_done: int, _of: int) -> None:
    """Nobody watches."""


def fetched(feed: TufFeed, to: Path) -> None:
    feed.fetch_volume(PACKAGE, VOLUME, to, quiet)


def arrived(to: Path) -> list[str]:
    """What lies in the destination's folder."""
    return sorted(path.name for path in to.parent.iterdir())


def part_of(to: Path) -> Path:
    return to.with_name(f"{VOLUME}.{hashlib.sha256(CONTENT).hexdigest()[:16]}.part")


# --- by wire and from a folder alike


def test_a_volume_arrives_whole_and_progress_is_told(feed: TufFeed, to: Path) -> None:
    told: list[tuple[int, int]] = []
    feed.fetch_volume(PACKAGE, VOLUME, to, lambda done, of: told.append((done, of)))
    assert to.read_bytes() == CONTENT
    assert arrived(to) == [VOLUME]
    assert told[0] == (0, SIZE)
    assert told[-1] == (SIZE, SIZE)
    assert told == sorted(told)


def test_what_has_arrived_before_is_not_fetched_again(feed: TufFeed, to: Path) -> None:
    part_of(to).write_bytes(CONTENT[:700_000])
    told: list[int] = []
    feed.fetch_volume(PACKAGE, VOLUME, to, lambda done, _of: told.append(done))
    assert to.read_bytes() == CONTENT
    assert told[0] == 700_000


def test_a_part_that_suffered_is_fetched_once_more_from_the_beginning(feed: TufFeed, to: Path) -> None:
    part_of(to).write_bytes(b"\0" * 700_000)
    fetched(feed, to)
    assert to.read_bytes() == CONTENT
    assert arrived(to) == [VOLUME]


@pytest.mark.parametrize("length", [SIZE, SIZE + 5])
def test_a_part_as_long_as_the_file_is_checked_too(feed: TufFeed, to: Path, length: int) -> None:
    part_of(to).write_bytes(b"\0" * length)
    fetched(feed, to)
    assert to.read_bytes() == CONTENT


def test_parts_of_other_versions_are_removed(feed: TufFeed, to: Path) -> None:
    to.with_name(f"{VOLUME}.0123456789abcdef.part").write_bytes(b"old")
    to.with_name("another.zip.0123456789abcdef.part").write_bytes(b"not mine")
    fetched(feed, to)
    assert arrived(to) == [VOLUME, "another.zip.0123456789abcdef.part"]


def test_a_destination_that_holds_already_is_left(feed: TufFeed, to: Path) -> None:
    to.write_bytes(CONTENT)
    before = to.stat().st_mtime_ns
    fetched(feed, to)
    assert (to.stat().st_mtime_ns, arrived(to)) == (before, [VOLUME])


def test_a_destination_that_does_not_hold_is_replaced(feed: TufFeed, to: Path) -> None:
    to.write_bytes(b"x" * SIZE)
    fetched(feed, to)
    assert to.read_bytes() == CONTENT


def test_a_link_at_the_destination_is_not_followed(feed: TufFeed, to: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    to.symlink_to(tmp_path / "precious")
    fetched(feed, to)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert to.read_bytes() == CONTENT
    assert not to.is_symlink()


def test_fetches_at_the_same_time_do_not_disturb_each_other(feed: TufFeed, to: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fetched(feed, to), range(4)))
    assert to.read_bytes() == CONTENT
    assert arrived(to) == [VOLUME]


def test_whoever_watches_may_end_it_and_what_arrived_is_kept(feed: TufFeed, to: Path) -> None:
    class Enough(Exception):
        pass

    def enough(done: int, _of: int) -> None:
        if done > 300_000:
            raise Enough

    with pytest.raises(Enough):
        feed.fetch_volume(PACKAGE, VOLUME, to, enough)
    assert not to.exists()
    assert part_of(to).stat().st_size > 300_000
    fetched(feed, to)
    assert to.read_bytes() == CONTENT


def test_names_that_could_lead_elsewhere_are_refused(with_volume: Polled, to: Path) -> None:
    feed = with_volume.feed()
    for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\0b", "a\n", "ä"]:
        with pytest.raises(InvalidInput):
            feed.fetch_volume(PACKAGE, name, to, quiet)
        with pytest.raises(InvalidInput):
            feed.document(name, "plan.json")
    assert with_volume.site.asked == []


def test_a_volume_that_nobody_signed_is_refused(feed: TufFeed, to: Path) -> None:
    with pytest.raises(TrustError, match="is not signed"):
        feed.fetch_volume(PACKAGE, f"{PACKAGE}-2.zip", to, quiet)
    assert arrived(to) == []


def test_without_room_nothing_is_written(with_volume: Polled, to: Path) -> None:
    feeds = TufFeeds(with_volume.folder, link=link_for_tests([]), free=lambda _folder: 1_000_000)
    with pytest.raises(NoSpace, match=f"{VOLUME} needs .* and 1000000 are free") as refused:
        fetched(feeds.open(with_volume.source), to)
    assert "Free 33554432 bytes" in refused.value.hint
    assert arrived(to) == []
    assert AT not in with_volume.site.paths()


def test_what_is_here_already_needs_no_room(with_volume: Polled, to: Path) -> None:
    part_of(to).write_bytes(CONTENT[:-10])
    feeds = TufFeeds(with_volume.folder, link=link_for_tests([]), free=lambda _folder: (32 << 20) + 10)
    fetched(feeds.open(with_volume.source), to)
    assert to.read_bytes() == CONTENT


# --- what is wrong with the file


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (bytes([CONTENT[0] ^ 1]) + CONTENT[1:], "SHA-256 differs"),
        (CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), "SHA-256 differs"),
        (CONTENT + b"x", "has 1000001 bytes at the site, and 1000000 bytes were signed"),
        (CONTENT[:-1], "has 999999 bytes at the site"),
        (b"", "has 0 bytes at the site"),
    ],
    ids=["first byte", "last byte", "longer", "shorter", "empty"],
)
def test_a_changed_volume_is_refused_and_not_there(
    with_volume: Polled, to: Path, tmp_path: Path, given: bytes, message: str
) -> None:
    to.write_bytes(b"what was here before")
    with_volume.site.files[AT] = given
    with pytest.raises(DigestMismatch, match=message):
        fetched(with_volume.feed(), to)
    assert arrived(to) == []
    with_volume.repository.lay_out(tmp_path / "medium")
    with pytest.raises(DigestMismatch, match=message):
        fetched(with_volume.over_folder(tmp_path / "medium"), to)
    assert arrived(to) == []


def test_a_volume_that_goes_back_to_right_is_taken(with_volume: Polled, to: Path) -> None:
    with_volume.site.files[AT] = CONTENT[:-1] + b"x"
    with pytest.raises(DigestMismatch):
        fetched(with_volume.feed(), to)
    with_volume.site.files[AT] = CONTENT
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == CONTENT


def test_a_volume_without_end_is_broken_off(with_volume: Polled, to: Path) -> None:
    with_volume.site.troubles[AT] = never_ends
    with pytest.raises(DigestMismatch, match="longer than the 1000000 bytes"):
        fetched(with_volume.feed(), to)
    assert arrived(to) == []


def test_a_missing_volume_is_unreachable(with_volume: Polled, to: Path) -> None:
    del with_volume.site.files[AT]
    with pytest.raises(Unreachable, match=rf"{VOLUME} is not there \(status 404\)"):
        fetched(with_volume.feed(), to)
    assert arrived(to) == []


# --- what is wrong with the link


def test_after_a_break_only_the_rest_is_fetched(with_volume: Polled, to: Path) -> None:
    with_volume.site.troubles[AT] = cuts(times=2, after=300_000)
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == CONTENT
    asked = [asked for asked in with_volume.site.asked if asked.path == AT]
    assert [request.start for request in asked] == [None, 300_000, 600_000]
    assert sum(request.sent for request in asked) == SIZE


def test_a_link_that_brings_something_each_time_is_not_given_up(with_volume: Polled, to: Path) -> None:
    with_volume.site.troubles[AT] = cuts(times=9, after=100_000)
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == CONTENT
    assert with_volume.waits == [1.0] * 9


def test_when_the_tries_are_used_up_what_arrived_is_kept(with_volume: Polled, to: Path) -> None:
    with_volume.site.troubles[AT] = cuts(times=1, after=400_000)
    feed = with_volume.feed()
    feed.poll()

    def then_ill(done: int, _of: int) -> None:
        if done == 400_000:
            with_volume.site.troubles[AT] = answers(503)

    with pytest.raises(Unreachable, match="503"):
        feed.fetch_volume(PACKAGE, VOLUME, to, then_ill)
    assert arrived(to) == [part_of(to).name]
    with_volume.site.troubles.clear()
    with_volume.site.asked.clear()
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == CONTENT
    assert [asked.start for asked in with_volume.site.asked if asked.path == AT] == [400_000]


def test_a_server_without_ranges_is_asked_for_the_whole_again(with_volume: Polled, to: Path) -> None:
    with_volume.site.ranges = False
    with_volume.site.troubles[AT] = cuts(times=1, after=300_000)
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == CONTENT


def test_a_server_that_refuses_the_range_is_asked_for_the_whole(with_volume: Polled, to: Path) -> None:
    part_of(to).write_bytes(CONTENT[:300_000])
    with_volume.site.troubles[AT] = answers(416, times=1)
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == CONTENT


@pytest.mark.parametrize("trouble", [stalls, drips, answers(500)], ids=["stalls", "drips", "500"])
def test_a_server_that_stays_ill_ends_as_unreachable(with_volume: Polled, to: Path, trouble: Trouble) -> None:
    with_volume.site.troubles[AT] = trouble
    with pytest.raises(Unreachable):
        fetched(with_volume.impatient_feed(), to)
    assert not to.exists()
    assert with_volume.site.paths().count(AT) == 2


def test_another_version_does_not_mix_with_what_arrived(with_volume: Polled, to: Path) -> None:
    """The publisher signs another volume while half of the first is here."""
    part_of(to).write_bytes(CONTENT[:500_000])
    newer = random.Random(8).randbytes(SIZE)
    with_volume.repository.add_package({VOLUME: newer})
    with_volume.repository.publish()
    fetched(with_volume.feed(), to)
    assert to.read_bytes() == newer
    assert arrived(to) == [VOLUME]


def test_a_volume_that_is_not_signed_with_sha256_is_refused(with_volume: Polled, to: Path) -> None:
    target = with_volume.repository.targets.targets[f"packages/{PACKAGE}/{VOLUME}"]
    target.hashes = {"sha512": hashlib.sha512(CONTENT).hexdigest()}
    with_volume.repository.publish()
    with pytest.raises(TrustError, match="without a SHA-256"):
        fetched(with_volume.feed(), to)
