"""A server that cuts, stalls and corrupts: the download ends right, and fetches little more than it needs."""

from __future__ import annotations

import random
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from pitstop.model.errors import DigestMismatch, InvalidPackage, Unreachable
from pitstop.package.pieces import PIECE, pieces_of, pieces_size, read_pieces
from pitstop.transport.feeds import TufFeeds
from transport.http_site import Answering, Trouble, answers
from transport.polled import Polled, link_for_tests
from transport.repository import PACKAGE, VOLUME

SIZE = 32 * PIECE * 4 + 12_345
SILENCE = 1.5
"""Seconds. Far longer than a machine with much to do lets a thread wait: what it then throws away of what was
sent would be counted as fetched twice."""
CONTENT = random.Random(5).randbytes(SIZE)
AT = f"targets/packages/{PACKAGE}/{VOLUME}"
LIST = pieces_of(BytesIO(CONTENT))


@pytest.fixture
def site(polled: Polled) -> Polled:
    """A volume with its list of pieces."""
    polled.repository.add_package({VOLUME: CONTENT, f"{VOLUME}.pieces": LIST})
    polled.repository.publish()
    return polled


def fetched(site: Polled, to: Path) -> bytes:
    link = replace(link_for_tests(site.waits), tries=5, silence=SILENCE, worthwhile=PIECE)
    feed = TufFeeds(site.folder, link=link).open(site.source)
    feed.poll()
    site.site.asked.clear()
    feed.fetch_volume(PACKAGE, VOLUME, to, lambda _done, _of: None)
    return to.read_bytes()


def sent(site: Polled) -> int:
    return sum(asked.sent for asked in site.site.asked)


def weak(seed: int) -> Trouble:
    """Of each answer, by chance: it is cut off, it stalls, some of its bytes are wrong, or it is well."""
    chance = random.Random(seed)

    def trouble(answering: Answering) -> bool:
        whole = answering.site.files[AT]
        asked = answering.asked
        body = bytearray(whole[asked.start or 0 : asked.stop])
        ends = min(len(body), chance.randrange(1_000_000, 9_000_000))
        for at in [ends // 2] if chance.random() < 0.2 else []:
            body[at] ^= 0x40
        begin(answering, len(whole), len(body))
        answering.send(bytes(body[:ends]))
        if ends < len(body):
            if chance.random() < 0.3:
                answering.site.over.wait(SILENCE + 0.5)
            answering.close_connection = True
        return True

    return trouble


def begin(answering: Answering, whole: int, length: int) -> None:
    start = answering.asked.start
    answering.send_response(200 if start is None else 206)
    if start is not None:
        answering.send_header("Content-Range", f"bytes {start}-{start + length - 1}/{whole}")
    answering.send_header("Content-Length", str(length))
    answering.end_headers()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_download_over_a_weak_link_ends_right_and_costs_at_most_5_percent_more(
    site: Polled, tmp_path: Path, seed: int
) -> None:
    site.site.troubles[AT] = weak(seed)
    assert fetched(site, tmp_path / VOLUME) == CONTENT
    assert len(site.site.asked) > 5
    assert sent(site) <= SIZE * 1.05


def test_a_piece_that_came_wrong_is_fetched_again_alone(site: Polled, tmp_path: Path) -> None:
    wrong = bytearray(CONTENT)
    places = [0, 40 * PIECE + 17, SIZE - 1]
    for place in places:
        wrong[place] ^= 1

    def once(answering: Answering) -> bool:
        del site.site.troubles[AT]
        answering.give(bytes(wrong))
        return True

    site.site.troubles[AT] = once
    assert fetched(site, tmp_path / VOLUME) == CONTENT
    again = [(asked.start, asked.stop) for asked in site.site.asked[2:]]
    assert again == [(0, PIECE), (40 * PIECE, 41 * PIECE), (SIZE // PIECE * PIECE, SIZE)]


def test_what_a_crash_left_wrong_is_mended_and_the_rest_is_kept(site: Polled, tmp_path: Path) -> None:
    import hashlib  # noqa: PLC0415  only here

    part = tmp_path / f"{VOLUME}.{hashlib.sha256(CONTENT).hexdigest()[:16]}.part"
    part.write_bytes(CONTENT[: 10 * PIECE] + bytes(2 * PIECE) + CONTENT[12 * PIECE : 100 * PIECE + 99])
    assert fetched(site, tmp_path / VOLUME) == CONTENT
    assert sent(site) == SIZE - (100 * PIECE + 99) + 2 * PIECE + len(LIST)


def test_a_piece_that_stays_wrong_is_said_and_the_others_are_kept(site: Polled, tmp_path: Path) -> None:
    wrong = bytearray(CONTENT)
    wrong[7 * PIECE] ^= 1
    site.site.files[AT] = bytes(wrong)
    with pytest.raises(DigestMismatch, match=f"the piece at byte {7 * PIECE} "):
        fetched(site, tmp_path / VOLUME)
    assert not (tmp_path / VOLUME).exists()
    site.site.files[AT] = CONTENT
    assert fetched(site, tmp_path / VOLUME) == CONTENT
    assert sent(site) == PIECE + len(LIST)


def test_another_file_in_the_place_is_noticed_soon(site: Polled, tmp_path: Path) -> None:
    site.site.files[AT] = random.Random(6).randbytes(SIZE)
    with pytest.raises(DigestMismatch, match="is not the file that was signed"):
        fetched(site, tmp_path / VOLUME)
    assert list(tmp_path.glob(f"{VOLUME}*")) == []


def test_a_server_without_ranges_still_serves(site: Polled, tmp_path: Path) -> None:
    site.site.ranges = False
    wrong = bytearray(CONTENT)
    wrong[7 * PIECE] ^= 1

    def once(answering: Answering) -> bool:
        del site.site.troubles[AT]
        answering.give(bytes(wrong))
        return True

    site.site.troubles[AT] = once
    assert fetched(site, tmp_path / VOLUME) == CONTENT


@pytest.mark.parametrize("ill", ["missing", "wrong", "of another file"])
def test_without_a_good_list_the_download_ends_right_all_the_same(
    site: Polled, tmp_path: Path, ill: str
) -> None:
    if ill == "missing":
        del site.site.files[f"{AT}.pieces"]
    elif ill == "wrong":
        site.site.files[f"{AT}.pieces"] = bytes(len(LIST))
    else:
        site.repository.add_package({f"{VOLUME}.pieces": LIST[32:]})
        site.repository.publish()
    assert fetched(site, tmp_path / VOLUME) == CONTENT


def test_a_server_that_never_mends_ends_as_unreachable_with_what_came_kept(
    site: Polled, tmp_path: Path
) -> None:
    def cut_then_ill(answering: Answering) -> bool:
        site.site.troubles[AT] = answers(503)
        answering.give(CONTENT, cut_after=5_000_000)
        return True

    site.site.troubles[AT] = cut_then_ill
    with pytest.raises(Unreachable, match="503"):
        fetched(site, tmp_path / VOLUME)
    (part,) = tmp_path.glob(f"{VOLUME}.*.part")
    assert part.stat().st_size == 5_000_000


def test_a_list_is_as_long_as_its_file_needs() -> None:
    assert read_pieces(LIST, SIZE).count == 129
    assert pieces_size(SIZE) == len(LIST) == 129 * 32
    for size in (SIZE + PIECE, SIZE - PIECE):
        with pytest.raises(InvalidPackage, match="a list of pieces"):
            read_pieces(LIST, size)
